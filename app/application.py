"""One open library with its question path, and how each of its parts is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.model_family import family_note

if TYPE_CHECKING:
    from app.background_models import BackgroundModels
    from app.settings import Settings
    from ingest.library import Library
    from ingest.store.sql.documents import SqlDocuments
    from ingest.store.sql.journal import SqlJournal
    from ingest.store.sql.versions import SqlVersions
    from rag.engine import Engine
    from rag.rerank.options import RerankOptions
    from rag.rerank.registry import Row


@dataclass(frozen=True, kw_only=True)
class Health:
    """How one part is doing. detail: a sentence for the Settings page."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Application:
    """What the pages, the HTTP API and the commands talk to. Close it at the end."""

    settings: Settings
    engine: Engine
    library: Library
    store: SqlDocuments
    journal: SqlJournal
    versions: SqlVersions
    models: BackgroundModels
    rerank_options: RerankOptions
    release: Callable[[], None]

    def known_rerankers(self) -> list[Row]:
        """Every reranker that can be named, whether it can run here and what it sends. Loads nothing."""
        from rag.rerank.registry import known

        return known(self.rerank_options)

    def models_ready(self) -> bool:
        return self.models.ready

    def models_note(self) -> str:
        return self.models.note

    def health(self) -> list[Health]:
        """Each part and how it is doing, without waiting for anything that is still loading."""
        report = self.library.report
        stats = self.store.stats()
        return [
            Health(
                name="Models",
                ok=not self.models.failed,
                detail=" ".join(filter(None, (self.models.note or "loaded", family_note(self.settings)))),
            ),
            Health(
                name="Database", ok=True, detail=f"{stats.chunks:,} passages, {stats.database_bytes / 2**20:.0f} MB"
            ),
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
