"""Is a difference more than chance? Bootstrap intervals and a paired randomisation test, seeded and vectorised.

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
_CELLS_AT_ONCE = 4_000_000  # resamples × questions held in memory at a time


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
    """One estimate per column of values: (questions, columns); needs at least one question."""
    means = _resampled_means(values, resamples, seed)
    low, high = np.percentile(means, (2.5, 97.5), axis=0)
    return [
        Estimate(mean=float(mean), low=float(lo), high=float(hi))
        for mean, lo, hi in zip(values.mean(axis=0), low, high, strict=True)
    ]


def paired(
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

    p is the share of random sign flips of the differences whose mean is at least as far from 0, with the observed
    one counted in, so it is never 0. Raises ValueError on different shapes or no question.
    """
    if before.shape != after.shape or before.ndim != 2:
        raise ValueError(f"paired values need one and the same length, not {before.shape} and {after.shape}")
    change = after - before
    low, high = np.percentile(_resampled_means(change, resamples, seed), (2.5, 97.5), axis=0)
    p = _randomisation_p(change, resamples, seed)
    return [
        Difference(
            before=float(before[:, i].mean()),
            after=float(after[:, i].mean()),
            difference=float(change[:, i].mean()),
            low=float(low[i]),
            high=float(high[i]),
            p=float(p[i]),
            better=int((change[:, i] > _SAME).sum()),
            worse=int((change[:, i] < -_SAME).sum()),
            same=int((np.abs(change[:, i]) <= _SAME).sum()),
        )
        for i in range(change.shape[1])
    ]


def _resampled_means(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """(resamples, columns): means over questions drawn with replacement, the same draw for every column."""
    rng = np.random.default_rng(seed)
    count = len(values)
    if not count:
        raise ValueError("no questions to resample")
    step = max(1, _CELLS_AT_ONCE // count)
    even = np.full(count, 1 / count)
    parts = [
        rng.multinomial(count, even, size=min(step, resamples - done)).astype(np.float64) @ values / count
        for done in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def _randomisation_p(change: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """(columns,) two-sided p of each column's mean."""
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS_AT_ONCE // len(change))
    observed = np.abs(change.sum(axis=0)) - _SAME
    extreme = np.zeros(change.shape[1])
    for done in range(0, resamples, step):
        signs = rng.choice((-1.0, 1.0), size=(min(step, resamples - done), len(change)))
        extreme += (np.abs(signs @ change) >= observed).sum(axis=0)
    return (extreme + 1) / (resamples + 1)
