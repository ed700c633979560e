"""An OpenAI-compatible chat endpoint as a Generator: OpenAI, a local llama.cpp, vLLM, Ollama or LM Studio server.

Retries (two at most, also on 429 with its Retry-After, within bounds) happen before the first piece only: an answer
that has begun is never begun again. What the server says of an error is not repeated, because it may quote the key.
"""

from __future__ import annotations

import logging
import re
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ingest.errors import GeneratorFailed
from rag.answer.endpoint import ChatEndpoint
from rag.answer.protocol import Prompt

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

log = logging.getLogger(__name__)

RETRIES = 2
LONGEST_WAIT_S = 20.0  # a Retry-After beyond this is said to the person instead of slept through
CONNECT_TIMEOUT_S = 5.0
FEWEST_SHARE = 128  # a piece is at least this part of what came before: everyone who redraws the whole stays fast


class OpenAIGenerator:
    """One model at one endpoint. Thread-safe: the client is, and nothing else is kept.

    endpoint: silence counts before the first piece and between two.
    temperature: 0 for answers that can be repeated; None leaves it to servers that refuse the parameter.
    """

    def __init__(self, endpoint: ChatEndpoint, *, retries: int = RETRIES, temperature: float | None = 0.0) -> None:
        self.model = endpoint.model
        self._address = endpoint.address
        self.timeout_s = endpoint.timeout_s
        self.max_chars = endpoint.max_chars
        self.retries = retries
        self.temperature = temperature
        self._key = endpoint.token
        self._client: OpenAI | None = None

    def __repr__(self) -> str:
        return f"OpenAIGenerator({self.model!r} at {self.host})"

    @property
    def name(self) -> str:
        return self.model

    @property
    def host(self) -> str:
        """Where questions and passages are sent, without a user or password that the address may hold."""
        return re.sub(r"^\w+://", "", self._without_login()[0]).split("/")[0]

    def stream(self, prompt: Prompt) -> CompletionStream:
        """Ask; the request is sent when the result is first iterated. Iterating raises GeneratorFailed."""
        return CompletionStream(self, prompt)

    def client(self) -> OpenAI:
        """The openai client, made on first use: its import takes most of a second."""
        if self._client is None:
            from openai import OpenAI, Timeout

            address, login = self._without_login()
            _check_address(address)
            self._client = OpenAI(
                api_key=self._key or "none",
                base_url=address,
                default_headers={"Authorization": f"Basic {login}"} if login else None,
                timeout=Timeout(self.timeout_s, connect=min(CONNECT_TIMEOUT_S, self.timeout_s)),
                max_retries=0,  # ours, below: they know when to stop waiting
            )
        return self._client

    def _without_login(self) -> tuple[str, str]:
        """The address without "user:password@", which httpx would log, and that login for Basic authorization."""
        match = re.match(r"(\w+://)([^/@]*)@(.*)", self._address)
        if match is None:
            return self._address, ""
        return match[1] + match[3], b64encode(unquote(match[2]).encode()).decode()


class CompletionStream:
    """The pieces of one answer. `tokens` is there when the server counted them and the stream has ended."""

    def __init__(self, generator: OpenAIGenerator, prompt: Prompt) -> None:
        self._generator = generator
        self._prompt = prompt
        self._response: Stream[ChatCompletionChunk] | None = None
        self._closed = False
        self.tokens: Mapping[str, int] = MappingProxyType({})

    def __iter__(self) -> Iterator[str]:
        from openai import APIError, OpenAIError

        given, held, finish, failure = 0, "", "", ""
        try:
            self._response = self._ask()
            for chunk in self._response:
                if chunk.usage:
                    used = {"prompt": chunk.usage.prompt_tokens, "completion": chunk.usage.completion_tokens}
                    self.tokens = MappingProxyType(used)
                for choice in chunk.choices or ():
                    finish = choice.finish_reason or finish
                    held += (choice.delta and choice.delta.content) or ""
                if given + len(held) > (most := self._generator.max_chars):
                    held, failure = held[: most - given], self._too_long()
                    break
                if len(held) > given // FEWEST_SHARE:
                    yield held
                    given, held = given + len(held), ""
        except APIError as error:
            failure = self._sentence(error, bool(given or held))
        except (OpenAIError, ValueError, TypeError, AttributeError) as error:
            # json and pydantic raise ValueErrors; a reply of another shape gives the other two
            log.warning("The language model's reply could not be read: %s", type(error).__name__)
            failure = self._unreadable(bool(given or held))
        finally:
            self.close()
        if held:
            yield held
        if failure:
            raise GeneratorFailed(failure)
        self._check_end(bool(given or held), finish)

    def close(self) -> None:
        self._closed = True
        if self._response is not None:
            self._response.close()

    def _ask(self) -> Stream[ChatCompletionChunk]:
        """The response, open for reading, after at most `retries` further attempts."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        for attempt in range(self._generator.retries + 1):
            try:
                return self._request()
            except APITimeoutError:
                raise  # the person has waited the whole silence once already
            except (APIConnectionError, APIStatusError) as error:
                wait = _wait_before_retry(error, attempt)
                if attempt == self._generator.retries or wait is None:
                    raise
                log.info("Language model at %s: %s, again in %.1f s", self._generator.host, _label(error), wait)
                time.sleep(wait)
        raise AssertionError("unreachable")

    def _request(self) -> Stream[ChatCompletionChunk]:
        messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": self._prompt.system}]
        for message in self._prompt.messages:
            if message.role == "user":
                messages.append({"role": "user", "content": message.content})
            else:
                messages.append({"role": "assistant", "content": message.content})
        optional: dict[str, Any] = {}
        if self._generator.temperature is not None:
            optional["temperature"] = self._generator.temperature
        response: Stream[ChatCompletionChunk] = self._generator.client().chat.completions.create(
            model=self._generator.model,
            messages=messages,
            stream=True,
            stream_options={"include_usage": True},
            **optional,
        )
        return response

    def _check_end(self, begun: bool, finish: str) -> None:
        where = f"{self._generator.model} at {self._generator.host}"
        if finish == "length":
            raise GeneratorFailed(f"{where} reached its length limit before the answer was complete.")
        if finish == "content_filter":
            raise GeneratorFailed(f"{where} stopped because its provider's content filter refused the text.")
        if not begun:
            raise GeneratorFailed(f"{where} replied without any text. Ask again, or choose another model.")
        if not finish:
            raise GeneratorFailed(f"{where} broke off in the middle of the answer. Ask again.")

    def _too_long(self) -> str:
        generator = self._generator
        return (
            f"{generator.model} at {generator.host} wrote more than {generator.max_chars:,} characters: the rest was "
            "left out. Ask for less, or raise SECOND_PASS_ANSWER_MAX_CHARS."
        )

    def _unreadable(self, begun: bool) -> str:
        generator = self._generator
        if begun:
            return f"{generator.model} at {generator.host} broke off in the middle of the answer. Ask again."
        return (
            f"{generator.host} replied with something that is not a chat completion. Check OPENAI_BASE_URL: it ends "
            "before /chat/completions, usually in /v1."
        )

    def _sentence(self, error: Any, begun: bool) -> str:
        """What happened and what to do, from the kind of error alone: a server's own words may quote the key."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        model, host = self._generator.model, self._generator.host
        if isinstance(error, APITimeoutError):
            seconds = f"{self._generator.timeout_s:g} seconds"
            if begun:
                return f"{model} at {host} fell silent for {seconds} in the middle of the answer. Ask again."
            return (
                f"{model} at {host} gave no sign for {seconds}. Ask again, or raise SECOND_PASS_ANSWER_TIMEOUT_S if "
                "the model is just slow."
            )
        if isinstance(error, APIConnectionError):
            if begun:
                return f"The connection to {host} broke in the middle of the answer. Ask again."
            return f"{host} cannot be reached. Check that the server runs, the network, and OPENAI_BASE_URL."
        if not isinstance(error, APIStatusError):  # an error object inside the stream
            return self._unreadable(begun) if not begun else f"{model} at {host} failed in the middle of the answer."
        status = error.status_code
        if status == 401:
            return f"{host} refused the key (401). Check OPENAI_API_KEY, then start Second Pass again."
        if status == 403:
            return f"{host} does not let this key use {model} (403). Check the key's rights or choose another model."
        if status == 404:
            return f"{host} does not know the model {model} (404). Check SECOND_PASS_ANSWER_MODEL and OPENAI_BASE_URL."
        if status == 413 or (status == 400 and _is_too_long(error)):
            lower = "Lower SECOND_PASS_RANKING_EVIDENCE or change the model."
            return f"The passages are too long for {model} ({status}). {lower}"
        if status == 429:
            wait = _retry_after(error)
            when = f"Ask again in {wait:.0f} seconds." if wait else "Ask again in a minute."
            return f"{host} takes no more questions now: its rate limit or the account's quota is used up (429). {when}"
        if status >= 500:
            return f"{host} failed on its side ({status}). Ask again; if it stays so, look at that server."
        return f"{host} refused the request ({status}). Check that SECOND_PASS_ANSWER_MODEL is a chat model."


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return
    except ValueError:
        pass
    raise GeneratorFailed("OPENAI_BASE_URL is not an address. It looks like http://127.0.0.1:8080/v1.")


def _wait_before_retry(error: Any, attempt: int) -> float | None:
    """Seconds to wait, or None where trying again is of no use: 4xx other than 408, 409, 429, or too long a wait."""
    status = getattr(error, "status_code", None)
    if status is not None and status not in (408, 409, 429) and status < 500:
        return None
    asked = _retry_after(error)
    wait = asked if asked is not None else 0.5 * 2.0**attempt
    return wait if wait <= LONGEST_WAIT_S else None


def _retry_after(error: Any) -> float | None:
    """The Retry-After header in seconds (RFC 9110, 10.2.3); None when absent or a date."""
    response = getattr(error, "response", None)
    try:
        seconds = float(response.headers.get("retry-after", "")) if response is not None else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < 86_400 else None


def _is_too_long(error: Any) -> bool:
    return "context" in f"{error.code or ''} {error.message}".lower()


def _label(error: Any) -> str:
    status = getattr(error, "status_code", None)
    return str(status) if status else type(error).__name__
