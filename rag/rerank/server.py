"""Rerank servers of one's own: text-embeddings-inference, llama.cpp, vLLM, Infinity, Xinference.

Named by address, `http://host:port`, with the dialect found out or named: `tei+http://host:port`. A model among
several is named after a number sign: `vllm+http://host:8000#BAAI/bge-reranker-v2-m3`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from ingest.documents import Chunk, Query
from ingest.errors import RerankerAnswered, RerankerUnavailable
from rag.rerank.hosted import found, scores_by_index
from rag.rerank.http import new_client, request_json
from rag.rerank.once_loaded import OnceLoaded
from rag.rerank.protocol import Scores, empty_scores

if TYPE_CHECKING:
    import httpx

KEY_VARIABLE = "SECOND_PASS_VENDORS_OWN_SERVER_KEY"
DETECT_TIMEOUT_S = 5.0
NO_OLLAMA = (
    "Ollama has no rerank endpoint, so it cannot rerank. Run the model with llama.cpp (`llama-server --reranking`) "
    "or text-embeddings-inference and give that address, or use llm-listwise:MODEL with a chat model."
)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """title: its name in errors. path: of the endpoint. body: (model, question, texts) → request. rows: the possible
    names of the result list, none where the response is the list itself. batch: most passages a request."""

    title: str
    path: str
    body: Callable[[str, str, Sequence[str]], Mapping[str, Any]]
    rows: tuple[str, ...] = ("results",)
    score: str = "relevance_score"
    batch: int = 1000


def _documents(model: str, question: str, texts: Sequence[str], **more: Any) -> dict[str, Any]:
    named = {"model": model} if model else {}
    return named | {"query": question, "documents": list(texts), "top_n": len(texts)} | more


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        # raw_scores: logits, not their softmax. truncate: or a long passage is an error. 32 is its default limit.
        "tei": Dialect(
            title="text-embeddings-inference",
            path="/rerank",
            body=lambda model, question, texts: {
                "query": question,
                "texts": list(texts),
                "raw_scores": True,
                "truncate": True,
            },
            rows=(),
            score="score",
            batch=32,
        ),
        "llamacpp": Dialect(title="llama.cpp", path="/v1/rerank", body=_documents),
        "vllm": Dialect(
            title="vLLM",
            path="/rerank",
            body=lambda model, question, texts: _documents(model, question, texts, truncate_prompt_tokens=-1),
        ),
        "infinity": Dialect(
            title="Infinity",
            path="/rerank",
            body=lambda model, question, texts: _documents(model, question, texts, return_documents=False),
            rows=("results", "data"),
        ),
        "xinference": Dialect(title="Xinference", path="/v1/rerank", body=_documents),
    }
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answered: how to talk to it, which model it runs, and which version of it ("" unknown)."""

    dialect: Dialect
    model: str
    version: str


@dataclass(frozen=True, kw_only=True)
class ServerReranker:
    """Finds out at first use what it talks to. Scores are the server's own."""

    name: str
    base_url: str
    server: OnceLoaded[Server]
    key: str = field(default="", repr=False)
    timeout_s: float = 10.0
    listwise: bool = False
    client: httpx.Client = field(default_factory=new_client, repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        server = self.server.loaded
        return f"{server.dialect.title}@{self.base_url}/{server.model}/{server.version}" if server else ""

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        if not chunks:
            return empty_scores()
        server = self.server.get()
        dialect = server.dialect
        who = f"{dialect.title} at {shown_address(self.base_url)}"
        texts = [chunk.headed_text for chunk in chunks]
        values = np.empty(len(texts), dtype=np.float64)
        requests, batches = 0, range(0, len(texts), dialect.batch)
        for start in batches:
            batch = texts[start : start + dialect.batch]
            reply = request_json(
                self.client,
                "POST",
                self.base_url + dialect.path,
                who=who,
                timeout_s=self.timeout_s,
                body=dialect.body(server.model, query.text, batch),
                headers=_headers(self.key),
                key_variable=KEY_VARIABLE,
            )
            rows = next((rows for name in dialect.rows if (rows := found(reply.body, (name,)))), None)
            values[start : start + len(batch)] = scores_by_index(
                rows if dialect.rows else reply.body, len(batch), score=dialect.score, who=who
            )
            requests += reply.requests
        details = {
            "scored": len(texts),
            "requests": requests,
            "retries": requests - len(batches),
            "server": dialect.title,
            "server_model": server.model,
        }
        return Scores(values=values, details=MappingProxyType(details))


def server_reranker(name: str, key: str, timeout_s: float) -> ServerReranker:
    """From `http://host:port`, `tei+http://host:port/path#model`. key: "" where the server asks for none.

    Raises RerankerUnavailable for a wrong address.
    """
    scheme, _, rest = name.partition("://")
    dialect, plus, protocol = scheme.rpartition("+")
    if plus and dialect == "ollama":
        raise RerankerUnavailable(NO_OLLAMA)
    if protocol not in ("http", "https") or (plus and dialect not in DIALECTS):
        known = ", ".join(f"{known}+http://…" for known in DIALECTS)
        raise RerankerUnavailable(f"{shown_address(name)} is no address of a rerank server. Known: http://…, {known}.")
    address, _, model = rest.partition("#")
    base_url = f"{protocol}://{address}".rstrip("/")
    if not urlsplit(base_url).hostname:
        raise RerankerUnavailable(f"{name} names no host.")
    client = new_client()
    limit = min(DETECT_TIMEOUT_S, timeout_s)

    def find() -> Server:
        ask = _asker(client, base_url, key, limit)
        return detected(ask, base_url, model) if not plus else _named(ask, dialect, model)

    return ServerReranker(
        name=shown_address(name),
        base_url=base_url,
        server=OnceLoaded(find),
        key=key,
        timeout_s=timeout_s,
        client=client,
    )


Ask = Callable[[str], Any]


def detected(ask: Ask, base_url: str, model: str = "") -> Server:
    """What runs at the address, by what it says of itself. Raises RerankerUnavailable when that is nothing known."""
    info = ask("/info")
    if found(info, ("model_id",)) and found(info, ("model_type",)) is not None:
        return _tei(info)
    for path in ("/v1/models", "/models"):
        row = _chosen_model(ask(path), model)
        if row is None:
            continue
        owner = str(row.get("owned_by", "")).casefold()
        if owner == "library":  # Ollama's own word for the owner of its models
            break
        dialect = {"llamacpp": "llamacpp", "vllm": "vllm", "infinity": "infinity"}.get(owner)
        if not dialect and row.get("model_type"):
            dialect = "xinference"
        if dialect:
            return _server(dialect, row)
    if found(ask("/api/version"), ("version",)) and found(ask("/api/tags"), ("models",)) is not None:
        raise RerankerUnavailable(NO_OLLAMA)
    known = ", ".join(f"{known}+http://…" for known in DIALECTS)
    raise RerankerUnavailable(
        f"The server at {shown_address(base_url)} does not say what it is. If it reranks, name its dialect: {known}."
    )


def _named(ask: Ask, dialect: str, model: str) -> Server:
    """The dialect is given; the server is only asked for its model, and may stay silent about it."""
    if dialect == "tei":
        info = ask("/info")
        return _tei(info) if found(info, ("model_id",)) else Server(dialect=DIALECTS["tei"], model="", version="")
    path = "/models" if dialect == "infinity" else "/v1/models"
    return _server(dialect, _chosen_model(ask(path), model) or {"id": model})


def _tei(info: Any) -> Server:
    kind = found(info, ("model_type",))
    if isinstance(kind, dict) and "reranker" not in kind:
        raise RerankerUnavailable(
            f"text-embeddings-inference runs {info['model_id']}, which is no reranker. Start it with one."
        )
    limit = info.get("max_client_batch_size")
    batch = limit if isinstance(limit, int) and limit > 0 else DIALECTS["tei"].batch
    return Server(
        dialect=replace(DIALECTS["tei"], batch=batch),
        model=str(info["model_id"]),
        version=str(info.get("model_sha") or ""),
    )


def _server(dialect: str, row: Mapping[str, Any]) -> Server:
    return Server(dialect=DIALECTS[dialect], model=str(row.get("id") or ""), version=str(row.get("root") or ""))


def _chosen_model(body: Any, wanted: str) -> Mapping[str, Any] | None:
    """The wanted model's row, or the first reranker's, or the first; None where the server lists none."""
    rows = [row for row in found(body, ("data",)) or [] if isinstance(row, dict)]
    if wanted:
        return next((row for row in rows if row.get("id") == wanted), {"id": wanted} if rows else None)
    rerankers = [row for row in rows if row.get("model_type") == "rerank" or "rerank" in row.get("capabilities", ())]
    return next(iter(rerankers or rows), None)


def _asker(client: httpx.Client, base_url: str, key: str, timeout_s: float) -> Ask:
    """GET, None where the server has nothing there. A server that is silent or cannot be reached is an error."""

    def ask(path: str) -> Any:
        try:
            return request_json(
                client,
                "GET",
                base_url + path,
                who=f"The rerank server at {shown_address(base_url)}",
                timeout_s=timeout_s,
                headers=_headers(key),
                key_variable=KEY_VARIABLE,
                attempts=1,
            ).body
        except RerankerAnswered:
            return None

    return ask


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def shown_address(address: str) -> str:
    """Without a user and password that it may hold."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"
