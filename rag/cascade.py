"""Fast, then precise: the fast stage reads all candidates and passes few on; the precise stage reads those.

A reranker that fails, times out or is missing never fails the question: the previous stage's order stands, no score
is made up, and the step says what happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace

import numpy as np

from ingest.documents import Query
from ingest.errors import RerankerFailed, SecondPassError
from rag.fuse import LinearFusion
from rag.policies import ambiguity_gate
from rag.ranking import Ranking
from rag.rerank.protocol import Reranker, Scores
from rag.tracing import Step

# Its threads start when they are needed and are used again: OpenMP makes a team of threads for each new thread that
# computes, which made 20 pairs a fifth slower (measured). A timed-out call keeps its thread until its client gives up.
_STAGES = ThreadPoolExecutor(max_workers=64, thread_name_prefix="rerank")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One reranking stage. signal: the name of its reranker's raw score among the fused signals.

    fusion: the weighted sum that makes the stage's score, or None where the reranker's own score is the order
    (any reranker but the built-in ones: their scale is not the one that the weights were learned on).
    """

    name: str
    reranker_name: str
    make: Callable[[], Reranker]
    signal: str = ""
    fusion: LinearFusion | None = None
    timeout_s: float = 10.0


def rerank(stage: Stage, query: Query, ranking: Ranking, *, cut: int | None = None) -> Step:
    """Order the first `cut` candidates by the stage; what lies beyond the cut is not part of the step.

    A reranker may leave a candidate unread (NaN, when its time budget ran out): those follow in their previous
    order, after all that were read, without a mark of this stage.
    """
    started = time.perf_counter()
    read = ranking.top(cut) if cut else ranking
    if stage.reranker_name == "none":
        return Step(name=stage.name, ms=0.0, ranking=read, note="switched off", model="none")
    if not len(read):
        return Step(name=stage.name, ms=0.0, ranking=read, model=stage.reranker_name)
    try:
        scores = _with_timeout(lambda: stage.make().score(query, read.chunks), stage)
    except SecondPassError as error:
        ms = (time.perf_counter() - started) * 1000
        note = f"{error} The order is the previous stage's."
        return Step(name=stage.name, ms=ms, ranking=read, note=note, model=stage.reranker_name, degraded=True)
    ordered, unread = _ordered(stage, query, read, scores)
    note = scores.note
    if unread and "budget_ms" in scores.details:
        note = " ".join(filter(None, (note, f"read {len(read) - unread} of {len(read)} within its time budget")))
    return Step(
        name=stage.name,
        ms=(time.perf_counter() - started) * 1000,
        ranking=ordered,
        note=note,
        scored=int(scores.details.get("scored", len(read) - unread)),
        model=stage.reranker_name,
        details=scores.details,
    )


def gated(step: Step, stage: Stage, margin: float | None, cut: int) -> Step | None:
    """The skipped precise step when the first leads the second by more than `margin` standard deviations, else None."""
    if margin is None:
        return None
    skip, note = ambiguity_gate(step.ranking, step.name, margin)
    if not skip:
        return None
    return Step(name=stage.name, ms=0.0, ranking=step.ranking.top(cut), note=note, model=stage.reranker_name)


def _ordered(stage: Stage, query: Query, read: Ranking, scores: Scores) -> tuple[Ranking, int]:
    known = ~np.isnan(scores.values)
    kept = Ranking(candidates=tuple(c for c, ok in zip(read, known, strict=True) if ok))
    left = tuple(c for c, ok in zip(read, known, strict=True) if not ok)
    values = np.asarray(scores.values, dtype=np.float64)[known]
    if stage.fusion and stage.fusion.weights.get(stage.name):
        ordered = stage.fusion.reorder(stage.name, query.text, kept, {stage.signal: values})
    else:
        parts = [{stage.signal or stage.reranker_name: float(value)} for value in values]
        ordered = kept.reordered(stage.name, values, parts)
    return replace(ordered, candidates=ordered.candidates + left), len(left)


def _with_timeout(work: Callable[[], Scores], stage: Stage) -> Scores:
    future = _STAGES.submit(work)
    try:
        return future.result(timeout=stage.timeout_s)
    except FutureTimeout:
        future.cancel()
        raise RerankerFailed(f"{stage.reranker_name} timed out after {stage.timeout_s:g} s.") from None
