"""Each reranking stage reads what the one before it passes on: a fast one all candidates, a precise one the best few.

A reranker that fails, times out or is missing never fails the question: the previous stage's order stands, no score
is made up, and the step says what happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ingest.documents import Query
from ingest.errors import RerankerFailed, SecondPassError
from rag.fuse import LinearFusion
from rag.policies import Applied, ambiguity_gate, fold_duplicates
from rag.ranking import Ranking
from rag.rerank.protocol import Reranker, Scores
from rag.stages import FOLDING, GATE, OFF, Kind, Stage
from rag.tracing import Step

# Its threads start when they are needed and are used again: OpenMP makes a team of threads for each new thread that
# computes, which made 20 pairs a fifth slower (measured). A timed-out call keeps its thread until its client gives up.
_STAGES = ThreadPoolExecutor(max_workers=64, thread_name_prefix="rerank")

Make = Callable[[str], Reranker]  # a reranker's name → the reranker


def run_stages(
    stages: Sequence[Stage],
    query: Query,
    ranking: Ranking,
    make: Make,
    fusion: LinearFusion,
    *,
    fold: bool,
    gate_margin: float | None,
) -> list[Step]:
    """Every stage's step, and those of the policies between them, which stand after the first stage.

    fold: near-duplicates are folded there, so that no later stage pays for reading them. gate_margin: where the first
    passage leads by more standard deviations than this, no later stage reads anything; None reads always.
    """
    first = rerank(stages[0], query, ranking.top(stages[0].reads), make, fusion)
    steps = [first]
    if fold:
        steps.append(policy(FOLDING, fold_duplicates, first.ranking))
    shut = ""
    if gate_margin is not None:
        steps.append(policy(GATE, lambda order: ambiguity_gate(order, first.name, gate_margin), steps[-1].ranking))
        shut = steps[-1].note
    for before, stage in pairwise(stages):
        passed_on = steps[-1].ranking.top(before.keeps).top(stage.reads)
        steps.append(_skipped(stage, passed_on, note=shut) if shut else rerank(stage, query, passed_on, make, fusion))
    return steps


def rerank(stage: Stage, query: Query, ranking: Ranking, make: Make, fusion: LinearFusion) -> Step:
    """The passages of `ranking` in the stage's order.

    A reranker may leave a candidate unread (NaN, when its time budget ran out): those follow in their previous
    order, after all that were read, without a mark of this stage.
    """
    started = time.perf_counter()
    if stage.reranker == OFF:
        return _skipped(stage, ranking, note="switched off")
    if not len(ranking):
        return _skipped(stage, ranking)
    try:
        scores = _with_timeout(lambda: make(stage.reranker).score(query, ranking.chunks), stage)
    except SecondPassError as error:
        ms = (time.perf_counter() - started) * 1000
        note = f"{error} The order is the previous stage's."
        return replace(_skipped(stage, ranking, note=note), ms=ms, degraded=True)
    ordered, unread = _ordered(stage, query, ranking, scores, fusion)
    note = scores.note
    if unread and "budget_ms" in scores.details:
        read = f"read {len(ranking) - unread} of {len(ranking)} within its time budget"
        note = " ".join(filter(None, (note, read)))
    return replace(
        _skipped(stage, ordered, note=note),
        ms=(time.perf_counter() - started) * 1000,
        scored=int(scores.details.get("scored", len(ranking) - unread)),
        details=scores.details,
    )


def policy(name: str, apply: Callable[[Ranking], Applied], ranking: Ranking) -> Step:
    """What a policy makes of an order, as a step with its time."""
    started = time.perf_counter()
    result = apply(ranking)
    return Step(
        name=name,
        kind=Kind.POLICY,
        ms=(time.perf_counter() - started) * 1000,
        ranking=result.ranking,
        intake=len(ranking),
        note=result.note,
    )


def _skipped(stage: Stage, ranking: Ranking, *, note: str = "") -> Step:
    """The step of a stage that read nothing: the order stays."""
    return Step(
        name=stage.name,
        kind=Kind.RERANK,
        ms=0.0,
        ranking=ranking,
        intake=len(ranking),
        starts_from=stage.starts_from,
        note=note,
        model=stage.reranker,
    )


def _ordered(stage: Stage, query: Query, read: Ranking, scores: Scores, fusion: LinearFusion) -> tuple[Ranking, int]:
    """The order by score, and how many the reranker left unread."""
    known = ~np.isnan(scores.values)
    kept = Ranking(candidates=tuple(c for c, ok in zip(read, known, strict=True) if ok))
    left = tuple(c for c, ok in zip(read, known, strict=True) if not ok)
    values = np.asarray(scores.values, dtype=np.float64)[known]
    if stage.fused and fusion.weights.get(stage.name):
        ordered = fusion.reorder(stage.name, query.text, kept, {stage.signal: values})
    else:
        parts = [{stage.signal: float(value)} for value in values]
        ordered = kept.reordered(stage.name, values, parts)
    return replace(ordered, candidates=ordered.candidates + left), len(left)


def _with_timeout(work: Callable[[], Scores], stage: Stage) -> Scores:
    future = _STAGES.submit(work)
    try:
        return future.result(timeout=stage.timeout_s)
    except FutureTimeout:
        future.cancel()
        raise RerankerFailed(f"{stage.reranker} timed out after {stage.timeout_s:g} s.") from None
