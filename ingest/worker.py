"""One background thread that works through the queue in SQL; the table is the outbox, this holds no state."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

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
        self._thread = threading.Thread(target=self._run, name="ingest-worker", daemon=True)

    @property
    def finished_count(self) -> int:
        """How many pieces of work have ended; grows only."""
        with self._done:
            return self._finished

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
        """Block until more than `seen` pieces have ended, or the time is over."""
        with self._done:
            self._done.wait_for(lambda: self._finished > seen, timeout_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self._stop.is_set():
                try:
                    worked = self._work()
                except BaseException:  # not Exception: a panic of native code in Rust is none
                    # A fault outside any one document (a locked database): the queue is in SQL, nothing is lost.
                    log.exception("the ingest worker met an error and tries again")
                    self._stop.wait(5.0)
                    continue
                if not worked:
                    break
                with self._done:
                    self._finished += 1
                    self._done.notify_all()
