"""Feedback moves the fusion's weights, and moves the product only when that helps.

What learns is the last stage's weighted sum. Every signal of every passage that the stage read is on record in the
trace, so what other weights would have answered is computed, not guessed, and costs no model call. A candidate is
compared with the present weights on questions that it did not learn from (five folds, paraphrases together) and on the
shipped goldens, which nobody's thumbs can bend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.documents import AskedQuestion, Chunk
from rag.feedback import JudgedQuestion, folds, paraphrase_groups
from rag.fuse import LinearFusion, standardised, vouching
from rag.goldens import Golden
from rag.paired import Difference, paired
from rag.ranking import Candidate, Mark, Ranking
from rag.tracing import Step, Trace, trace_from_json

MINIMUM_MARKS = 20
FOLDS = 5
TOLERANCE = 0.01  # nDCG@10 that the shipped goldens may move before it counts as a fall
UNJUDGED = 0.02  # the relevance that a passage nobody judged is learned with: most are not evidence, some are
LEAST = 1e-3
SOFTEST = 0.3
CHANCE = 0.01  # p of the paired test up to which a gain counts: learning is tried again and again
_VOUCHING = {"document": 5, "page": 2}  # how many best passages of a place vouch for it, as in rag/fuse.py

Fit = Callable[..., NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class SignalList:
    """What a stage knew of one question's passages, in the order it put them; n passages.

    signals: raw values by name, (n,), NaN where missing. documents, pages: (n,) where each passage lies. keys: (n,)
    what it counts as (its id, or its page), grades: key → relevance ≥ 1 of all that is known to be relevant.
    labels: (n,) relevance to learn from. texts: (n,) what a reranker reads, "" where it is not kept.
    """

    question: str
    signals: Mapping[str, NDArray[np.float64]]
    documents: tuple[str, ...]
    pages: tuple[int, ...]
    keys: tuple[str, ...]
    grades: Mapping[str, int]
    labels: NDArray[np.float64]
    texts: tuple[str, ...] = ()

    @property
    def ranking(self) -> Ranking:
        """The passages without their text: all that vouching asks of them."""
        places = zip(self.keys, self.documents, self.pages, strict=True)
        return Ranking(candidates=tuple(Candidate(chunk=_placed(*place)) for place in places))


def _placed(key: str, document: str, page: int) -> Chunk:
    return Chunk(id=key, document_id=document, document_name="", position=0, page=page, section="", text="")


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


def learn_fusion(
    judged: Sequence[JudgedQuestion],
    present: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    fit: Fit,
    version: str,
    stage: str = "precise",
    minimum_marks: int = MINIMUM_MARKS,
    encode: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    seed: int = 0,
) -> Learned:
    """New weights for `stage` from judged questions, and whether they may take the present ones' place.

    fit: (features per question, labels per question, prior) → weights; `rag.learn.fit_fusion`. shipped: the lists of
    `read_signal_lists`. encode: question texts → vectors, to find paraphrases by meaning. The caller keeps the result
    as a version and promotes it when `promoted` is true.
    """
    marks = sum(row.marks for row in judged)
    useful = [row for row in judged if row.positives]
    lists = [found for row in useful if (found := judged_list(row, stage)) is not None]
    if marks < minimum_marks or len(lists) < FOLDS:
        return undecided(present, stage, marks, len(lists), minimum_marks)
    groups = paraphrase_groups([row.question for row in lists], encode)
    return learn_from_lists(
        lists, groups, present, shipped=shipped, fit=fit, version=version, stage=stage, marks=marks, seed=seed
    )


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


def learn_from_lists(
    lists: Sequence[SignalList],
    groups: NDArray[np.int64],
    present: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    fit: Fit,
    version: str,
    stage: str = "precise",
    marks: int = 0,
    seed: int = 0,
) -> Learned:
    """The same from lists: groups (len(lists),) says which questions are paraphrases of each other."""
    fold_of = folds(groups, FOLDS, seed)
    before = np.array([ndcg(row, present.weights[stage]) for row in lists])
    final, after, guard = restrained(lists, fold_of, present, stage, fit, version, shipped, shares=(0.0,))
    feedback = paired(group_means(before, groups), group_means(after, groups))
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
        guard = paired(known, guarded) if known else None
        if not falls(guard):
            break
    return fitted(lists, present, stage, fit, version, shipped, share), after, guard


def falls(guard: Difference | None) -> bool:
    """Whether the shipped goldens lose more than TOLERANCE."""
    return guard is not None and guard.difference < -TOLERANCE


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
    tables, others = ([_table(row, prior.weights[stage], names) for row in rows] for rows in (lists, shipped))
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


def signal_list(
    golden: Golden, trace: Trace, stage: str, labels: Mapping[str, float] | None = None
) -> SignalList | None:
    """A stage's signals from the trace, or None where the stage made no weighted sum or holds nothing relevant.

    labels: chunk id → relevance to learn from; passages without one get UNJUDGED. Without `labels` the golden's
    grades are the labels.
    """
    step = trace.step(stage)
    grades = golden.grades
    rows = _fused(step) if step else []
    keys = tuple(golden.key_of(chunk) for chunk, _ in rows)
    if not any(key in grades for key in keys):
        return None
    names = sorted({name for _, mark in rows for name in mark.parts})
    if labels is None:
        relevance = [float(grades.get(key, 0)) for key in keys]
    else:
        relevance = [labels.get(chunk.id, UNJUDGED) for chunk, _ in rows]
    return SignalList(
        question=golden.question,
        signals={name: np.array([mark.parts.get(name, np.nan) for _, mark in rows]) for name in names},
        documents=tuple(chunk.document_id for chunk, _ in rows),
        pages=tuple(chunk.page for chunk, _ in rows),
        keys=keys,
        grades=grades,
        labels=np.array(relevance),
        texts=tuple(chunk.headed_text if chunk.text else "" for chunk, _ in rows),
    )


def _fused(step: Step) -> list[tuple[Chunk, Mark]]:
    """The passages that the stage scored by a weighted sum, in its order; none where it did not."""
    marks = [(candidate.chunk, mark) for candidate in step.ranking if (mark := candidate.mark(step.name))]
    return [] if step.degraded or not any(mark.parts for _, mark in marks) else marks


@dataclass(frozen=True, kw_only=True)
class Change:
    """What other weights would have shown for a past question: chunk ids of the first few, before and after."""

    question_id: str
    question: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def entered(self) -> tuple[str, ...]:
        return tuple(chunk_id for chunk_id in self.after if chunk_id not in self.before)

    @property
    def another_first(self) -> bool:
        return self.before[:1] != self.after[:1]


def would_change(
    asked: Iterable[AskedQuestion], fusion: LinearFusion, *, stage: str = "precise", shown: int = 5
) -> list[Change]:
    """Past questions that `fusion` would have answered from other passages, or in another order, as they were asked."""
    changes = []
    for row in asked:
        trace = trace_from_json(row.trace) if row.trace.get("stages") else None
        step = trace.step(stage) if trace else None
        ids = tuple(chunk.id for chunk, _ in _fused(step)) if step else ()
        if trace and ids:
            # Any golden will do: what counts as relevant does not enter the order.
            known = signal_list(Golden(question=row.question, chunks=((ids[0], 1),)), trace, stage)
            assert known is not None
            after = tuple(ids[i] for i in reorder(known, fusion.weights[stage])[:shown].tolist())
            if after != ids[:shown]:
                changes.append(Change(question_id=row.id, question=row.question, before=ids[:shown], after=after))
    return changes


def judged_list(row: JudgedQuestion, stage: str) -> SignalList | None:
    """A judged question's list: what was judged by its weight, what was merely not marked as unjudged."""
    labels = {judgement.chunk.id: judgement.weight if judgement.relevant else 0.0 for judgement in row.judgements}
    return signal_list(row.golden, row.trace, stage, labels)


def _table(row: SignalList, weights: Mapping[str, float], names: Sequence[str]) -> NDArray[np.float64]:
    """(n, names) standardised signals as `LinearFusion.reorder` sums them; who vouches follows from `weights`."""
    count = len(row.keys)
    columns = {name: standardised(values) for name, values in row.signals.items() if name not in _VOUCHING}
    base = sum((weights.get(name, 0.0) * column for name, column in columns.items()), start=np.zeros(count))
    for name, best in _VOUCHING.items():
        if weights.get(name):
            columns[name] = standardised(vouching(row.ranking, base, name, best))
    return np.stack([columns.get(name, np.zeros(count)) for name in names], axis=1)


def reorder(row: SignalList, weights: Mapping[str, float]) -> NDArray[np.int64]:
    """(n,) places of the passages in the order that `weights` give, best first; ties keep the recorded order."""
    names = [name for name, weight in weights.items() if weight]
    total = _table(row, weights, names) @ np.array([weights[name] for name in names])
    return np.argsort(-total, kind="stable")


def ndcg(row: SignalList, weights: Mapping[str, float] | None = None, depth: int = 10) -> float:
    """nDCG at `depth` of the order that `weights` give (linear gains; each page or passage counts once).

    Without weights: of the recorded order.
    """
    seen: set[str] = set()
    gained = 0.0
    order = np.arange(len(row.keys)) if weights is None else reorder(row, weights)
    for rank, i in enumerate(order[:depth].tolist(), start=1):
        key = row.keys[i]
        if key in row.grades and key not in seen:
            seen.add(key)
            gained += row.grades[key] / np.log2(rank + 1)
    best = sorted(row.grades.values(), reverse=True)[:depth]
    return float(gained / sum(grade / np.log2(rank + 1) for rank, grade in enumerate(best, start=1)))


def write_signal_lists(lists: Sequence[SignalList], path: Path) -> None:
    """Keep lists as JSON lines (the shipped goldens' lists lie beside the fusion's weights). The first line holds the
    texts, each once, and the lists point into it."""
    texts = list(dict.fromkeys(text for row in lists for text in row.texts))
    place = {text: i for i, text in enumerate(texts)}
    rows: list[dict[str, Any]] = [{"texts": texts}]
    rows += [
        {
            "question": row.question,
            "signals": {name: _numbers(values) for name, values in row.signals.items()},
            "documents": row.documents,
            "pages": row.pages,
            "keys": row.keys,
            "grades": dict(row.grades),
            "labels": _numbers(row.labels),
            "texts": [place[text] for text in row.texts],
        }
        for row in lists
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 5) for value in values]


def read_signal_lists(path: Path) -> list[SignalList]:
    """The inverse of `write_signal_lists`; no lists where there is no such file."""
    if not path.is_file():
        return []
    first, *rows = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line)
    return [
        SignalList(
            question=row["question"],
            signals={name: np.array(values, dtype=np.float64) for name, values in row["signals"].items()},
            documents=tuple(row["documents"]),
            pages=tuple(row["pages"]),
            keys=tuple(row["keys"]),
            grades=row["grades"],
            labels=np.array(row["labels"], dtype=np.float64),
            texts=tuple(first["texts"][i] for i in row["texts"]),
        )
        for row in rows
    ]
