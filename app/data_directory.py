"""The data directory: held by one process at a time, and read by its owner alone."""

from __future__ import annotations

import os
import stat
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


def close_to_others(home: Path) -> str:
    """Take from other users of the machine what an older version gave them: documents, questions and answers.

    Returns a sentence on what was done, "" where the directory was private already. On systems without such
    permissions it always is.
    """
    if os.name != "posix" or not home.stat().st_mode & 0o077:
        return ""
    try:
        for path in (*home.rglob("*"), home):  # itself last: a run that is cut off begins again
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
    except OSError as error:
        return f"Other users of this machine can read {home}, and that could not be changed ({error.strerror})."
    return f"Other users of this machine could read {home}: now only its owner can."
