"""`second-pass bench feedback`: do thumbs make the next answer better? A simulation that can be run again.

Simulated people ask questions whose evidence is known and mark one passage of each as relevant: the best-placed
evidence, or, in a share of the questions (noise), a passage that is none. What is learned from them goes the way of
real feedback and is measured on questions that nobody asked. Two further crowds must not do any harm: one marks at
random, one always marks the best-placed wrong passage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import SecondPassError
from rag.fuse import LinearFusion
from rag.learn.decide import MINIMUM_MARKS
from rag.learn.fusion_weights import Fit, learn_from_lists
from rag.learn.paraphrases import paraphrase_groups
from rag.learn.precise_model import PRECISE_MINIMUM_MARKS, Teacher, learn_precise_from_lists, rescored
from rag.learn.signal_lists import UNJUDGED, SignalList, ndcg, signal_list
from rag.measure.goldens import Golden
from rag.stages import PRECISE
from rag.tracing import Trace

MARKS = (0, 20, 50, 100, 200, 400)
CROWDS = ("honest", "random", "adversarial")
NOISE = 0.2
UNSEEN = 0.4  # the share of the questions that nobody asks before the end
SEEDS = 5
LEAST_USABLE = 0.8  # marks on questions whose evidence was never found cannot be learned from


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
            f"{self.questions} questions, {self.unseen} of them unseen; one mark a question, {self.noise:.0%} wrong",
            f"{'crowd':<13}{'marks':>6}{'shipped':>9}{'learned':>9}{'in use':>8}{'gain':>8}  promoted  harmed",
        ]
        for row in self.points:
            lines.append(
                f"{row.crowd:<13}{row.marks:>6}{row.shipped:>9.3f}{row.candidate:>9.3f}{row.in_use:>8.3f}"
                f"{row.in_use - row.shipped:>+8.3f}  {row.promoted} of {row.seeds}    {row.harmed}"
            )
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What a learner made of marks: how good it is on a list (nDCG@10), and whether it was promoted."""

    quality: Callable[[SignalList], float]
    promoted: bool


# (marked lists, their paraphrase groups, seed) → what came of it, or None where the marks are too few.
Learner = Callable[[Sequence[SignalList], NDArray[np.int64], int], Taught | None]


def fusion_learner(present: LinearFusion, *, shipped: Sequence[SignalList], fit: Fit, stage: str = PRECISE) -> Learner:
    """Feedback moves the weights of one stage (rag/learn/fusion_weights.py)."""

    def learn(lists: Sequence[SignalList], groups: NDArray[np.int64], seed: int) -> Taught | None:
        if len(lists) < MINIMUM_MARKS * LEAST_USABLE:
            return None
        found = learn_from_lists(
            lists, groups, present, shipped=shipped, fit=fit, version="simulated", stage=stage, seed=seed
        )
        return Taught(quality=lambda row: ndcg(row, found.fusion.weights[stage]), promoted=found.promoted)

    return learn


def precise_learner(
    present: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    teacher: Teacher,
    fit: Fit,
    folder: Path,
    fewer: Learner,
    say: Callable[[str], None] = lambda line: None,
) -> Learner:
    """Feedback teaches the cross-encoder (rag/learn/precise_model.py) in minutes; with too few marks `fewer` learns."""

    def learn(lists: Sequence[SignalList], groups: NDArray[np.int64], seed: int) -> Taught | None:
        if len(lists) < PRECISE_MINIMUM_MARKS * LEAST_USABLE:
            return fewer(lists, groups, seed)
        found, model = learn_precise_from_lists(
            lists,
            groups,
            present,
            shipped=shipped,
            teacher=teacher,
            fit=fit,
            folder=folder,
            version="simulated",
            seed=seed,
            say=say,
        )
        say(found.reason)
        weights = found.fusion.weights[found.stage]
        return Taught(quality=lambda row: ndcg(rescored(row, model, teacher), weights), promoted=found.promoted)

    return learn


def simulate(
    asked: Sequence[tuple[Golden, Trace]],
    present: LinearFusion,
    learn: Learner,
    *,
    stage: str = PRECISE,
    marks: Sequence[int] = MARKS,
    crowds: Sequence[str] = CROWDS,
    noise: float = NOISE,
    seeds: int = SEEDS,
    say: Callable[[str], None] = lambda line: None,
) -> FeedbackBench:
    """Learning curves over goldens with the traces that `present` gave them.

    The learner's shipped goldens must be of other questions. Raises SecondPassError where the stage holds evidence
    for too few questions to simulate anything.
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
            for seed, hidden in enumerate(unseen_of):
                unseen = [row for row, kept_back in zip(lists, hidden, strict=True) if kept_back]
                marked = _marked(lists, np.flatnonzero(~hidden), crowd, count, noise, seed)
                taught = learn([row for _, row in marked], groups[[i for i, _ in marked]], seed) if marked else None
                results.append(_measured(unseen, present, taught, stage))
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


def _marked(
    lists: Sequence[SignalList | None], seen: NDArray[np.int64], crowd: str, count: int, noise: float, seed: int
) -> list[tuple[int, SignalList]]:
    """`count` questions are asked, one mark each; those whose evidence was not found at all teach nothing."""
    rng = np.random.default_rng((seed, count))
    asked = rng.permutation(seen)[:count].tolist()
    return [(i, _judged(row, _mark(row, crowd, noise, rng))) for i in asked if (row := lists[i]) is not None]


def _mark(row: SignalList, crowd: str, noise: float, rng: np.random.Generator) -> int:
    """The place of the passage that a simulated person marks as relevant."""
    if crowd == "random":
        return int(rng.integers(len(row.keys)))
    right = [i for i, key in enumerate(row.keys) if key in row.grades]
    wrong = [i for i, key in enumerate(row.keys) if key not in row.grades]
    if crowd == "adversarial":
        return (wrong or right)[0]
    return int(rng.choice(wrong)) if wrong and rng.random() < noise else right[0]


def _judged(row: SignalList, place: int) -> SignalList:
    """The list as feedback knows it: of the truth, only the mark."""
    labels = np.full(len(row.keys), UNJUDGED)
    labels[place] = 1.0
    return replace(row, labels=labels, grades={row.keys[place]: 1})


def _measured(
    unseen: Sequence[SignalList | None], present: LinearFusion, taught: Taught | None, stage: str
) -> tuple[float, float, float, bool]:
    """nDCG@10 as shipped, of the candidate, of what is in use, and whether it was promoted; a miss counts 0."""
    before = float(np.mean([ndcg(row, present.weights[stage]) if row else 0.0 for row in unseen]))
    if taught is None:
        return before, before, before, False
    after = float(np.mean([taught.quality(row) if row else 0.0 for row in unseen]))
    return before, after, after if taught.promoted else before, taught.promoted


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
