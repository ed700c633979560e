"""The probability that the evidence answers is fitted, and measured on questions that the fit did not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rag.measure.goldens import Golden
from rag.refuse import Calibration, clipped, features
from rag.tracing import Trace

BINS = 10
FOLDS = 5
RIDGE = 1.0  # L2 weight on standardised inputs, in units of one observation's log-likelihood
FALSE_REFUSALS = 0.02  # the default threshold turns at most this share of answerable questions away


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Questions whose probability lay in [low, high): how many, the mean probability, and the share answered."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


@dataclass(frozen=True, kw_only=True)
class ErrorRates:
    """At a threshold: the share of unanswerable questions let through, of answerable ones turned away."""

    threshold: float
    false_answers: float
    false_refusals: float


@dataclass(frozen=True, kw_only=True)
class CalibrationReport:
    """What the calibration is worth on questions that its fit did not see (cross-validated, paraphrases together).

    `expected_error` is the expected calibration error over ten bins of equal width (Naeini et al. 2015), `brier` the
    mean squared error, `auc` the chance that an answerable question gets more than an unanswerable one.
    `false_answers_by_kind`: the share let through at the chosen threshold, of each kind of unanswerable question.
    """

    questions: int
    answerable: int
    expected_error: float
    brier: float
    auc: float
    bins: tuple[ReliabilityBin, ...]
    rates: tuple[ErrorRates, ...]
    chosen: ErrorRates
    false_answers_by_kind: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def fit_calibration(
    answerable: Sequence[tuple[Golden, Trace]],
    unanswerable: Mapping[str, Sequence[tuple[Golden, Trace]]],
    *,
    precise: str = "builtin",
    version: str = "",
    seed: int = 0,
) -> tuple[Calibration, CalibrationReport]:
    """Fit on traces of goldens asked where their evidence is, and of goldens asked where it is not, by kind.

    An answerable question whose evidence did not make it among the final passages counts as unanswered: the
    probability speaks of the evidence shown. Traces without all features are left out. Raises ValueError when fewer
    than ten questions of either kind are left.
    """
    from rag.learn.paraphrases import folds, paraphrase_groups

    rows = [(golden.question, features(trace), _answered(golden, trace), "") for golden, trace in answerable]
    rows += [(g.question, features(trace), False, kind) for kind, pairs in unanswerable.items() for g, trace in pairs]
    kept = [(question, found, label, kind) for question, found, label, kind in rows if found is not None]
    table = [found for _, found, _, _ in kept]
    labels = np.array([label for _, _, label, _ in kept], dtype=np.float64)
    if min(labels.sum(), (1 - labels).sum()) < 10:
        raise ValueError("a calibration needs at least ten answerable and ten unanswerable questions")
    fold_of = folds(paraphrase_groups([question for question, *_ in kept]), FOLDS, seed)
    unseen = np.zeros(len(kept))
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        fitted = fit([table[i] for i in inside], labels[inside])
        unseen[outside] = fitted.probabilities([table[i] for i in outside])
    report = reliability(unseen, labels)
    through = unseen >= report.chosen.threshold
    kinds = np.array([kind for *_, kind in kept])
    by_kind = {kind: float(through[kinds == kind].mean()) for kind in unanswerable}
    report = replace(report, false_answers_by_kind=by_kind)
    final = fit(table, labels, threshold=report.chosen.threshold, precise=precise, version=version)
    return final, report


def collect(
    goldens: Sequence[Golden],
    retrieve: Callable[[str], Trace],
    progress: Callable[[int, int], object] | None = None,
) -> list[tuple[Golden, Trace]]:
    """Each golden with its trace. Ask the goldens of one collection in another to get unanswerable ones."""
    found = []
    for done, golden in enumerate(goldens, start=1):
        found.append((golden, retrieve(golden.question)))
        if progress:
            progress(done, len(goldens))
    return found


def _answered(golden: Golden, trace: Trace) -> bool:
    grades = golden.grades
    return any(golden.key_of(chunk) in grades for chunk in trace.evidence.chunks)


def fit(
    rows: Sequence[Mapping[str, float]],
    labels: Sequence[bool] | NDArray[np.float64],
    *,
    threshold: float = 0.5,
    precise: str = "builtin",
    version: str = "",
) -> Calibration:
    """Logistic regression with an L2 penalty on standardised features; labels: (len(rows),) 1 where answered."""
    from sklearn.linear_model import LogisticRegression

    names = tuple(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    means, spreads = table.mean(axis=0), table.std(axis=0)
    spreads = np.where(spreads > 1e-9, spreads, 1.0)
    model = LogisticRegression(C=1 / RIDGE, tol=1e-8, max_iter=1000).fit(clipped(table, means, spreads), labels)
    return Calibration(
        names=names,
        means=tuple(means.tolist()),
        spreads=tuple(spreads.tolist()),
        weights=tuple(model.coef_[0].tolist()),
        intercept=float(model.intercept_[0]),
        threshold=threshold,
        precise=precise,
        version=version,
    )


def reliability(probabilities: NDArray[np.float64], labels: NDArray[np.float64]) -> CalibrationReport:
    """How far probabilities (n,) can be trusted, given (n,) labels 0 or 1 with both kinds present."""
    from sklearn.metrics import roc_auc_score

    place = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    bins = tuple(
        ReliabilityBin(
            low=i / BINS,
            high=(i + 1) / BINS,
            count=int((place == i).sum()),
            predicted=float(probabilities[place == i].mean()),
            observed=float(labels[place == i].mean()),
        )
        for i in range(BINS)
        if (place == i).any()
    )
    yes = probabilities[labels == 1]
    rates = tuple(rates_at(probabilities, labels, threshold / 20) for threshold in range(1, 20))
    # The highest threshold that keeps enough answerable questions lets the fewest unanswerable ones through.
    highest = float(np.quantile(yes, FALSE_REFUSALS, method="lower"))
    return CalibrationReport(
        questions=len(labels),
        answerable=int(labels.sum()),
        expected_error=sum(row.count * abs(row.predicted - row.observed) for row in bins) / len(labels),
        brier=float(((probabilities - labels) ** 2).mean()),
        auc=float(roc_auc_score(labels, probabilities)),
        bins=bins,
        rates=rates,
        chosen=rates_at(probabilities, labels, highest),
    )


def rates_at(probabilities: NDArray[np.float64], labels: NDArray[np.float64], threshold: float) -> ErrorRates:
    """Both error rates when everything below the threshold is refused."""
    answered = probabilities >= threshold
    return ErrorRates(
        threshold=threshold,
        false_answers=float(answered[labels == 0].mean()),
        false_refusals=float((~answered)[labels == 1].mean()),
    )
