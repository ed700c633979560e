"""One background thread that works through the queue in SQL; the table is the outbox, this holds no state."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable

from ingest.allocator import give_memory_back
from ingest.errors import SecondPassError

PAUSE_S = 5.0  # before another attempt, after a fault outside any one document; cut short by `wake`
LONGEST_PAUSE_S = 300.0  # it doubles while the fault lasts
RENEW_S = 30.0  # well within a claim's lease

log = logging.getLogger(__name__)


class Worker:
    """Calls `work` until it says that nothing waits, then sleeps until woken; meanwhile `renew` keeps its claims.

    It is joined before the process ends, also when nobody called `stop`: a thread that is inside native code while the
    interpreter goes would abort the process. `work` is to return soon once `stopping` is set.
    """

    def __init__(self, *, work: Callable[[], bool], renew: Callable[[], None]) -> None:
        self._work = work
        self._renew = renew
        self.stopping = threading.Event()
        self._wake = threading.Event()
        self._done = threading.Condition()
        self._finished = 0
        self._trouble = ""
        self._starting = threading.Lock()
        self._threads: list[threading.Thread] = []

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
        """Begin to work, if it has not; nothing happens after `stop`."""
        with self._starting:
            if not self._threads and not self.stopping.is_set():
                self._threads = [
                    threading.Thread(target=self._run, name="ingest-worker", daemon=True),
                    threading.Thread(target=self._keep_claims, name="ingest-claims", daemon=True),
                ]
                atexit.register(self.stop)
                for thread in self._threads:
                    thread.start()
                self._wake.set()

    def wake(self) -> None:
        """There is something new to do, or a reason to think that it can be done now: begin, or go on at once."""
        self.start()
        self._say("")
        self._wake.set()

    def stop(self) -> None:
        """Take up nothing new, and wait for the piece in hand to end."""
        self.stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()
        atexit.unregister(self.stop)

    def wait_for_next(self, seen: int, timeout_s: float = 1.0) -> None:
        """Block until more than `seen` pieces have ended, nothing can be done just now, or the time is over."""
        with self._done:
            self._done.wait_for(lambda: self._finished > seen or bool(self._trouble), timeout_s)

    def _run(self) -> None:
        pause = PAUSE_S
        while not self.stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self.stopping.is_set():
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
                    self._wake.wait(pause)
                    self._wake.clear()
                    pause = min(2 * pause, LONGEST_PAUSE_S)
                    continue
                pause = PAUSE_S
                if worked:
                    give_memory_back()
                self._say("", finished=worked)
                if not worked:
                    break

    def _keep_claims(self) -> None:
        while not self.stopping.wait(RENEW_S):
            try:
                self._renew()
            except SecondPassError as error:
                log.warning("the claims of the ingest worker could not be renewed: %s", error)

    def _say(self, trouble: str, *, finished: bool = False) -> None:
        with self._done:
            self._trouble = trouble
            self._finished += finished
            self._done.notify_all()
