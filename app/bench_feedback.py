"""`second-pass bench feedback`: do thumbs make the next answer better? A simulation that can be run again.

Simulated people ask questions whose evidence is known and mark passages by it: the best-placed evidence as relevant,
the best-placed other passage as not. A share of the marks is wrong (noise). What is learned from them goes the way of
real feedback (rag/promotion.py) and is measured on questions that nobody asked. Two further crowds must not do any
harm: one marks at random, one marks the opposite of what is true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import SecondPassError
from rag.feedback import paraphrase_groups
from rag.fuse import LinearFusion
from rag.goldens import Golden
from rag.promotion import MINIMUM_MARKS, UNJUDGED, Fit, Learned, SignalList, learn_from_lists, ndcg, signal_list
from rag.tracing import Trace

MARKS = (0, 20, 50, 100, 200, 400)
CROWDS = ("honest", "random", "adversarial")
NOISE = 0.2
UNSEEN = 0.4  # the share of the questions that nobody asks before the end
SEEDS = 5


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """After `marks` marks of a crowd, over several seeds: mean nDCG@10 on unseen questions, as shipped, of the learned
    candidate, and of what is in use then (the candidate where it was promoted). `harmed` counts the seeds in which
    something was promoted that is worse on the unseen questions than what was shipped."""

    crowd: str
    marks: int
    seeds: int
    shipped: float
    candidate: float
    in_use: float
    promoted: int
    harmed: int


@dataclass(frozen=True, kw_only=True)
class FeedbackBench:
    questions: int
    unseen: int
    noise: float
    points: tuple[CurvePoint, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def table(self) -> str:
        """Plain text for a terminal."""
        lines = [
            f"{self.questions} questions, {self.unseen} of them unseen; {self.noise:.0%} of honest marks are wrong",
            f"{'crowd':<13}{'marks':>6}{'shipped':>9}{'learned':>9}{'in use':>8}{'gain':>8}  promoted  harmed",
        ]
        for row in self.points:
            lines.append(
                f"{row.crowd:<13}{row.marks:>6}{row.shipped:>9.3f}{row.candidate:>9.3f}{row.in_use:>8.3f}"
                f"{row.in_use - row.shipped:>+8.3f}  {row.promoted} of {row.seeds}    {row.harmed}"
            )
        return "\n".join(lines)


def simulate(
    asked: Sequence[tuple[Golden, Trace]],
    present: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    fit: Fit,
    stage: str = "precise",
    marks: Sequence[int] = MARKS,
    crowds: Sequence[str] = CROWDS,
    noise: float = NOISE,
    seeds: int = SEEDS,
    say: Callable[[str], None] = lambda line: None,
) -> FeedbackBench:
    """Learning curves over goldens with the traces that `present` gave them.

    shipped: the lists that guard against harm; they must be of other questions. Raises SecondPassError where the
    stage holds evidence for too few questions to simulate anything.
    """
    lists = [signal_list(golden, trace, stage) for golden, trace in asked]
    groups = paraphrase_groups([golden.question for golden, _ in asked])
    unseen_of = [_unseen(groups, seed) for seed in range(seeds)]
    if sum(row is not None for row in lists) < MINIMUM_MARKS:
        raise SecondPassError(f"The {stage} stage found evidence for too few questions to simulate feedback.")
    points = []
    for crowd in crowds:
        for count in marks:
            results = []
            for seed in range(seeds):
                unseen = [row for row, hidden in zip(lists, unseen_of[seed], strict=True) if hidden]
                seen = [i for i, hidden in enumerate(unseen_of[seed]) if not hidden and lists[i] is not None]
                learned = _learned(lists, groups, seen, present, crowd, count, noise, seed, shipped, fit, stage)
                results.append(_measured(unseen, present, learned, stage))
            points.append(_point(crowd, count, results))
            say(f"{crowd}, {count} marks: {points[-1].shipped:.3f} → {points[-1].in_use:.3f}")
    return FeedbackBench(
        questions=len(asked),
        unseen=int(np.mean([hidden.sum() for hidden in unseen_of])),
        noise=noise,
        points=tuple(points),
    )


def _unseen(groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """(n,) which questions are kept back; paraphrases of each other never sit on both sides."""
    rng = np.random.default_rng(seed)
    names = np.unique(groups)
    kept = rng.choice(names, size=round(UNSEEN * len(names)), replace=False)
    return np.isin(groups, kept)


def _learned(
    lists: Sequence[SignalList | None],
    groups: NDArray[np.int64],
    seen: Sequence[int],
    present: LinearFusion,
    crowd: str,
    count: int,
    noise: float,
    seed: int,
    shipped: Sequence[SignalList],
    fit: Fit,
    stage: str,
) -> Learned | None:
    rng = np.random.default_rng((seed, count))
    marked: list[SignalList] = []
    places: list[int] = []
    spent = 0
    for i in rng.permutation(list(seen)).tolist():
        if spent >= count:
            break
        row = lists[i]
        assert row is not None
        given = _marks(row, crowd, noise, rng)[: count - spent]
        spent += len(given)
        if any(relevant for _, relevant in given):
            marked.append(_judged(row, given))
            places.append(i)
    if spent < MINIMUM_MARKS or len(marked) < 5:
        return None
    return learn_from_lists(
        marked,
        groups[places],
        present,
        shipped=shipped,
        fit=fit,
        version=f"{crowd}-{count}-{seed}",
        stage=stage,
        marks=spent,
        seed=seed,
    )


def _marks(row: SignalList, crowd: str, noise: float, rng: np.random.Generator) -> list[tuple[int, bool]]:
    """What a simulated person marks: (place of the passage, relevant?)."""
    if crowd == "random":
        places = rng.choice(len(row.keys), size=min(2, len(row.keys)), replace=False)
        return [(int(place), bool(rng.random() < 0.5)) for place in places]
    right = next(i for i, key in enumerate(row.keys) if key in row.grades)
    wrong = next((i for i, key in enumerate(row.keys) if key not in row.grades), None)
    marks = [(right, True)] + ([(wrong, False)] if wrong is not None else [])
    wrong_share = 1.0 if crowd == "adversarial" else noise
    return [(place, relevant != bool(rng.random() < wrong_share)) for place, relevant in marks]


def _judged(row: SignalList, marks: Sequence[tuple[int, bool]]) -> SignalList:
    """The list as feedback knows it: of the truth, only the marks."""
    labels = np.full(len(row.keys), UNJUDGED)
    for place, relevant in marks:
        labels[place] = float(relevant)
    return replace(row, labels=labels, grades={row.keys[place]: 1 for place, relevant in marks if relevant})


def _measured(
    unseen: Sequence[SignalList | None], present: LinearFusion, learned: Learned | None, stage: str
) -> tuple[float, float, float, bool]:
    """nDCG@10 as shipped, of the candidate, of what is in use, and whether it was promoted; a miss counts 0."""

    def mean(fusion: LinearFusion) -> float:
        return float(np.mean([ndcg(row, fusion.weights[stage]) if row else 0.0 for row in unseen]))

    before = mean(present)
    if learned is None:
        return before, before, before, False
    after = mean(learned.fusion)
    return before, after, after if learned.promoted else before, learned.promoted


def _point(crowd: str, marks: int, results: Sequence[tuple[float, float, float, bool]]) -> CurvePoint:
    table = np.array([row[:3] for row in results])
    return CurvePoint(
        crowd=crowd,
        marks=marks,
        seeds=len(results),
        shipped=float(table[:, 0].mean()),
        candidate=float(table[:, 1].mean()),
        in_use=float(table[:, 2].mean()),
        promoted=sum(promoted for *_, promoted in results),
        harmed=sum(promoted and after < before - 1e-9 for before, _, after, promoted in results),
    )
