"""The HTTP API: `/v1/rerank` and `/v2/rerank` in Cohere's format, `/v1/chat/completions` in OpenAI's.

Any client of those two can use Second Pass; the trace travels as an extension field. With the setting `api_key`, every
call must carry it as a bearer token; beyond loopback, and beside sign-in, there must be one (see app/serving.py).
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import AsyncIterator, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, Literal

from anyio import CancelScope
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, BeforeValidator, Field
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from app.guards import PLAIN_HEADERS, BearerKey, BodyLimit, KnownHosts, SafeHeaders, refusal
from app.safe_text import SafeStream, safe_line, safe_text
from app.visitors import THE_API, private
from app.words import explain_outcome
from ingest.allocator import give_memory_back
from ingest.errors import QuestionRefused, SecondPassError
from ingest.questions import well_formed
from rag.answer.protocol import Turn
from rag.tracing import Answer, Trace, trace_to_json

if TYPE_CHECKING:
    from app.application import Application
    from rag.engine import AskStream

MODEL = "second-pass"
MOST_TEXTS = 1000  # Cohere's own limit for one call
MOST_CHARACTERS = 4_000_000  # of all texts of one call: some 15 MB of memory, and minutes of a processor's time

Text = Annotated[str, BeforeValidator(lambda given: well_formed(given) if isinstance(given, str) else given)]


class RerankText(BaseModel):
    text: Text


class RerankCall(BaseModel):
    query: Text = Field(min_length=1, max_length=8000)
    documents: list[Text | RerankText] = Field(min_length=1, max_length=MOST_TEXTS)
    model: str | None = None
    top_n: int | None = Field(None, ge=1)
    return_documents: bool = False


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, str) or self.content is None:
            return self.content or ""
        parts = (str(part.get("text", "")) for part in self.content if part.get("type") == "text")
        return well_formed("\n".join(parts))


class ChatCall(BaseModel):
    messages: list[Message] = Field(min_length=1)
    model: str = MODEL
    stream: bool = False


def make_api(application: Application, *, bound: str = "127.0.0.1", people_sign_in: bool = False) -> FastAPI:
    """The ASGI application over one open library.

    bound: the address that it is served at. people_sign_in: the API is then a visitor like others, who reads the
    collections that all may read and nobody's own.
    """
    settings = application.settings
    engine = private(application, THE_API).engine if people_sign_in else application.engine
    key = settings.server.api_key.get_secret_value() if settings.server.api_key else ""
    guards = [
        Middleware(KnownHosts, bound=bound, allowed=settings.server.allowed_hosts),
        Middleware(SafeHeaders, headers=PLAIN_HEADERS),
        Middleware(BearerKey, key=key),
        Middleware(BodyLimit, megabytes=settings.server.body_mb),
    ]
    api = FastAPI(title="Second Pass", middleware=guards, docs_url=None, redoc_url=None, openapi_url=None)

    @api.exception_handler(SecondPassError)
    def _said(_: Request, error: SecondPassError) -> JSONResponse:
        return refusal(str(error), 400 if isinstance(error, QuestionRefused) else 503)

    @api.exception_handler(HTTPException)
    def _refused(_: Request, error: HTTPException) -> JSONResponse:
        return refusal(str(error.detail), error.status_code)

    @api.exception_handler(RequestValidationError)
    def _malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = "; ".join(f"{'.'.join(map(str, row['loc'][1:]))}: {row['msg']}" for row in error.errors())
        return refusal(f"The request does not fit: {wrong}", 422)

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
        if (total := sum(map(len, texts))) > MOST_CHARACTERS:
            raise HTTPException(
                422, f"The documents have {total:,} characters; at most {MOST_CHARACTERS:,} are read in one call."
            )
        try:
            ranked = application.engine.rank_texts(call.query, texts)
        finally:
            give_memory_back()
        results = [
            {"index": one.index, "relevance_score": 1 / (1 + math.exp(-max(-50.0, one.score)))}
            | ({"document": {"text": texts[one.index]}} if call.return_documents else {})
            for one in ranked.order[: call.top_n]
        ]
        return {
            "id": str(uuid.uuid4()),
            "results": results,
            "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 0}},
            "second_pass": {"warnings": list(ranked.warnings)},
        }

    @api.post("/v1/chat/completions", response_model=None)
    def chat(call: ChatCall) -> dict[str, Any] | StreamingResponse:
        if call.messages[-1].role != "user":
            raise HTTPException(422, "The last message must be the user's question.")
        earlier = _turns(call.messages[:-1])
        stream = engine.ask(call.messages[-1].text, history=earlier)
        made = {"id": f"chatcmpl-{stream.record_id}", "created": int(time.time()), "model": MODEL}
        if call.stream:
            return StreamingResponse(_closed_at_the_end(_events(made, stream)), media_type="text/event-stream")
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


def _turns(messages: list[Message]) -> list[Turn]:
    """Question and answer pairs of the chat so far; system messages are the client's and not used."""
    turns: list[Turn] = []
    for message in messages:
        if message.role == "user":
            turns.append(Turn(question=message.text, answer=""))
        elif message.role == "assistant" and turns:
            turns[-1] = Turn(question=turns[-1].question, answer=message.text)
    return turns


async def _closed_at_the_end(events: Generator[str]) -> AsyncIterator[str]:
    """The events; when the client leaves before the last, the answer so far is kept and the language model let go."""
    try:
        async for event in iterate_in_threadpool(events):
            yield event
    finally:
        with CancelScope(shield=True):  # the client's leaving cancels this, too
            await run_in_threadpool(events.close)


def _events(made: dict[str, Any], stream: AskStream) -> Generator[str]:
    def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "data: " + json.dumps(made | {"object": "chat.completion.chunk", "choices": [choice]} | more) + "\n\n"

    with closing(stream):
        yield event({"role": "assistant", "content": ""})
        for piece in SafeStream(stream, markdown=False):
            yield event({"content": piece})
        yield event({"content": _sources(stream.answer)})
        yield event({}, "stop", second_pass=_extension(stream.answer, stream.trace))
        yield "data: [DONE]\n\n"


def _sources(answer: Answer) -> str:
    """What follows the answer's text: where it stands, or why there is none."""
    if not answer.text:
        said = explain_outcome(answer.outcome)
        return " ".join(filter(None, (said.sentence, said.action, answer.message)))
    lines = [f"[{one.number}] {safe_line(one.document)}, page {one.page}" for one in answer.citations]
    parts = ([answer.message] if answer.message else []) + (["\n".join(lines)] if lines else [])
    return "".join("\n\n" + part for part in parts)


def _with_sources(answer: Answer) -> str:
    return (safe_text(answer.text) + _sources(answer)).strip()


def _usage(answer: Answer) -> dict[str, int]:
    asked, said = answer.tokens.get("prompt", 0), answer.tokens.get("completion", 0)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _extension(answer: Answer, trace: Trace) -> dict[str, Any]:
    return {"outcome": answer.outcome.value, "confidence": answer.confidence, "trace": trace_to_json(trace)}
