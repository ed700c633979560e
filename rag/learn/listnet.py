"""Weights of signals from judged lists: a convex fit, held near a prior."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def fit_fusion(
    features: Sequence[NDArray[np.float32]],
    labels: Sequence[NDArray[np.float32]],
    prior: NDArray[np.float32],
    *,
    importance: Sequence[float] | None = None,
    strength: float = 5.0,
    non_negative: bool = True,
) -> NDArray[np.float64]:
    """Weights of the signals, learned from judged questions and held near ``prior``; (signals,) float64.

    features: per question (passages, signals), standardised within the question (z-scores). labels: per question
    (passages,) of relevance ≥ 0; a question with no relevant or no other passage teaches nothing and is passed over.
    importance: per question, 1 if not given. Minimises, over questions, the cross-entropy between softmax(features @ w)
    and labels / labels.sum() (ListNet's top-one loss, Cao et al. 2007) plus strength / 2 × ‖w − prior‖²: with no
    questions the prior comes back, and it takes about ``strength`` questions to move it. The loss is convex, so the
    answer does not depend on a start. With ``non_negative`` no signal can count against a passage. Raises ValueError
    for shapes that do not agree, values that are not finite, negative labels or a strength that is not positive.
    """
    from scipy.optimize import minimize

    centre: NDArray[np.float64] = np.asarray(prior, dtype=np.float64)
    weights = [1.0] * len(features) if importance is None else [float(value) for value in importance]
    _check_fusion(features, labels, centre, weights, strength)
    judged = [
        (np.asarray(x, np.float64), np.asarray(y, np.float64) / float(np.sum(y)), weight)
        for x, y, weight in zip(features, labels, weights, strict=True)
        if np.sum(y) > 0 and np.ptp(y) > 0
    ]
    start = np.maximum(centre, 0) if non_negative else centre
    if not judged:
        return start

    def loss_and_slope(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss = strength / 2 * float((w - centre) @ (w - centre))
        slope = strength * (w - centre)
        for x, target, weight in judged:
            scores = x @ w
            scores = scores - scores.max()
            log_sum = float(np.log(np.exp(scores).sum()))
            loss += weight * float(target @ (log_sum - scores))
            slope = slope + weight * (x.T @ (np.exp(scores - log_sum) - target))
        return loss, slope

    bounds = [(0.0, None)] * len(centre) if non_negative else None
    result = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(result.x, dtype=np.float64)


def _check_fusion(
    features: Sequence[NDArray[np.float32]],
    labels: Sequence[NDArray[np.float32]],
    prior: NDArray[np.float64],
    importance: Sequence[float],
    strength: float,
) -> None:
    if not strength > 0:
        raise ValueError(f"strength must be positive, not {strength}.")
    if not len(features) == len(labels) == len(importance):
        raise ValueError(
            f"{len(features)} questions have features, {len(labels)} labels and {len(importance)} importance."
        )
    for number, (x, y) in enumerate(zip(features, labels, strict=True)):
        if np.ndim(x) != 2 or np.shape(x) != (len(y), len(prior)):
            raise ValueError(
                f"Question {number}: features have shape {np.shape(x)}, not ({len(y)}, {len(prior)}) for its labels."
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all() and (np.asarray(y) >= 0).all()):
            raise ValueError(f"Question {number}: features must be finite, labels finite and not negative.")
