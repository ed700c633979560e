"""One JSON request to a rerank server: a deadline, few retries with jitter, and every failure as our own error.

What a server says of an error is not repeated: it may quote the key or a passage. Its status and, where it has one,
its error code are.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.errors import RerankerFailed, RerankerUnavailable

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

ATTEMPTS = 3
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0
CONNECT_TIMEOUT_S = 5.0
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # worth another try; 529 is "overloaded"
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The decoded body, and how many requests were made for it."""

    body: Any
    requests: int


class Refused(RerankerFailed):
    """The server answered, and not with what was asked for."""


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
    sleep: Callable[[float], None] = time.sleep,
) -> Reply:
    """Send and decode; all attempts and waits together take at most `timeout_s` seconds.

    who: the server's name in errors. key_variable: where the key came from, for the advice on 401. Retries follow
    Retry-After where it fits the deadline, else exponential waits with full jitter. Raises Refused
    (a RerankerFailed) for an answer that is none, RerankerFailed when there is no answer in time, RerankerUnavailable
    when nothing answers at the address or the key is refused.
    """
    import tenacity

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

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= attempts or deadline - time.monotonic() <= state.upcoming_sleep

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_Passing), wait=_wait, stop=stop, sleep=sleep, reraise=True
    )
    try:
        return Reply(body=retrying(once), requests=made)
    except _Passing as error:
        tries = f" after {made} tries" if made > 1 else ""
        raise error.final(f"{error}{tries}.") from None


def _wait(state: RetryCallState) -> float:
    import tenacity

    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Passing) and error.wait_s is not None:
        return error.wait_s
    return float(tenacity.wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S)(state))


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
        raise _Passing(f"{who} {_meaning(response)}", Refused, _retry_after(response))
    if response.status_code in (401, 403):
        hint = f" Check {key_variable}." if key_variable else ""
        raise RerankerUnavailable(f"{who} refused the key ({response.status_code}).{hint}")
    if not response.is_success:
        raise Refused(f"{who} {_meaning(response)}.")
    try:
        return response.json()
    except ValueError:
        raise Refused(f"{who} answered something that is not JSON.") from None


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


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait: a number, or a date (RFC 9110)."""
    value = response.headers.get("retry-after", "")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
