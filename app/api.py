"""The HTTP API: `/v1/rerank` and `/v2/rerank` in Cohere's format, `/v1/chat/completions` in OpenAI's.

Any client of those two can use Second Pass; the trace travels as an extension field. Bound to loopback by default;
with the setting `api_key`, every call must carry it as a bearer token.
"""

from __future__ import annotations

import hmac
import json
import math
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from app.words import explain_outcome
from ingest.errors import QuestionRefused, SecondPassError
from rag.answer.protocol import Turn
from rag.texts import rank_texts
from rag.tracing import Answer, Trace, trace_to_json

if TYPE_CHECKING:
    from app.application import Application

MODEL = "second-pass"
MOST_TEXTS = 1000  # Cohere's own limit for one call


class RerankText(BaseModel):
    text: str


class RerankCall(BaseModel):
    query: str = Field(min_length=1, max_length=8000)
    documents: list[str | RerankText] = Field(min_length=1, max_length=MOST_TEXTS)
    model: str | None = None
    top_n: int | None = Field(None, ge=1)
    return_documents: bool = False


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, str) or self.content is None:
            return self.content or ""
        return "\n".join(str(part.get("text", "")) for part in self.content if part.get("type") == "text")


class ChatCall(BaseModel):
    messages: list[Message] = Field(min_length=1)
    model: str = MODEL
    stream: bool = False


def make_api(application: Application) -> FastAPI:
    """The ASGI application over one open library."""
    settings = application.settings
    key = settings.server.api_key.get_secret_value() if settings.server.api_key else ""

    def authorised(request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if key and not hmac.compare_digest(given.encode(), key.encode()):
            raise HTTPException(401, "This server needs its API key as a bearer token.")

    api = FastAPI(title="Second Pass", dependencies=[Depends(authorised)], docs_url=None, redoc_url=None)

    @api.exception_handler(SecondPassError)
    def _said(_: Request, error: SecondPassError) -> JSONResponse:
        return _error(str(error), 400 if isinstance(error, QuestionRefused) else 503)

    @api.exception_handler(HTTPException)
    def _refused(_: Request, error: HTTPException) -> JSONResponse:
        return _error(str(error.detail), error.status_code)

    @api.exception_handler(RequestValidationError)
    def _malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = "; ".join(f"{'.'.join(map(str, row['loc'][1:]))}: {row['msg']}" for row in error.errors())
        return _error(f"The request does not fit: {wrong}", 422)

    @api.get("/v1/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "second-pass"}]}

    @api.post("/v1/rerank")
    @api.post("/v2/rerank")
    def rerank(call: RerankCall) -> dict[str, Any]:
        if call.model not in (None, MODEL, settings.ranking.precise):
            # A caller must not make this machine load a model of the caller's choosing.
            raise HTTPException(404, f"This server offers the models {MODEL!r} and {settings.ranking.precise!r}.")
        texts = [row if isinstance(row, str) else row.text for row in call.documents]
        narrow = settings.ranking.fast_keep if call.top_n and call.top_n <= settings.ranking.fast_keep else None
        order = rank_texts(
            call.query,
            texts,
            embedder=application.engine.parts.embedder,
            precise=application.engine.reranker(settings.ranking.precise),
            narrow_to=narrow,
        )[: call.top_n]
        results = [
            {"index": ranked.index, "relevance_score": 1 / (1 + math.exp(-max(-50.0, ranked.score)))}
            | ({"document": {"text": texts[ranked.index]}} if call.return_documents else {})
            for ranked in order
        ]
        return {
            "id": str(uuid.uuid4()),
            "results": results,
            "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 0}},
        }

    @api.post("/v1/chat/completions", response_model=None)
    def chat(call: ChatCall) -> dict[str, Any] | StreamingResponse:
        if call.messages[-1].role != "user":
            raise HTTPException(422, "The last message must be the user's question.")
        earlier = _turns(call.messages[:-1])
        stream = application.engine.ask(call.messages[-1].text, history=earlier)
        made = {"id": f"chatcmpl-{stream.record_id}", "created": int(time.time()), "model": MODEL}
        if call.stream:
            return StreamingResponse(_events(made, stream), media_type="text/event-stream")
        for _ in stream:
            pass
        message = {"role": "assistant", "content": _with_sources(stream.answer)}
        return made | {
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": _usage(stream.answer),
            "second_pass": _extension(stream.answer, stream.trace),
        }

    return api


def _error(message: str, status: int) -> JSONResponse:
    """What both clients look for: Cohere's reads `message`, OpenAI's `error.message`."""
    return JSONResponse({"message": message, "error": {"message": message, "code": status}}, status_code=status)


def _turns(messages: list[Message]) -> list[Turn]:
    """Question and answer pairs of the chat so far; system messages are the client's and not used."""
    turns: list[Turn] = []
    for message in messages:
        if message.role == "user":
            turns.append(Turn(question=message.text, answer=""))
        elif message.role == "assistant" and turns:
            turns[-1] = Turn(question=turns[-1].question, answer=message.text)
    return turns


def _events(made: dict[str, Any], stream: Any) -> Iterator[str]:
    def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "data: " + json.dumps(made | {"object": "chat.completion.chunk", "choices": [choice]} | more) + "\n\n"

    yield event({"role": "assistant", "content": ""})
    for piece in stream:
        yield event({"content": piece})
    yield event({"content": _sources(stream.answer)})
    yield event({}, "stop", second_pass=_extension(stream.answer, stream.trace))
    yield "data: [DONE]\n\n"


def _sources(answer: Answer) -> str:
    """What follows the answer's text: where it stands, or why there is none."""
    if not answer.text:
        said = explain_outcome(answer.outcome)
        return " ".join(filter(None, (said.sentence, said.action, answer.message)))
    lines = [f"[{citation.number}] {citation.document}, page {citation.page}" for citation in answer.citations]
    parts = ([answer.message] if answer.message else []) + (["\n".join(lines)] if lines else [])
    return "".join("\n\n" + part for part in parts)


def _with_sources(answer: Answer) -> str:
    return (answer.text + _sources(answer)).strip()


def _usage(answer: Answer) -> dict[str, int]:
    asked, said = answer.tokens.get("prompt", 0), answer.tokens.get("completion", 0)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _extension(answer: Answer, trace: Trace) -> dict[str, Any]:
    return {"outcome": answer.outcome.value, "confidence": answer.confidence, "trace": trace_to_json(trace)}
