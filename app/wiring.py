"""The only place that names concrete classes: settings in, one open application out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.application import Application
from app.background_models import BackgroundModels
from app.backup import finish_restore
from app.data_directory import close_to_others, hold
from app.learning import current_fusion, current_precise
from app.model_family import MODELS, embedder_fingerprint, family_in_use, open_embedder
from app.settings import Settings

if TYPE_CHECKING:
    from ingest.documents import EncodedChunk
    from ingest.library import Library
    from ingest.protocols import TokenVectors
    from ingest.store.reconcile import Stores
    from rag.engine import Engine, Options
    from rag.rerank.options import RerankOptions
    from rag.rerank.protocol import Reranker
    from rag.rerank.registry import Rerankers


def open_application(settings: Settings, *, background: bool = False) -> Application:
    """Open the library in the data directory and everything on top of it.

    background: load the models in a thread and work on what waits (a server); otherwise the models load with the first
    use, and work begins with the first document that is added. Raises LibraryInUse when another process has the data
    directory, UnknownName for a reranker that there is not.
    """
    from app.process import prepare_process
    from rag.rerank.options import RerankOptions
    from rag.rerank.registry import family_of

    prepare_process(settings.server.log_level)
    options = settings.models
    device = "cpu" if options.device == "auto" else options.device
    models = BackgroundModels(lambda: open_embedder(settings, threads=options.threads, device=device))
    release = hold(settings.library.home)
    try:
        notes = (close_to_others(settings.library.home), finish_restore(settings.library.home))
        for stage in settings.ranking.cascade:
            family_of(stage.reranker)  # a misspelt name is said now, not with every question
        stores = open_store(settings, models, notes=notes)
        rerank_options = RerankOptions(
            token_vectors=stores.tokens,
            precise_folder=MODELS / "precise",
            models=settings.models,
            chat=settings.answer,
            vendors=settings.vendors,
            timeout_s=settings.ranking.timeout_s,
            cache=stores.sql.scores,
        )
        library = open_library(settings, stores, models)
        engine = open_engine(settings, stores, models, rerank_options)
        library.open()
        if background:
            models.start()
            library.start()
    except BaseException:
        release()
        raise
    return Application(
        settings=settings,
        engine=engine,
        library=library,
        store=stores.sql.documents,
        journal=stores.sql.journal,
        versions=stores.sql.versions,
        models=models,
        rerank_options=rerank_options,
        release=release,
    )


def open_store(settings: Settings, models: BackgroundModels, *, notes: Sequence[str] = ()) -> Stores:
    """What is kept: the database, which is the truth, and every index that is made from it.

    notes: what was met on the way here, for the report of the start; "" is nothing.
    """
    from ingest.embed.token_projection import trained_projection
    from ingest.store.dense.chroma import ChromaIndex
    from ingest.store.keywords.tantivy import TantivyIndex
    from ingest.store.reconcile import Stores, open_or_move_aside
    from ingest.store.sql.store import open_store as open_sql
    from ingest.store.tokens.mapped_files import TokenIndex

    home, embedding, family = settings.library.home, settings.models.embedding, family_in_use(settings)
    fingerprint = embedder_fingerprint(settings)
    sql = open_sql(home, most_scores=settings.library.scores_kept, traces_days=settings.library.traces_days)
    vectors, vectors_note = open_or_move_aside(
        lambda: ChromaIndex(home / "vectors", fingerprint=fingerprint, key_of=sql.collections.key), home / "vectors"
    )
    keywords, keywords_note = open_or_move_aside(
        lambda: TantivyIndex(home / "keywords", key_of=sql.collections.key), home / "keywords"
    )
    projection = trained_projection(family.fast) if embedding == "builtin" else models.embedder().projection
    return Stores(
        sql=sql,
        vectors=vectors,
        keywords=keywords,
        tokens=TokenIndex(home / "tokens", fingerprint=fingerprint, projection=projection),
        embedder=models.embedder,
        embedder_fingerprint=fingerprint,
        notes=tuple(filter(None, (*notes, vectors_note, keywords_note))),
    )


def open_library(settings: Settings, stores: Stores, models: BackgroundModels) -> Library:
    """What adds files to the stores, with two readers in processes of their own. Nothing is read until it is opened."""
    from ingest.library import Library
    from ingest.read.sandbox import Reader

    return Library(
        stores=stores,
        reader=Reader(settings.read),
        pictures=Reader(settings.read),
        embedder=models.embedder,
        splitting=settings.passages,
    )


def open_engine(settings: Settings, stores: Stores, models: BackgroundModels, rerank_options: RerankOptions) -> Engine:
    """The way of a question over those stores, with the models that are in use when it is asked."""
    from ingest.store.tokens.in_memory import TokensInMemory
    from rag.answer.generate import OpenAIGenerator
    from rag.engine import Engine, Parts
    from rag.english_only import EnglishOnly, english_only
    from rag.refuse import read_calibration
    from rag.rerank.registry import Rerankers
    from rag.texts import sentence_scores

    journal, versions, family = stores.sql.journal, stores.sql.versions, family_in_use(settings)
    home, servers = settings.library.home, tuple(stage.reranker for stage in settings.ranking.cascade)

    reads_english = family.name == "english" and settings.models.embedding == "builtin"
    english = ("builtin", "late-interaction") if reads_english else ("builtin",)

    @lru_cache(maxsize=2)  # the version in use, and the one before it while questions are on their way
    def rerankers(precise_folder: Path) -> Rerankers:
        return Rerankers(replace(rerank_options, precise_folder=precise_folder), servers=servers)

    def reranker(name: str, options: Options) -> Reranker:
        _, folder = current_precise(versions, home)
        found = rerankers(folder).get(name, budget_ms=options.budget_ms, cached=options.score_cache)
        return EnglishOnly(inner=found) if name in english else found

    def tokens_of(chunks: Sequence[EncodedChunk]) -> TokenVectors:
        return TokensInMemory(chunks, models.embedder().projection)

    def score_sentences(question: str, sentences: Sequence[str]) -> NDArray[np.float64]:
        return sentence_scores(question, sentences, embedder=models, tokens_of=tokens_of)

    parts = Parts(
        embedder=models,
        store=stores.sql.documents,
        journal=journal,
        dense=stores.vectors,
        bm25=stores.keywords,
        fusion=lambda: current_fusion(versions, home, family),
        precise_version=lambda: current_precise(versions, home)[0],
        reranker=reranker,
        score_sentences=score_sentences,
        tokens_of=tokens_of,
        unreadable=english_only if reads_english else lambda question, passages: "",
        calibration=read_calibration(family.calibration),
        generator=OpenAIGenerator(settings.answer) if settings.answer.configured else None,
    )
    return Engine(parts, settings.ranking)
