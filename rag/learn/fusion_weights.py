"""Feedback moves the fusion's weights, and moves the product only when that helps.

What learns is the last stage's weighted sum. Every signal of every passage that the stage read is on record in the
trace, so what other weights would have answered is computed, not guessed, and costs no model call. A candidate is
compared with the present weights on questions that it did not learn from (five folds, paraphrases together) and on the
shipped goldens, which nobody's thumbs can bend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rag.fuse import LinearFusion
from rag.learn.decide import MINIMUM_MARKS, Learned, decision, falls, group_means, undecided
from rag.learn.judged import JudgedQuestion
from rag.learn.paraphrases import folds, paraphrase_groups
from rag.learn.signal_lists import SignalList, judged_list, ndcg, signal_table
from rag.measure.significance import Difference, difference
from rag.stages import PRECISE

FOLDS = 5
LEAST = 1e-3
SOFTEST = 0.3
Fit = Callable[..., NDArray[np.float64]]


def learn_fusion(
    judged: Sequence[JudgedQuestion],
    present: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    fit: Fit,
    version: str,
    stage: str = PRECISE,
    minimum_marks: int = MINIMUM_MARKS,
    encode: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    seed: int = 0,
) -> Learned:
    """New weights for `stage` from judged questions, and whether they may take the present ones' place.

    fit: (features per question, labels per question, prior) → weights; `rag.learn.listnet.fit_fusion`. shipped: the
    lists of `read_signal_lists`. encode: question texts → vectors, to find paraphrases by meaning. The caller keeps
    the result as a version and promotes it when `promoted` is true.
    """
    marks = sum(row.marks for row in judged)
    useful = [row for row in judged if row.positives]
    lists = [known for row in useful if (known := judged_list(row, stage)) is not None]
    if marks < minimum_marks or len(lists) < FOLDS:
        return undecided(present, stage, marks, len(lists), minimum_marks)
    groups = paraphrase_groups([row.question for row in lists], encode)
    return learn_from_lists(
        lists, groups, present, shipped=shipped, fit=fit, version=version, stage=stage, marks=marks, seed=seed
    )


def learn_from_lists(
    lists: Sequence[SignalList],
    groups: NDArray[np.int64],
    present: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    fit: Fit,
    version: str,
    stage: str = PRECISE,
    marks: int = 0,
    seed: int = 0,
) -> Learned:
    """The same from lists: groups (len(lists),) says which questions are paraphrases of each other."""
    fold_of = folds(groups, FOLDS, seed)
    before = np.array([ndcg(row, present.weights[stage]) for row in lists])
    final, after, guard = restrained(lists, fold_of, present, stage, fit, version, shipped, shares=(0.0,))
    feedback = difference(group_means(before, groups), group_means(after, groups))
    promoted, reason = decision(feedback, guard)
    return Learned(
        fusion=final,
        stage=stage,
        marks=marks,
        questions=len(lists),
        feedback=feedback,
        shipped=guard,
        promoted=promoted,
        reason=reason,
    )


def restrained(
    lists: Sequence[SignalList],
    fold_of: NDArray[np.int64],
    present: LinearFusion,
    stage: str,
    fit: Fit,
    version: str,
    shipped: Sequence[SignalList],
    shares: Sequence[float],
) -> tuple[LinearFusion, NDArray[np.float64], Difference | None]:
    """Fitted weights, (len(lists),) nDCG@10 by weights that did not see the list's fold, and what weights that did not
    see them do to the shipped goldens.

    shares: what all goldens together may weigh in the fit, of what the marked lists do; the first at which they do not
    fall is taken. The goldens are compared with their recorded order, which is what was shipped: against what is in
    use, many small falls would add up.
    """
    known = [ndcg(row) for row in shipped]
    for share in shares:
        after, guarded = _cross_fitted(lists, fold_of, present, stage, fit, shipped, share)
        guard = difference(known, guarded) if known else None
        if not falls(guard):
            break
    return fitted(lists, present, stage, fit, version, shipped, share), after, guard


def _cross_fitted(
    lists: Sequence[SignalList],
    fold_of: NDArray[np.int64],
    present: LinearFusion,
    stage: str,
    fit: Fit,
    shipped: Sequence[SignalList],
    share: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """nDCG@10 of marked and of shipped lists, each by weights that were fitted without its fold."""
    after, guarded = np.zeros(len(lists)), np.zeros(len(shipped))
    count = int(fold_of.max()) + 1
    shipped_fold = folds(np.arange(len(shipped)), count)
    for fold in range(count):
        inside = [row for row, f in zip(lists, fold_of, strict=True) if f != fold]
        beside = [row for row, f in zip(shipped, shipped_fold, strict=True) if f != fold]
        fusion = fitted(inside, present, stage, fit, "", beside, share) if inside else present
        for values, rows, place in ((after, lists, fold_of), (guarded, shipped, shipped_fold)):
            for i in np.flatnonzero(place == fold).tolist():
                values[i] = ndcg(rows[i], fusion.weights[stage])
    return after, guarded


def fitted(
    lists: Sequence[SignalList],
    prior: LinearFusion,
    stage: str,
    fit: Fit,
    version: str,
    shipped: Sequence[SignalList] = (),
    share: float = 0.0,
) -> LinearFusion:
    """`prior` with the weights of one stage fitted to marked lists; `shipped` ones weigh `share` of that in all.

    Signals without a weight stay unused, and one that no marked list varies in stays as it is. None falls below
    LEAST: a signal without weight is no longer on record, and could never come back.
    """
    names = [name for name, weight in prior.weights[stage].items() if weight]
    shipped = shipped if share else ()
    tables, others = ([signal_table(row, prior.weights[stage], names) for row in rows] for rows in (lists, shipped))
    spoken_of = np.any([np.ptp(table, axis=0) > 0 for table in tables], axis=0)
    labels = [row.labels for row in lists]
    start = np.array([prior.weights[stage][name] for name in names])
    scale = _sharpness(tables, labels, start)
    found = fit(
        tables + [table * spoken_of for table in others],
        labels + [row.labels for row in shipped],
        scale * start,
        importance=[1.0] * len(lists) + [share * len(lists) / len(shipped) for _ in shipped],
    )
    found = found / scale
    learned = np.where(np.abs(found) < LEAST, LEAST, found).tolist()
    weights = dict(prior.weights[stage]) | dict(zip(names, learned, strict=True))
    return replace(prior, weights={**prior.weights, stage: weights}, version=version)


def _sharpness(
    tables: Sequence[NDArray[np.float64]], labels: Sequence[NDArray[np.float64]], start: NDArray[np.float64]
) -> float:
    """The factor by which `start` explains the labels best as a softmax. It changes no order, but a fit that is held
    near a prior of the wrong sharpness would spend its freedom on that. Marks that `start` cannot explain at all
    are not followed any further than SOFTEST allows."""
    from scipy.optimize import minimize_scalar

    judged = [(table @ start, label / label.sum()) for table, label in zip(tables, labels, strict=True) if label.any()]

    def loss(log_scale: float) -> float:
        scaled = [(np.exp(log_scale) * score, share) for score, share in judged]
        return float(sum(np.logaddexp.reduce(score) - share @ score for score, share in scaled))

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(SOFTEST), 3.0), method="bounded").x))
