"""Short questions to a chat model at any OpenAI-compatible endpoint, at temperature 0, with their cost counted."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ingest.errors import RerankerFailed, RerankerUnavailable
from rag.answer.endpoint import ChatEndpoint
from rag.rerank.retry import PASSING, seconds_to_wait, with_retries

if TYPE_CHECKING:
    from openai import OpenAI

CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """What the model said, and the tokens that it was billed for (0 where the server does not count)."""

    text: str
    prompt_tokens: int
    completion_tokens: int


class ChatModel:
    """One model at one endpoint. Thread-safe.

    Some models refuse `temperature` or `max_tokens`; what was refused once is left out from then on.
    """

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self.model = endpoint.model
        self.base_url = endpoint.address
        self._key = endpoint.token
        self._lock = threading.Lock()
        self._client: OpenAI | None = None
        self._refused: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"ChatModel({self.model!r} at {self.host})"

    @property
    def host(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"

    @property
    def temperature_refused(self) -> bool:
        return "temperature" in self._refused

    def ask(self, system: str, user: str, *, longest: int, timeout_s: float) -> ChatReply:
        """One reply of at most `longest` tokens; all tries and waits together take at most `timeout_s` seconds.

        Raises RerankerFailed, or RerankerUnavailable for a refused key, an unknown model or an unreachable server.
        """
        from openai import APIError, OpenAIError

        deadline = time.monotonic() + timeout_s
        try:
            return with_retries(
                lambda: self._ask(system, user, longest, max(0.001, deadline - time.monotonic())),
                passing=_is_passing,
                asked_wait=_asked_wait,
                deadline=deadline,
            )
        except APIError as error:
            raise self._translated(error, timeout_s) from None
        except (OpenAIError, ValueError, TypeError, AttributeError, IndexError):
            raise RerankerFailed(f"{self.host} replied with something that is not a chat completion.") from None

    def _ask(self, system: str, user: str, longest: int, timeout_s: float) -> ChatReply:
        from openai import BadRequestError

        while True:
            optional: dict[str, Any] = {"temperature": 0.0, "max_tokens": longest}
            if "max_tokens" in self._refused:
                optional["max_completion_tokens"] = longest
            kept = {name: value for name, value in optional.items() if name not in self._refused}
            try:
                response = self._connected().chat.completions.create(
                    model=self.model,
                    messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                    timeout=timeout_s,
                    **kept,
                )
            except BadRequestError as error:
                if error.param not in kept:
                    raise
                self._refused |= {error.param}
                continue
            usage = response.usage
            return ChatReply(
                text=response.choices[0].message.content or "",
                prompt_tokens=usage.prompt_tokens if usage else 0,
                completion_tokens=usage.completion_tokens if usage else 0,
            )

    def _connected(self) -> OpenAI:
        with self._lock:
            if self._client is None:
                from openai import OpenAI

                self._client = OpenAI(api_key=self._key or "none", base_url=self.base_url, max_retries=0)
            return self._client

    def _translated(self, error: Any, timeout_s: float) -> RerankerFailed:
        """From the kind of error alone: a server's own words may quote the key or a passage."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        if isinstance(error, APITimeoutError):
            return RerankerFailed(f"{self.model} at {self.host} did not answer within {timeout_s:.1f} s.")
        if isinstance(error, APIConnectionError):
            return RerankerUnavailable(f"{self.host} cannot be reached. Check that it runs, and OPENAI_BASE_URL.")
        if not isinstance(error, APIStatusError):
            return RerankerFailed(f"{self.host} replied with something that is not a chat completion.")
        status = error.status_code
        if status in (401, 403):
            return RerankerUnavailable(f"{self.host} refused the key ({status}). Check OPENAI_API_KEY.")
        if status == 404:
            return RerankerUnavailable(f"{self.host} does not know the model {self.model} (404).")
        meaning = {400: "did not accept the request", 413: "says that the passages are too long"}.get(status, "failed")
        return RerankerFailed(f"{self.model} at {self.host} {meaning} ({status}).")


def _is_passing(error: BaseException) -> bool:
    """Not a timeout: all the time there was is spent."""
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APIStatusError):
        return error.status_code in PASSING
    return isinstance(error, APIConnectionError) and not isinstance(error, APITimeoutError)


def _asked_wait(error: BaseException) -> float | None:
    from openai import APIStatusError

    return seconds_to_wait(error.response.headers.get("retry-after", "")) if isinstance(error, APIStatusError) else None
