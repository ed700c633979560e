"""Is a difference more than chance? Bootstrap intervals and a paired randomisation test, by scipy.stats, seeded.

The same questions are asked of both sides, so what is resampled is the question's difference, not two means
(Efron & Tibshirani 1993; for retrieval: Sakai 2006, Smucker, Allan & Carterette 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
_SAME = 1e-12  # differences smaller than this are rounding
_AT_ONCE = 50  # resamples held in memory


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over questions with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """after − before over the same questions: 95 % interval, two-sided randomisation p, and how many moved."""

    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float
    better: int
    worse: int
    same: int

    @property
    def real(self) -> bool:
        """True when the interval lies above 0: the gain is more than chance."""
        return self.low > 0


def estimates(values: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0) -> list[Estimate]:
    """One estimate per column of values: (questions, columns). Raises ValueError without a question."""
    low, high = _percentile_interval(values, resamples, seed)
    return [
        Estimate(mean=float(mean), low=float(lo), high=float(hi))
        for mean, lo, hi in zip(values.mean(axis=0), low, high, strict=True)
    ]


def difference(
    before: Sequence[float] | NDArray[np.float64],
    after: Sequence[float] | NDArray[np.float64],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Compare two (questions,) lists of a measure, in the same order of questions; needs at least one question."""
    columns = (np.asarray(side, dtype=np.float64)[:, None] for side in (before, after))
    return differences(*columns, resamples=resamples, seed=seed)[0]


def differences(
    before: NDArray[np.float64], after: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Difference]:
    """One comparison per column of two (questions, columns) tables whose rows are the same questions.

    p is that of a two-sided randomisation test: the signs of the differences are flipped at random, and the observed
    ones are counted in, so it is never 0. Raises ValueError on different shapes or no question.
    """
    if before.shape != after.shape or before.ndim != 2:
        raise ValueError(f"the two sides need one and the same shape, not {before.shape} and {after.shape}")
    change = after - before
    change[np.abs(change) <= _SAME] = 0.0
    low, high = _percentile_interval(change, resamples, seed)
    p = _sign_flip_p(change, resamples, seed)
    return [
        Difference(
            before=float(before[:, i].mean()),
            after=float(after[:, i].mean()),
            difference=float(change[:, i].mean()),
            low=float(low[i]),
            high=float(high[i]),
            p=float(p[i]),
            better=int((change[:, i] > 0).sum()),
            worse=int((change[:, i] < 0).sum()),
            same=int((change[:, i] == 0).sum()),
        )
        for i in range(change.shape[1])
    ]


def _percentile_interval(
    values: NDArray[np.float64], resamples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % interval of each column's mean, the same draws of questions for every column."""
    from scipy.stats import bootstrap

    if not len(values):
        raise ValueError("no questions to resample")
    if len(values) == 1:  # every draw is the one question
        return values[0], values[0]
    interval = bootstrap(
        (values,),
        np.mean,
        n_resamples=resamples,
        batch=_AT_ONCE,
        axis=0,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return interval.low, interval.high


def _sign_flip_p(change: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """(columns,) two-sided p of each column's mean; 1 for a single question, which proves nothing."""
    from scipy.stats import permutation_test

    if len(change) == 1:
        return np.ones(change.shape[1])
    test = permutation_test(
        (change,),
        np.mean,
        permutation_type="samples",  # of one sample: its signs
        vectorized=True,
        n_resamples=resamples,
        batch=_AT_ONCE,
        axis=0,
        rng=np.random.default_rng(seed),
    )
    return np.asarray(test.pvalue, dtype=np.float64)
