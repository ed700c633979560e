"""One background thread that works through the queue in SQL; the table is the outbox, this holds no state."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ingest.allocator import give_memory_back
from ingest.errors import SecondPassError

PAUSE_S = 5.0  # before another attempt, after a fault outside any one document; cut short by `wake`

log = logging.getLogger(__name__)


class Worker:
    """Calls `work` until it says that nothing waits, then sleeps until woken.

    A daemon thread: ending the process never waits for a long file, which is taken up again at the next start.
    """

    def __init__(self, *, work: Callable[[], bool]) -> None:
        self._work = work
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._done = threading.Condition()
        self._finished = 0
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="ingest-worker", daemon=True)

    @property
    def finished_count(self) -> int:
        """How many pieces of work have ended; grows only."""
        with self._done:
            return self._finished

    @property
    def trouble(self) -> str:
        """What keeps it from working just now (a full disk, a locked database), in a sentence; "" while all is well."""
        with self._done:
            return self._trouble

    def start(self) -> None:
        if not self._thread.is_alive():
            self._thread.start()
            self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Take up nothing new, and wait a while for the piece in hand."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def wait_for_next(self, seen: int, timeout_s: float = 1.0) -> None:
        """Block until more than `seen` pieces have ended, nothing can be done just now, or the time is over."""
        with self._done:
            self._done.wait_for(lambda: self._finished > seen or bool(self._trouble), timeout_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self._stop.is_set():
                try:
                    worked = self._work()
                except BaseException as error:  # not Exception: a panic of native code in Rust is none
                    # A fault outside any one document (a locked database): the queue is in SQL, nothing is lost.
                    if isinstance(error, SecondPassError):
                        log.warning("the ingest worker waits: %s", error)
                        self._say(str(error))
                    else:
                        log.exception("the ingest worker met an error and tries again")
                        self._say(f"An unexpected error ({type(error).__name__}); see the log.")
                    self._wake.wait(PAUSE_S)
                    self._wake.clear()
                    continue
                if worked:
                    give_memory_back()
                self._say("", finished=worked)
                if not worked:
                    break

    def _say(self, trouble: str, *, finished: bool = False) -> None:
        with self._done:
            self._trouble = trouble
            self._finished += finished
            self._done.notify_all()
