"""Does each stage earn its milliseconds? Said on the person's own marked questions and goldens, or not said at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.measure.goldens import Golden
from rag.measure.significance import Difference, difference
from rag.measure.stage_measures import stage_values
from rag.tracing import Step, Trace

MINIMUM = 20  # judged questions; with fewer, even a stage that wins two of three cannot be told from chance

# A stage is judged against the one it starts from. The hybrid order starts from dense vectors alone.
STARTS_FROM = {"hybrid": "dense", "fast": "hybrid", "precise": "fast"}

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
    """One verdict per stage, over the questions where that stage really ran.

    judged: questions with known evidence and the trace that answered them: a person's marks (`judged_questions` in
    rag/learn/judged.py), goldens, or both. Marks are mostly given to passages that were shown, which favours the last
    stage; marks on dropped passages and goldens do not.
    """
    found = (_verdict(stage, before, (stage,), judged, metric, minimum) for stage, before in STARTS_FROM.items())
    return tuple(verdict for verdict in found if verdict)


def overall_verdict(
    judged: Sequence[tuple[Golden, Trace]], *, metric: str = "mrr", minimum: int = MINIMUM
) -> Verdict | None:
    """Both rerankers together against the hybrid order; None where no question went through both."""
    return _verdict("precise", "hybrid", ("fast", "precise"), judged, metric, minimum, name="rerankers")


def _verdict(
    stage: str,
    before: str,
    costs: tuple[str, ...],
    judged: Sequence[tuple[Golden, Trace]],
    metric: str,
    minimum: int,
    name: str = "",
) -> Verdict | None:
    # A stage that was switched off changed no order and cost nothing, so it has nothing to answer for.
    asked = [
        (golden, trace)
        for golden, trace in judged
        if trace.step(before) and all((step := trace.step(cost)) and step.model != "none" for cost in costs)
    ]
    if not asked:
        return None
    goldens = [golden for golden, _ in asked]
    old, new = (
        stage_values(goldens, [step.ranking.chunks for step in _steps(asked, side)])[metric] for side in (before, stage)
    )
    result = difference(old, new)
    added = float(np.median([sum(step.ms for step in trace.steps if step.name in costs) for _, trace in asked]))
    return Verdict(
        stage=name or stage,
        compared_with=before,
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
        questions=len(asked),
        needed=minimum,
        enough=len(asked) >= minimum,
        sentence=_sentence(name or stage, metric, result, added, len(asked), minimum),
    )


def _steps(asked: Sequence[tuple[Golden, Trace]], stage: str) -> list[Step]:
    return [step for _, trace in asked if (step := trace.step(stage))]


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
