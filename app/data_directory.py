"""The data directory, held by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.errors import LibraryInUse, SecondPassError

LOCK_NAME = "in-use.lock"


def hold(home: Path) -> Callable[[], None]:
    """Make the data directory and keep others out of it; what comes back lets it go.

    Raises LibraryInUse where another process has it, SecondPassError where it cannot be written to.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(home / LOCK_NAME)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise LibraryInUse(
            f"Another Second Pass has {home} open. Close it, or give this one a data directory of its own with "
            "SECOND_PASS_HOME."
        ) from None
    except OSError as error:
        raise SecondPassError(
            f"The data directory {home} cannot be written to ({error.strerror}). Choose another with SECOND_PASS_HOME."
        ) from None
    return lock.release
