"""Few further attempts with jitter, and never beyond a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tenacity import RetryCallState

Result = TypeVar("Result")

ATTEMPTS = 3
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # worth another try; 529 is "overloaded"


def with_retries(
    work: Callable[[], Result],
    *,
    passing: Callable[[BaseException], bool],
    asked_wait: Callable[[BaseException], float | None],
    deadline: float,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """`work()`, again after an error that is `passing`.

    asked_wait: seconds that the server asked to wait, or None for an exponential wait with full jitter. deadline: on
    the clock of time.monotonic; a wait that would end after it is not begun. Raises the last error.
    """
    import tenacity

    jittered = tenacity.wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = asked_wait(error) if error is not None else None
        return float(jittered(state)) if told is None else told

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= attempts or deadline - time.monotonic() <= state.upcoming_sleep

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(passing), wait=wait, stop=stop, sleep=sleep, reraise=True
    )
    return retrying(work)


def seconds_to_wait(retry_after: str) -> float | None:
    """What a Retry-After header says: a number of seconds, or a date (RFC 9110); None where it says nothing."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
