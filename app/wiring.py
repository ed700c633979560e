"""The only place that names concrete classes: settings in, one open application out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.learning import MODELS, current_fusion, current_precise
from app.settings import Settings
from ingest.errors import LibraryInUse, SecondPassError

if TYPE_CHECKING:
    from ingest.documents import EncodedText
    from ingest.embed.transformer import MiniLmEmbedder
    from ingest.pipeline import Library
    from ingest.store.sql.documents import SqlStore
    from ingest.store.sql.journal import SqlJournal
    from rag.engine import Engine, Options
    from rag.rerank.options import RerankOptions
    from rag.rerank.protocol import Reranker
    from rag.rerank.registry import Row

log = logging.getLogger(__name__)

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

    def encode_question(self, text: str) -> EncodedText:
        return self.embedder().encode_question(text)

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> list[EncodedText]:
        return self.embedder().encode_passages(texts, progress)

    def count_tokens(self, text: str) -> int:
        return self.embedder().count_tokens(text)

    @property
    def fingerprint(self) -> str:
        return self.embedder().fingerprint

    @property
    def ready(self) -> bool:
        return self._embedder is not None

    @property
    def failed(self) -> bool:
        return self._error is not None

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
            Health(name="Models", ok=not self.models.failed, detail=self.models.note or "loaded"),
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


def build(settings: Settings, *, background: bool = False) -> Application:
    """Open the library in `settings.home` and everything on top of it.

    background: load the models in a thread (the pages); otherwise they load with the first use. Raises LibraryInUse
    when another process has the data directory.
    """
    from filelock import FileLock, Timeout

    from app.process import prepare_process

    prepare_process()
    lock = FileLock(settings.home / LOCK_NAME)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
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


def _built(settings: Settings, release: Callable[[], None], background: bool) -> Application:
    from ingest.embed.token_projection import trained_projection
    from ingest.embed.transformer import MiniLmEmbedder, embedder_fingerprint
    from ingest.pipeline import Library, Splitting
    from ingest.read.limits import Limits
    from ingest.read.sandbox import Reader
    from ingest.store.dense.chroma import ChromaIndex
    from ingest.store.files.folder import Files
    from ingest.store.keywords.tantivy import TantivyIndex
    from ingest.store.reconcile import Stores, open_or_move_aside
    from ingest.store.sql.database import open_database
    from ingest.store.sql.documents import SqlStore
    from ingest.store.sql.journal import SqlJournal
    from ingest.store.tokens.mapped_files import TokenIndex
    from rag.engine import Engine, Options, Parts
    from rag.refuse import read_calibration
    from rag.rerank.options import RerankOptions
    from rag.rerank.registry import Rerankers, family_of

    for name in (settings.fast, settings.precise):
        family_of(name)  # a misspelt name is said now, not with every question
    home, fast_folder = settings.home, MODELS / "fast"
    database = open_database(home)
    store = SqlStore(database, Files(home / "files"))
    journal = SqlJournal(database)
    device = "cpu" if settings.device == "auto" else settings.device
    models = Models(
        lambda: MiniLmEmbedder(settings.embedding, fast_model_dir=fast_folder, threads=settings.threads, device=device)
    )
    fingerprint = embedder_fingerprint(settings.embedding, fast_model_dir=fast_folder)
    vectors, vectors_note = open_or_move_aside(
        lambda: ChromaIndex(home / "vectors", fingerprint=fingerprint, key_of=store.collection_key), home / "vectors"
    )
    keywords, keywords_note = open_or_move_aside(
        lambda: TantivyIndex(home / "keywords", key_of=store.collection_key), home / "keywords"
    )
    projection = trained_projection(fast_folder) if settings.embedding == "builtin" else models.embedder().projection
    tokens = TokenIndex(home / "tokens", fingerprint=fingerprint, projection=projection)
    stores = Stores(
        store=store,
        vectors=vectors,
        keywords=keywords,
        tokens=tokens,
        embedder=models.embedder,
        embedder_fingerprint=fingerprint,
        notes=tuple(filter(None, (vectors_note, keywords_note))),
    )
    limits = Limits(
        file_mb=settings.max_file_mb,
        pages=settings.max_pages,
        memory_mb=settings.parse_memory_mb,
        cpu_seconds=settings.parse_cpu_seconds,
        wall_seconds=settings.parse_wall_seconds,
    )
    library = Library(
        store=store,
        journal=journal,
        stores=stores,
        reader=Reader(limits),
        pictures=Reader(limits),
        embedder=models.embedder,
        embedder_fingerprint=fingerprint,
        splitting=Splitting(tokens=settings.chunk_tokens, overlap=settings.chunk_overlap),
    )
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    rerank_options = RerankOptions(
        token_vectors=tokens,
        precise_folder=MODELS / "precise",
        device=settings.device,
        backend=settings.backend,
        threads=settings.threads,
        timeout_s=settings.reranker_timeout,
        cache=journal,
        llm_api_key=key,
        llm_base_url=settings.openai_base_url or "",
    )

    @lru_cache(maxsize=2)  # the version in use, and the one before it while questions are on their way
    def rerankers(precise_folder: Path) -> Rerankers:
        return Rerankers(
            replace(rerank_options, precise_folder=precise_folder), servers=(settings.fast, settings.precise)
        )

    def reranker(name: str, options: Options) -> Reranker:
        _, folder = current_precise(journal, home)
        return rerankers(folder).get(name, budget_ms=options.budget_ms, cached=options.score_cache)

    def score_sentences(question: str, sentences: Sequence[str]) -> NDArray[np.float64]:
        from ingest.documents import Query
        from rag.texts import text_similarities

        embedder = models.embedder()
        return text_similarities(Query(text=question, encoded=embedder.encode_question(question)), sentences, embedder)

    generator = None
    if key or settings.openai_base_url:
        from rag.answer.generate import OpenAIGenerator

        generator = OpenAIGenerator(
            model=settings.llm_model, key=key, base_url=settings.openai_base_url, timeout_s=settings.llm_timeout
        )
    engine = Engine(
        Parts(
            embedder=models,
            store=store,
            journal=journal,
            dense=vectors,
            bm25=keywords,
            fusion=lambda: current_fusion(journal, home),
            precise_version=lambda: current_precise(journal, home)[0],
            reranker=reranker,
            score_sentences=score_sentences,
            calibration=read_calibration(MODELS / "calibration.json"),
            generator=generator,
        ),
        Options(
            retrieve=settings.retrieve,
            fast=settings.fast,
            fast_keep=settings.fast_keep,
            precise=settings.precise,
            evidence=settings.evidence,
            fusion=settings.fusion,
            gate_margin=settings.gate_margin,
            budget_ms=settings.budget_ms,
            timeout_s=settings.reranker_timeout,
            fold_duplicates=settings.fold_duplicates,
            diversity=settings.diversity,
            per_document=settings.per_document,
            score_cache=settings.score_cache,
            answer_threshold=settings.answer_threshold,
            signals=settings.signals,
        ),
    )
    if background:
        models.start()
    library.open()
    return Application(
        settings=settings,
        engine=engine,
        library=library,
        store=store,
        journal=journal,
        models=models,
        rerank_options=rerank_options,
        release=release,
    )
