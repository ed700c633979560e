"""Named places where a test may kill this process, to prove that the next start heals what was half done."""

from __future__ import annotations

import os
import signal

ENVIRONMENT = "SECOND_PASS_FAILPOINT"  # "name" dies there the first time, "name:3" the third time
_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die by SIGKILL here if the environment asks for it; otherwise nothing happens."""
    wanted = os.environ.get(ENVIRONMENT)
    if not wanted:
        return
    place, _, times = wanted.partition(":")
    if place == name:
        _reached[name] = _reached.get(name, 0) + 1
        if _reached[name] >= int(times or 1):
            os.kill(os.getpid(), signal.SIGKILL)
