"""May a candidate take the place of what is in use? Only when unseen marks gain and no shipped golden falls."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.fuse import LinearFusion
from rag.measure.significance import Difference

MINIMUM_MARKS = 20
TOLERANCE = 0.01  # nDCG@10 that the shipped goldens may move before it counts as a fall
CHANCE = 0.01  # p of the paired test up to which a gain counts: learning is tried again and again


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A candidate and the case for or against it. `feedback` compares nDCG@10 on questions it did not learn from
    (each paraphrase group counts once), `shipped` on the shipped goldens; None where there was nothing to compare."""

    fusion: LinearFusion
    stage: str
    marks: int
    questions: int
    feedback: Difference | None
    shipped: Difference | None
    promoted: bool
    reason: str

    def to_json(self) -> dict[str, Any]:
        """What the journal keeps as a version's scores."""
        return {
            "stage": self.stage,
            "marks": self.marks,
            "questions": self.questions,
            "feedback_ndcg@10": self.feedback and asdict(self.feedback),
            "shipped_ndcg@10": self.shipped and asdict(self.shipped),
            "promoted": self.promoted,
            "reason": self.reason,
        }


def undecided(present: LinearFusion, stage: str, marks: int, questions: int, needed: int) -> Learned:
    """What is said of too few marks."""
    return Learned(
        fusion=present,
        stage=stage,
        marks=marks,
        questions=questions,
        feedback=None,
        shipped=None,
        promoted=False,
        reason=f"not enough marks yet: {marks} of {needed}, on {questions} questions with known evidence",
    )


def falls(guard: Difference | None) -> bool:
    """Whether the shipped goldens lose more than TOLERANCE."""
    return guard is not None and guard.difference < -TOLERANCE


def decision(feedback: Difference, shipped: Difference | None) -> tuple[bool, str]:
    """Whether a candidate may take the present model's place, and the sentence that says why or why not."""
    gain = (
        f"nDCG@10 on unseen feedback {feedback.before:.3f} → {feedback.after:.3f}"
        f" (difference {feedback.difference:+.3f}, {feedback.low:+.3f} to {feedback.high:+.3f})"
    )
    if not feedback.real or feedback.p > CHANCE:
        return False, f"kept aside: {gain}, which {'is worse' if feedback.high < 0 else 'may be chance'}"
    if shipped is None:
        return False, f"kept aside: {gain}, but there are no shipped goldens to check it against"
    if falls(shipped):
        return False, f"kept aside: {gain}, but the shipped goldens fall {shipped.before:.3f} → {shipped.after:.3f}"
    return True, f"better: {gain}; shipped goldens {shipped.before:.3f} → {shipped.after:.3f}"


def group_means(values: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """One value per paraphrase group, so that a question asked fifty times does not vote fifty times."""
    _, place = np.unique(groups, return_inverse=True)
    return np.bincount(place, weights=values) / np.bincount(place)
