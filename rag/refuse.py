"""How likely does the best evidence answer the question? A calibrated "I do not know".

A reranker's score orders passages of one question; it is no probability, and across questions it means little. A
logistic regression on a few signals of the evidence (Platt 1999, with several inputs) is fitted on questions whose
evidence is known and on questions asked of collections that cannot answer them. What is claimed of it is measured on
questions that the fit did not see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.errors import LibraryDamaged
from rag.ranking import Ranking
from rag.stages import OFF, RETRIEVERS
from rag.tracing import Step, Trace

FARTHEST = 3.0  # standard deviations
FEATURES = ("logit_lead", "late", "late_lead", "cosine", "cosine_lead", "choice")


def features(trace: Trace) -> dict[str, float] | None:
    """What the probability is computed from, or None where the stages that it was fitted on did not all run.

    Raw model scores (not fused ones, which are relative to the other candidates): of late interaction and of the
    cosine the best among the evidence; of these and of the cross-encoder's logit how far the best lies above the median
    of all that the stage scored, because a question about something else finds nothing that stands out; and how many
    passages there were to choose from, on a logarithmic scale. The question's words and names in the evidence, the
    agreement of the stages and products of these told the training questions apart better and those of other
    collections worse (measured), so they are left out.
    """
    precise, fast, dense = _read_by(trace, "cross-encoder"), _read_by(trace, "late"), trace.step(RETRIEVERS[1])
    if precise is None or fast is None or precise is not _last_order(trace):
        return None
    logits = _values(trace.evidence, precise.name, "cross-encoder")
    late = _values(trace.evidence, fast.name, "late")
    cosines = _values(trace.evidence, RETRIEVERS[1], "")
    if cosines is None and dense and len(dense.ranking):  # nothing of the evidence is near in meaning
        cosines = np.array([dense.ranking.candidates[-1].marks[-1].score])
    if logits is None or late is None or cosines is None:
        return None
    values = (
        _lead(logits, precise, "cross-encoder"),
        float(late.max()),
        _lead(late, fast, "late"),
        float(cosines.max()),
        _lead(cosines, dense, ""),
        float(np.log(max(1, len(dense.ranking)))) if dense else 0.0,
    )
    return dict(zip(FEATURES, values, strict=True))


def _read_by(trace: Trace, signal: str) -> Step | None:
    """The first stage whose reranker gave this signal."""
    steps = (step for step in trace.rerankers if not step.degraded)
    return next((step for step in steps if _values(step.ranking, step.name, signal) is not None), None)


def _last_order(trace: Trace) -> Step | None:
    """The stage whose order the evidence was chosen from: the last that was not switched off."""
    return next((step for step in reversed(trace.rerankers) if step.model != OFF), None)


def _values(ranking: Ranking, stage: str, part: str) -> NDArray[np.float64] | None:
    """A stage's raw signal, of the passages that have it, None where none has; `part` "" is the stage's own score."""
    marks = [mark for candidate in ranking if (mark := candidate.mark(stage))]
    values = [mark.parts[part] if part else mark.score for mark in marks if not part or part in mark.parts]
    return np.array(values, dtype=np.float64) if values else None


def _lead(best: NDArray[np.float64], step: Step | None, part: str) -> float:
    """How far the best of the evidence lies above the median of all that the stage scored."""
    every = _values(step.ranking, step.name, part) if step else None
    return float(best.max() - np.median(every)) if every is not None else 0.0


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A fitted logistic regression: probability = 1 / (1 + exp(−(intercept + Σ weight · (value − mean) / spread))).

    `threshold` is where, on questions that the fit did not see, at most FALSE_REFUSALS of the answerable ones were
    turned away: an answer with its probability beside it harms less than a refusal of what is there. `precise` names
    the model that it was fitted with: with another one there is no probability.
    """

    names: tuple[str, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    threshold: float
    precise: str = "builtin"
    version: str = ""

    def probability(self, trace: Trace) -> float | None:
        """In 0..1 that the evidence answers the question; None where the stages did not run as when it was fitted."""
        step = _last_order(trace)
        row = features(trace)
        if row is None or step is None or step.model != self.precise:
            return None
        return float(self.probabilities([row])[0])

    def probabilities(self, rows: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
        """(len(rows),) for features as `features` gives them."""
        from scipy.special import expit

        table = np.array([[row[name] for name in self.names] for row in rows]).reshape(len(rows), len(self.names))
        scaled = clipped(table, np.array(self.means), np.array(self.spreads))
        return np.asarray(expit(scaled @ np.array(self.weights) + self.intercept))

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_calibration(path: Path) -> Calibration | None:
    """The calibration at `path`, None where there is none. Raises LibraryDamaged when it is not one."""
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data |= {name: tuple(data[name]) for name in ("names", "means", "spreads", "weights")}
        calibration = Calibration(**data)
        lengths = {len(getattr(calibration, name)) for name in ("names", "means", "spreads", "weights")}
        if len(lengths) != 1:
            raise ValueError("its columns differ in length")
        if unknown := set(calibration.names) - set(FEATURES):
            raise ValueError(f"it was fitted on other features: {', '.join(sorted(unknown))}")
        return calibration
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise LibraryDamaged(
            f"{path.name} is not a calibration ({error}). Delete it, or fit it anew: second-pass train calibration."
        ) from None


def clipped(
    table: NDArray[np.float64], means: NDArray[np.float64], spreads: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Standardised, and held within what a fit can have learned from: one odd value alone decides nothing."""
    return np.clip((table - means) / spreads, -FARTHEST, FARTHEST)
