"""The only place that names concrete classes: settings in, one open application out."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.settings import Settings
from ingest.errors import LibraryInUse, SecondPassError

if TYPE_CHECKING:
    from ingest.embed import MiniLmEmbedder
    from ingest.journal import SqlJournal
    from ingest.pipeline import Library
    from ingest.store import SqlStore
    from rag.engine import Engine, Options
    from rag.fuse import LinearFusion
    from rag.rerank.protocol import Reranker

log = logging.getLogger(__name__)

MODELS = Path(__file__).resolve().parent.parent / "data" / "models"
LOCK_NAME = "in-use.lock"


@dataclass(frozen=True, kw_only=True)
class Health:
    """How one part is doing. detail: a sentence for the Settings page."""

    name: str
    ok: bool
    detail: str


class Models:
    """The embedding model, loaded once in the background so that the first page need not wait for it."""

    def __init__(self, load: Callable[[], MiniLmEmbedder]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._embedder: MiniLmEmbedder | None = None
        self._error: SecondPassError | None = None

    def start(self) -> None:
        threading.Thread(target=self._quietly, name="load-models", daemon=True).start()

    def embedder(self) -> MiniLmEmbedder:
        """The embedder, waiting for it if it is still loading. Raises ModelMissing every time it cannot load."""
        with self._lock:
            if self._embedder is None:
                self._embedder = self._load()
            return self._embedder

    @property
    def ready(self) -> bool:
        return self._embedder is not None

    @property
    def note(self) -> str:
        if self._error:
            return str(self._error)
        return "" if self.ready else "The models are loading; the first answer waits for them."

    def _quietly(self) -> None:
        try:
            self.embedder().encode_question("warm up")
        except SecondPassError as error:
            self._error = error


@dataclass(frozen=True, kw_only=True)
class Application:
    """One open library with its question path. Close it at the end."""

    settings: Settings
    engine: Engine
    library: Library
    store: SqlStore
    journal: SqlJournal
    models: Models
    release: Callable[[], None]

    def models_ready(self) -> bool:
        return self.models.ready

    def models_note(self) -> str:
        return self.models.note

    def health(self) -> list[Health]:
        """Each part and how it is doing, without waiting for anything that is still loading."""
        report = self.library.report
        stats = self.store.stats()
        return [
            Health(name="Models", ok=not self.models.note or not self.models._error, detail=self.models.note or "loaded"),
            Health(name="Database", ok=True, detail=f"{stats.chunks:,} passages, {stats.database_bytes / 2**20:.0f} MB"),
            Health(name="Indexes", ok=report.healthy, detail=report.text()),
            Health(
                name="Answers",
                ok=True,
                detail=self.engine.parts.generator.name if self.engine.parts.generator else "quoted from the passages",
            ),
        ]

    def close(self) -> None:
        self.library.close()
        self.release()


def build(settings: Settings, *, background: bool = False) -> Application:
    """Open the library in `settings.home` and everything on top of it.

    background: load the models in a thread (the pages); otherwise they load with the first use. Raises LibraryInUse
    when another process has the data directory.
    """
    from filelock import FileLock, Timeout

    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / LOCK_NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LibraryInUse(
            f"Another Second Pass has {settings.home} open. Close it, or give this one a data directory of its own "
            "with SECOND_PASS_HOME."
        ) from None
    except OSError as error:
        raise SecondPassError(
            f"The data directory {settings.home} cannot be written to ({error.strerror}). Choose another with "
            "SECOND_PASS_HOME."
        ) from None
    try:
        return _built(settings, lock.release, background)
    except BaseException:
        lock.release()
        raise
