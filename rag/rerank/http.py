"""One JSON request to a rerank server: a deadline, few retries with jitter, and every failure as our own error.

What a server says of an error is not repeated: it may quote the key or a passage. Its status and, where it has one,
its error code are.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.errors import RerankerAnswered, RerankerFailed, RerankerUnavailable
from rag.rerank.retry import ATTEMPTS, PASSING, seconds_to_wait, with_retries

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT_S = 5.0
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The decoded body, and how many requests were made for it."""

    body: Any
    requests: int


class _Passing(Exception):
    """A failure that may be gone at the next try. `final`: what it becomes when it stays. `wait_s`: what the server
    asked for, None if nothing."""

    def __init__(self, message: str, final: type[RerankerFailed], wait_s: float | None = None) -> None:
        super().__init__(message)
        self.final = final
        self.wait_s = wait_s


def new_client() -> httpx.Client:
    """Connections are kept between questions. Redirects are not followed: a key goes to the address given only."""
    import httpx

    return httpx.Client(follow_redirects=False, headers={"User-Agent": "second-pass"})


def request_json(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    who: str,
    timeout_s: float,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    key_variable: str = "",
    attempts: int = ATTEMPTS,
) -> Reply:
    """Send and decode; all attempts and waits together take at most `timeout_s` seconds.

    who: the server's name in errors. key_variable: where the key came from, for the advice on 401. Retries follow
    Retry-After where it fits the deadline, else exponential waits with full jitter. Raises RerankerAnswered
    (a RerankerFailed) for an answer that is none, RerankerFailed when there is no answer in time, RerankerUnavailable
    when nothing answers at the address or the key is refused.
    """
    deadline = time.monotonic() + timeout_s
    made = 0

    def once() -> Any:
        nonlocal made
        made += 1
        return _once(
            client,
            method,
            url,
            who=who,
            timeout_s=deadline - time.monotonic(),
            body=body,
            headers=headers,
            key_variable=key_variable,
        )

    try:
        done = with_retries(
            once,
            passing=lambda error: isinstance(error, _Passing),
            asked_wait=lambda error: error.wait_s if isinstance(error, _Passing) else None,
            deadline=deadline,
            attempts=attempts,
        )
        return Reply(body=done, requests=made)
    except _Passing as error:
        tries = f" after {made} tries" if made > 1 else ""
        raise error.final(f"{error}{tries}.") from None


def _once(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    who: str,
    timeout_s: float,
    body: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    key_variable: str,
) -> Any:
    import httpx

    limit = max(0.001, timeout_s)
    try:
        response = client.request(
            method,
            url,
            json=body,
            headers=dict(headers or {}),
            timeout=httpx.Timeout(limit, connect=min(CONNECT_TIMEOUT_S, limit)),
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise RerankerUnavailable(f"{who}: the address is not one that can be asked.") from None
    except httpx.ConnectTimeout:
        raise _Passing(f"{who} cannot be reached: no connection in time", RerankerUnavailable) from None
    except httpx.TimeoutException:
        raise RerankerFailed(f"{who} did not answer in time.") from None
    except httpx.ConnectError:
        host = httpx.URL(url).host
        raise _Passing(f"{who} cannot be reached: no connection to {host}", RerankerUnavailable) from None
    except (httpx.HTTPError, httpx.StreamError, UnicodeError) as error:
        raise _Passing(f"{who} broke off ({type(error).__name__})", RerankerFailed) from None
    if response.status_code in PASSING:
        raise _Passing(
            f"{who} {_meaning(response)}", RerankerAnswered, seconds_to_wait(response.headers.get("retry-after", ""))
        )
    if response.status_code in (401, 403):
        hint = f" Check {key_variable}." if key_variable else ""
        raise RerankerUnavailable(f"{who} refused the key ({response.status_code}).{hint}")
    if not response.is_success:
        raise RerankerAnswered(f"{who} {_meaning(response)}.")
    try:
        return response.json()
    except ValueError:
        raise RerankerAnswered(f"{who} answered something that is not JSON.") from None


def _meaning(response: httpx.Response) -> str:
    status = response.status_code
    meaning = {
        400: "did not understand the request",
        402: "says that nothing is left of the quota",
        404: "knows no such model or endpoint",
        413: "says that the passages are too long",
        422: "did not accept the request",
        429: "says that too much was asked of it",
        501: "does not support reranking",
    }.get(status, "failed" if status >= 500 else "answered in a way that is not understood")
    code = _code(response)
    return f"{meaning} ({status}{f', {code}' if code else ''})"


def _code(response: httpx.Response) -> str:
    """The server's error code where it has one that is a code and not a sentence."""
    try:
        body = response.json()
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    places = [error, body] if isinstance(error, dict) else [body]
    for place in places:
        for name in ("code", "type", "error_type"):
            value = place.get(name) if isinstance(place, dict) else None
            if isinstance(value, str) and _CODE.fullmatch(value):
                return value
    return ""
