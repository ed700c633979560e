"""The recall stage: dense and BM25 side by side, each giving ids that the store turns into passages."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ingest.documents import Chunk, Hit, Query
from ingest.errors import SecondPassError
from ingest.protocols import Index, Store
from rag.ranking import Candidate, Ranking
from rag.stages import PASSAGES, Kind
from rag.tracing import Step

# Two searches for each question that is being asked; threads start when they are needed.
_SEARCHES = ThreadPoolExecutor(max_workers=32, thread_name_prefix="search")


def retrieve(
    query: Query, *, indexes: Sequence[Index], store: Store, limit: int, named: Sequence[str] = ()
) -> list[Step]:
    """One step per index, at most `limit` passages each, and one for fetching the passages. An index that fails gives
    an empty, degraded step.

    named: ids of documents that are searched on their own too; what is found there comes on top of `limit`, at most
    half as many passages again, in its place by score.

    The indexes run side by side; the text of all hits is fetched once, and hits whose document is not ready
    are dropped there, so that what an index still holds of a deleted document is never seen.
    """
    searches = list(_SEARCHES.map(lambda index: _search(index, query, limit, named), indexes))
    wanted = list(dict.fromkeys(hit.chunk_id for hits, _, _ in searches for hit in hits))
    started = time.perf_counter()
    chunks = {chunk.id: chunk for chunk in store.chunks(wanted)}
    lookup = Step(name=PASSAGES, kind=Kind.PREPARATION, ms=(time.perf_counter() - started) * 1000)
    steps = [
        Step(
            name=index.name,
            kind=Kind.RETRIEVAL,
            ms=ms,
            note=note,
            degraded=bool(note),
            ranking=_ranked(index.name, hits, chunks.get),
            model=index.name,
        )
        for index, (hits, ms, note) in zip(indexes, searches, strict=True)
    ]
    return [*steps, lookup]


def _search(index: Index, query: Query, limit: int, named: Sequence[str]) -> tuple[list[Hit], float, str]:
    started = time.perf_counter()
    note = ""
    try:
        hits = index.search(query, limit)
        if named:
            inside = index.search(replace(query, document_ids=tuple(named)), limit // 2)
            known = {hit.chunk_id for hit in hits}
            hits = sorted([*hits, *(hit for hit in inside if hit.chunk_id not in known)], key=lambda hit: -hit.score)
    except SecondPassError as error:  # whatever the store says of itself; the other index answers
        hits, note = [], str(error)
    return hits, (time.perf_counter() - started) * 1000, note


def _ranked(stage: str, hits: list[Hit], chunk_of: Callable[[str], Chunk | None]) -> Ranking:
    scored = [(chunk, hit.score) for hit in hits if (chunk := chunk_of(hit.chunk_id)) is not None]
    unordered = Ranking(candidates=tuple(Candidate(chunk=chunk) for chunk, _ in scored))
    return unordered.reordered(stage, [score for _, score in scored])
