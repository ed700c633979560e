"""Rerank servers on loopback, each speaking its vendor's published format as strictly as the vendor does.

The score of a passage is the share of the question's words that it holds, so a test can tell what is right without a
model. Results come best first, as all of them send them. `faults` are answers that are given once, before any other.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "key-that-nobody-may-see"


@dataclass
class Fault:
    """One answer: `body` as JSON, or as bytes; `close` breaks the connection off instead."""

    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Refuse(Exception):
    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


Answer = Callable[[Asked], Any]


@dataclass
class Server:
    url: str
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    change: Callable[[Any], Any] = lambda body: body

    @property
    def posts(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST"]


def overlap(question: str, text: str) -> float:
    """0..1; what the servers score by."""
    words = re.findall(r"\w+", question.casefold())
    held = set(re.findall(r"\w+", text.casefold()))
    return sum(word in held for word in words) / len(words)


def ranked(question: str, texts: list[str], name: str, top: int | None = None, **more: Any) -> list[dict[str, Any]]:
    rows = [{"index": i, name: overlap(question, text)} | more for i, text in enumerate(texts)]
    return sorted(rows, key=lambda row: -row[name])[:top]


@contextmanager
def running(answers: dict[str, Answer]) -> Iterator[Server]:
    """A server whose `answers` are by "POST /path"; anything else is 404."""
    server = Server(url="")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply("GET")

        def do_POST(self) -> None:
            self.reply("POST")

        def reply(self, method: str) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.casefold(): value for name, value in self.headers.items()}
            asked = Asked(method=method, path=self.path, headers=headers, body=json.loads(raw) if raw else None)
            server.asked.append(asked)
            if server.faults and method == "POST":
                fault = server.faults.pop(0)
                if fault.close:
                    self.close_connection = True
                    self.connection.close()
                    return
                return self.send(fault.status, fault.body, fault.headers)
            answer = answers.get(f"{method} {self.path}")
            if answer is None:
                return self.send(404, b"404 page not found", {"Content-Type": "text/plain"})
            try:
                self.send(200, server.change(answer(asked)) if method == "POST" else answer(asked), {})
            except Refuse as refusal:
                self.send(refusal.status, refusal.body, {})

        def send(self, status: int, body: Any, headers: dict[str, str]) -> None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a connection that a test broke off

    http = Quiet(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def bearer(asked: Asked, refusal: Any) -> None:
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        raise Refuse(401, refusal)


def fields(asked: Asked, refusal: Callable[[str], Any], needed: dict[str, type], allowed: dict[str, type]) -> None:
    """Every needed field of its type, and none that the vendor's reference does not name."""
    body = asked.body if isinstance(asked.body, dict) else {}
    for name, kind in needed.items():
        if not isinstance(body.get(name), kind):
            raise Refuse(422 if refusal("") == {"detail": []} else 400, refusal(f"{name} is required"))
    known = needed | allowed
    for name, value in body.items():
        if name not in known or not isinstance(value, known[name]):
            raise Refuse(400, refusal(f"unknown or wrong: {name}"))


def cohere(asked: Asked) -> Any:
    """https://docs.cohere.com/reference/rerank, and the types of the `cohere` package 7.3."""

    def refusal(message: str) -> dict[str, str]:
        return {"id": "f1", "message": message}

    bearer(asked, refusal(f"invalid api token {asked.headers.get('authorization')}"))
    needed = {"model": str, "query": str, "documents": list}
    fields(asked, refusal, needed, {"top_n": int, "max_tokens_per_doc": int})
    body = asked.body
    if not body["model"].startswith("rerank-"):
        raise Refuse(404, refusal(f"model '{body['model']}' not found"))
    if not all(isinstance(text, str) for text in body["documents"]):
        raise Refuse(400, refusal("documents must be strings"))
    return {
        "id": "07734bd2-2473-4f07-94e1-0d9f0e6843cf",
        "results": ranked(body["query"], body["documents"], "relevance_score", body.get("top_n")),
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }


def jina(asked: Asked) -> Any:
    """https://api.jina.ai/redoc (rerank)."""
    bearer(asked, {"detail": "Invalid API key"})
    needed = {"model": str, "query": str, "documents": list}
    fields(asked, lambda message: {"detail": message}, needed, {"top_n": int, "return_documents": bool})
    body = asked.body
    return {
        "model": body["model"],
        "object": "list",
        "usage": {"total_tokens": 42},
        "results": ranked(body["query"], body["documents"], "relevance_score", body.get("top_n")),
    }


def voyage(asked: Asked) -> Any:
    """https://docs.voyageai.com/reference/reranker-api."""
    bearer(asked, {"detail": "Provided API key is invalid."})
    allowed = {"top_k": int, "return_documents": bool, "truncation": bool}
    needed = {"model": str, "query": str, "documents": list}
    fields(asked, lambda message: {"detail": message}, needed, allowed)
    body = asked.body
    return {
        "object": "list",
        "data": ranked(body["query"], body["documents"], "relevance_score", body.get("top_k")),
        "model": body["model"],
        "usage": {"total_tokens": 26},
    }


def pinecone(asked: Asked) -> Any:
    """https://docs.pinecone.io/reference/api/latest/inference/rerank."""

    def refusal(message: str) -> dict[str, Any]:
        return {"error": {"code": "INVALID_ARGUMENT", "message": message}, "status": 400}

    if asked.headers.get("api-key") != KEY:
        raise Refuse(401, {"error": {"code": "UNAUTHENTICATED", "message": "Invalid API Key"}, "status": 401})
    if not re.fullmatch(r"\d{4}-\d{2}", asked.headers.get("x-pinecone-api-version", "")):
        raise Refuse(400, refusal("X-Pinecone-Api-Version is required"))
    allowed = {"top_n": int, "return_documents": bool, "rank_fields": list, "parameters": dict}
    fields(asked, refusal, {"model": str, "query": str, "documents": list}, allowed)
    body = asked.body
    if len(body["documents"]) > 100:
        raise Refuse(400, refusal("too many documents: at most 100"))
    name = body.get("rank_fields", ["text"])[0]
    if not all(isinstance(row, dict) and isinstance(row.get(name), str) for row in body["documents"]):
        raise Refuse(400, refusal(f"documents need the field {name}"))
    texts = [row[name] for row in body["documents"]]
    rows = ranked(body["query"], texts, "score", body.get("top_n"))
    if body.get("return_documents", True):
        rows = [row | {"document": body["documents"][row["index"]]} for row in rows]
    return {"model": body["model"], "data": rows, "usage": {"rerank_units": 1}}


def zeroentropy(asked: Asked) -> Any:
    """https://docs.zeroentropy.dev/api-reference/models/rerank, and the types of the `zeroentropy` package."""
    bearer(asked, {"detail": "Invalid API key"})
    needed = {"model": str, "query": str, "documents": list}
    fields(asked, lambda message: {"detail": message}, needed, {"top_n": int, "latency": str})
    body = asked.body
    return {
        "results": ranked(body["query"], body["documents"], "relevance_score", body.get("top_n")),
        "total_bytes": 200,
        "total_tokens": 50,
        "actual_latency_mode": "fast",
        "e2e_latency": 0.1,
        "inference_latency": 0.05,
    }


def mixedbread(asked: Asked) -> Any:
    """https://www.mixedbread.com/api-reference/endpoints/reranking, and the types of the `mixedbread` package."""
    bearer(asked, {"type": "unauthorized", "message": "Invalid API key"})
    allowed = {"top_k": int, "return_input": bool, "rank_fields": list, "rewrite_query": bool}
    needed = {"model": str, "query": str, "input": list}
    fields(asked, lambda message: {"type": "validation_error", "message": message}, needed, allowed)
    body = asked.body
    return {
        "usage": {"prompt_tokens": 60, "total_tokens": 60},
        "model": body["model"],
        "data": ranked(body["query"], body["input"], "score", body.get("top_k"), object="rank_result"),
        "object": "list",
        "top_k": body.get("top_k", 10),
        "return_input": body.get("return_input", False),
    }


VENDOR_ANSWERS: dict[str, dict[str, Answer]] = {
    "cohere": {"POST /v2/rerank": cohere},
    "jina": {"POST /v1/rerank": jina},
    "voyage": {"POST /v1/rerank": voyage},
    "pinecone": {"POST /rerank": pinecone},
    "zeroentropy": {"POST /v1/models/rerank": zeroentropy},
    "mixedbread": {"POST /v1/reranking": mixedbread},
}


def tei(limit: int = 32, model_type: str = "reranker") -> dict[str, Answer]:
    """text-embeddings-inference 1.8: `GET /info`, `POST /rerank`."""

    def rerank(asked: Asked) -> Any:
        body = asked.body
        if model_type != "reranker":
            raise Refuse(424, {"error": "model is not a re-ranker model", "error_type": "Backend"})
        if len(body["texts"]) > limit:
            message = f"batch size {len(body['texts'])} > maximum allowed batch size {limit}"
            raise Refuse(422, {"error": message, "error_type": "Validation"})
        if not body.get("truncate") and any(len(text) > 2000 for text in body["texts"]):
            raise Refuse(413, {"error": "inputs must have less than 512 tokens", "error_type": "Validation"})
        return ranked(body["query"], body["texts"], "score")

    info = {
        "model_id": "BAAI/bge-reranker-base",
        "model_sha": "2cfc18c9415c912f9d8155881c133215df768a70",
        "model_dtype": "float16",
        "model_type": {model_type: {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}},
        "max_client_batch_size": limit,
        "max_input_length": 512,
        "version": "1.8.0",
    }
    return {"GET /info": lambda _: info, "POST /rerank": rerank}


def _jina_like(model: str, field_name: str = "results", **more: Any) -> Answer:
    def rerank(asked: Asked) -> Any:
        body = asked.body
        rows = ranked(body["query"], body["documents"], "relevance_score", body.get("top_n"))
        return {"model": model, "object": "list", "usage": {"prompt_tokens": 9, "total_tokens": 9}, field_name: rows}

    return rerank


def llamacpp(reranking: bool = True) -> dict[str, Answer]:
    """llama-server: tools/server/tests/unit/test_rerank.py and server-common.cpp `format_response_rerank`."""

    def rerank(asked: Asked) -> Any:
        if not reranking:
            error = {"code": 501, "message": "start it with `--reranking`", "type": "not_supported_error"}
            raise Refuse(501, {"error": error})
        if not isinstance(asked.body.get("documents"), list) or not asked.body["documents"]:
            error = {"code": 400, "message": '"documents" must be a non-empty string array', "type": "invalid_request"}
            raise Refuse(400, {"error": error})
        return _jina_like("gpt-3.5-turbo")(asked)

    models = {"object": "list", "data": [{"id": "bge.gguf", "object": "model", "owned_by": "llamacpp", "meta": {}}]}
    return {"GET /v1/models": lambda _: models, "POST /v1/rerank": rerank, "POST /rerank": rerank}


def vllm() -> dict[str, Answer]:
    """vLLM's pooling server: vllm/entrypoints/pooling/score/protocol.py."""

    def rerank(asked: Asked) -> Any:
        body = asked.body
        if body.get("model") not in (None, "BAAI/bge-reranker-v2-m3"):
            error = {"message": f"The model `{body['model']}` does not exist.", "type": "NotFoundError", "code": 404}
            raise Refuse(404, {"error": error})
        rows = ranked(body["query"], body["documents"], "relevance_score", body.get("top_n") or None)
        return {
            "id": "rerank-1",
            "model": body.get("model"),
            "usage": {"total_tokens": 56},
            "results": [row | {"document": {"text": body["documents"][row["index"]]}} for row in rows],
        }

    models = {
        "object": "list",
        "data": [{"id": "BAAI/bge-reranker-v2-m3", "object": "model", "owned_by": "vllm", "root": "/models/bge"}],
    }
    return {"GET /v1/models": lambda _: models, "POST /rerank": rerank, "POST /v1/rerank": rerank}


def infinity(old: bool = False) -> dict[str, Answer]:
    """Infinity: libs/infinity_emb/infinity_emb/fastapi_schemas/pymodels.py; old versions call the list `data`."""
    rows = [
        {"id": "BAAI/bge-small-en-v1.5", "object": "model", "owned_by": "infinity", "capabilities": ["embed"]},
        {"id": "BAAI/bge-reranker-base", "object": "model", "owned_by": "infinity", "capabilities": ["rerank"]},
    ]
    rerank = _jina_like("BAAI/bge-reranker-base", "data" if old else "results")
    return {"GET /models": lambda _: {"data": rows, "object": "list"}, "POST /rerank": rerank}


def xinference() -> dict[str, Answer]:
    """Xinference: `/v1/models` with a model_type, `/v1/rerank` in Cohere's first format."""
    rows = [
        {"id": "qwen", "object": "model", "owned_by": "xinference", "model_type": "LLM"},
        {"id": "bge-reranker", "object": "model", "owned_by": "xinference", "model_type": "rerank"},
    ]
    rerank = _jina_like("bge-reranker")
    return {"GET /v1/models": lambda _: {"object": "list", "data": rows}, "POST /v1/rerank": rerank}


def ollama(models: bool = True) -> dict[str, Answer]:
    """Ollama: no rerank endpoint, an OpenAI-like list of models owned by "library"."""
    rows = [{"id": "llama3.2", "object": "model", "created": 1, "owned_by": "library"}] if models else None
    return {
        "GET /v1/models": lambda _: {"object": "list", "data": rows},
        "GET /api/version": lambda _: {"version": "0.12.0"},
        "GET /api/tags": lambda _: {"models": []},
    }


def chat(reply: Callable[[str, str, int], str]) -> dict[str, Answer]:
    """An OpenAI-compatible chat endpoint; reply: (system, user, number of the request from 0) → text."""
    counted = iter(range(1_000_000))

    def complete(asked: Asked) -> Any:
        system, user = (message["content"] for message in asked.body["messages"])
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": reply(system, user, next(counted))},
            "finish_reason": "stop",
        }
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": asked.body["model"],
            "choices": [choice],
            "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105},
        }

    return {"POST /v1/chat/completions": complete}
