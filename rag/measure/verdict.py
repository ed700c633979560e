"""Does each stage earn its milliseconds? Said on the person's own marked questions and goldens, or not said at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.measure.goldens import Golden
from rag.measure.significance import Difference, difference
from rag.measure.stage_measures import stage_values
from rag.stages import OFF
from rag.tracing import Step, Trace

MINIMUM = 20  # judged questions; with fewer, even a stage that wins two of three cannot be told from chance

_PRINTED = {"mrr": "MRR", "ndcg@10": "nDCG@10", "precision@1": "P@1", "hit@5": "hit@5"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a stage did to `metric` over `questions` judged questions: before → after, the difference with its 95 %
    interval, and the milliseconds it added at the median. `enough` is false below the stated number of questions;
    the figures are then there but prove nothing."""

    stage: str
    compared_with: str
    before: float
    after: float
    metric: str
    difference: float
    low: float
    high: float
    better: int
    worse: int
    same: int
    added_ms: float
    questions: int
    needed: int
    enough: bool
    sentence: str

    @property
    def earns_its_time(self) -> bool | None:
        """True or False where the interval lies on one side of 0, None where nothing is proven."""
        if not self.enough or self.low <= 0 <= self.high:
            return None
        return self.low > 0


def verdicts(
    judged: Sequence[tuple[Golden, Trace]], *, metric: str = "mrr", minimum: int = MINIMUM
) -> tuple[Verdict, ...]:
    """One verdict per stage against the order that it starts from, over the questions where it really ran.

    judged: questions with known evidence and the trace that answered them: a person's marks (`judged_questions` in
    rag/learn/judged.py), goldens, or both. Marks are mostly given to passages that were shown, which favours the last
    stage; marks on dropped passages and goldens do not.
    """
    names = dict.fromkeys(stage.name for _, trace in judged for stage in trace.stages)
    every = (_stage_verdict(name, judged, metric, minimum) for name in names)
    return tuple(verdict for verdict in every if verdict)


def overall_verdict(
    judged: Sequence[tuple[Golden, Trace]], *, metric: str = "mrr", minimum: int = MINIMUM
) -> Verdict | None:
    """All rerankers together against the order that they began with; None where no question went through all of its
    stages."""
    rows = [
        (golden, trace.fusion, trace.rerankers[-1], sum(step.ms for step in trace.rerankers))
        for golden, trace in judged
        if trace.fusion and trace.rerankers and all(step.model != OFF for step in trace.rerankers)
    ]
    return _verdict("rerankers", rows, metric, minimum)


Row = tuple[Golden, Step, Step, float]  # a question, the order before, the order after, what it cost in ms


def _stage_verdict(name: str, judged: Sequence[tuple[Golden, Trace]], metric: str, minimum: int) -> Verdict | None:
    """Over the questions where the stage started from the same order as it did in the first of them."""
    rows: list[Row] = []
    for golden, trace in judged:
        stage = trace.step(name)
        start = trace.start_of(stage) if stage else None
        # A stage that was switched off changed no order and cost nothing, so it has nothing to answer for.
        if stage and start and stage.model != OFF and start.name == (rows[0][1].name if rows else start.name):
            rows.append((golden, start, stage, stage.ms))
    return _verdict(name, rows, metric, minimum)


def _verdict(name: str, rows: Sequence[Row], metric: str, minimum: int) -> Verdict | None:
    if not rows:
        return None
    goldens = [golden for golden, *_ in rows]
    old = stage_values(goldens, [before.ranking.chunks for _, before, _, _ in rows])[metric]
    new = stage_values(goldens, [after.ranking.chunks for _, _, after, _ in rows])[metric]
    result = difference(old, new)
    added = float(np.median([ms for *_, ms in rows]))
    return Verdict(
        stage=name,
        compared_with=rows[0][1].name,
        before=result.before,
        after=result.after,
        metric=metric,
        difference=result.difference,
        low=result.low,
        high=result.high,
        better=result.better,
        worse=result.worse,
        same=result.same,
        added_ms=added,
        questions=len(rows),
        needed=minimum,
        enough=len(rows) >= minimum,
        sentence=_sentence(name, metric, result, added, len(rows), minimum),
    )


def _sentence(stage: str, metric: str, result: Difference, added_ms: float, count: int, minimum: int) -> str:
    if count < minimum:
        return f"{stage}: not enough marks yet ({count} of {minimum} questions)."
    if result.low > 0:
        judgement = "earns its time"
    elif result.high < 0:
        judgement = "makes the order worse"
    else:
        judgement = "no proof that it helps"
    return (
        f"{stage}: {judgement}. {_PRINTED.get(metric, metric)} {result.before:.2f} → {result.after:.2f},"
        f" interval of the difference {_signed(result.low)} to {_signed(result.high)};"
        f" {result.better} better, {result.worse} worse, {result.same} the same, +{added_ms:.0f} ms."
    )


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def verdict_without_marks(minimum: int = MINIMUM) -> str:
    """What is said where nothing was judged at all."""
    return f"Not enough marks yet (0 of {minimum} questions)."
