"""Feedback teaches the precise reranker itself, by the same rule: only when unseen questions gain and no golden falls.

A model is taught by all folds but one and measured on that one, three times; the candidate is the average of the three
(Wortsman et al. 2022, "Model soups"), with weights of its own in the last stage's sum: a model that knows these
documents deserves another share than one that did not. Teaching begins at the shipped model with all the marks there
are, beside invented lists on which it keeps the shipped model's scores ("Learning without forgetting", Li and Hoiem
2016). Where the shipped goldens fall nevertheless, they weigh more, and then the candidate goes only a part of the
way; how far is decided on the goldens alone, never on the feedback that then judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.fuse import LinearFusion
from rag.learn.decide import MINIMUM_MARKS, Learned, decision, falls, group_means, undecided
from rag.learn.fusion_weights import Fit, restrained
from rag.learn.judged import JudgedQuestion
from rag.learn.paraphrases import folds, paraphrase_groups
from rag.learn.signal_lists import SignalList, judged_list, ndcg
from rag.learn.train_cross_encoder import TrainingList
from rag.measure.significance import difference
from rag.stages import PRECISE

PRECISE_MINIMUM_MARKS = 200
FOLDS = 3
NEGATIVES = 8  # wrong passages that a list offers; a visit draws some of them, the best-placed most often
SHARES = (1.0, 0.6, 0.3)  # of the way from the shipped weights to the taught ones; the first that forgets nothing
# What all shipped goldens weigh in the fit of the weights, of what the marked questions do: the first at which those
# that were left out do not fall. A taught model would have all the weight without them.
GOLDEN_SHARES = (0.5, 0.75, 1.0, 1.5)
SIGNAL = "cross-encoder"
STAGE = PRECISE

Say = Callable[[str], None]


class Teacher(Protocol):
    """Teaches, averages and asks cross-encoders that lie in folders (rag/learn/taught_model.py)."""

    def train(self, lists: Sequence[TrainingList], folder: Path) -> Path:
        """Teach the shipped model; the result is written to `folder`, which is returned."""
        ...

    def mix(self, taught: Sequence[Path], share: float, folder: Path) -> Path:
        """The model that lies `share` of the way from the shipped one to the average of the taught."""
        ...

    def score(self, folder: Path, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """(n,) logits of passages as a reranker reads them."""
        ...


def learn_precise(
    judged: Sequence[JudgedQuestion],
    present: LinearFusion,
    *,
    in_use: str,
    shipped: Sequence[SignalList],
    teacher: Teacher,
    fit: Fit,
    folder: Path,
    version: str,
    encode: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    seed: int = 0,
    say: Say = lambda line: None,
) -> tuple[Learned, Path | None]:
    """A precise model taught by judged questions, whether it may be used, and the folder it lies in.

    in_use: the version of the precise model in use; all marked questions teach, those that it ranked are compared.
    fit: see `learn_fusion`. folder: everything is written below it.
    """
    marks = sum(row.marks for row in judged)
    found = [(row, judged_list(row, STAGE)) for row in judged if row.positives]
    usable = [(row, known) for row, known in found if known and SIGNAL in known.signals and all(known.texts)]
    lists = [known for _, known in usable]
    if marks < PRECISE_MINIMUM_MARKS or len(lists) < FOLDS:
        return undecided(present, STAGE, marks, len(lists), PRECISE_MINIMUM_MARKS), None
    counted = np.array([row.precise_version == in_use for row, _ in usable])
    since = int(counted @ [row.marks for row, _ in usable])
    if since < MINIMUM_MARKS:  # minutes of teaching could prove nothing
        return undecided(present, STAGE, since, int(counted.sum()), MINIMUM_MARKS), None
    groups = paraphrase_groups([row.question for row in lists], encode)
    return learn_precise_from_lists(
        lists,
        groups,
        present,
        counted=counted,
        shipped=shipped,
        teacher=teacher,
        fit=fit,
        folder=folder,
        version=version,
        marks=marks,
        seed=seed,
        say=say,
    )


def learn_precise_from_lists(
    lists: Sequence[SignalList],
    groups: NDArray[np.int64],
    present: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    teacher: Teacher,
    fit: Fit,
    folder: Path,
    version: str,
    counted: NDArray[np.bool_] | None = None,
    marks: int = 0,
    seed: int = 0,
    say: Say = lambda line: None,
) -> tuple[Learned, Path]:
    """The same from lists whose texts are known: groups (len(lists),) says which are paraphrases of each other,
    counted (len(lists),) which were ranked by what is in use: they alone are compared (None: all of them)."""
    fold_of = folds(groups, FOLDS, seed)
    taught = []
    for fold in range(FOLDS):
        say(f"learning from all marked questions but every third ({fold + 1} of {FOLDS})")
        inside = [row for row, f in zip(lists, fold_of, strict=True) if f != fold]
        taught.append(teacher.train(training_lists_of(inside), folder / f"fold-{fold}"))
    known = [row for row in shipped if SIGNAL in row.signals and all(row.texts)]
    for share in SHARES:
        say(f"asking the questions that were left out, and the shipped goldens, at {share:.0%} of what was learned")
        unseen = list(lists)
        for fold, one in enumerate(taught):
            alone = teacher.mix([one], share, folder / "alone")
            for i in np.flatnonzero(fold_of == fold).tolist():
                unseen[i] = rescored(lists[i], alone, teacher)
        candidate = teacher.mix(taught, share, folder / "all")
        asked = [rescored(row, candidate, teacher) for row in known]
        final, after, guard = restrained(unseen, fold_of, present, STAGE, fit, version, asked, GOLDEN_SHARES)
        if not falls(guard):
            break
    before = np.array([ndcg(row, present.weights[STAGE]) for row in lists])
    compared = slice(None) if counted is None else counted
    feedback = difference(*(group_means(values[compared], groups[compared]) for values in (before, after)))
    promoted, reason = decision(feedback, guard)
    learned = Learned(
        fusion=final,
        stage=STAGE,
        marks=marks,
        questions=len(lists),
        feedback=feedback,
        shipped=guard,
        promoted=promoted,
        reason=reason,
    )
    return learned, candidate


def training_lists_of(lists: Sequence[SignalList]) -> list[TrainingList]:
    """What the model is taught: per relevant passage a list of it, those marked down, and the best-placed others.

    Others on a page that holds evidence are left out (passages overlap).
    """
    made = []
    for row in lists:
        right = [i for i, key in enumerate(row.keys) if key in row.grades and row.labels[i] >= 0.5]
        pages = {(row.documents[i], row.pages[i]) for i in right}
        places = zip(row.documents, row.pages, strict=True)
        wrong = [i for i, place in enumerate(places) if place not in pages or row.labels[i] == 0]
        wrong = sorted(wrong, key=lambda i: row.labels[i] > 0)[:NEGATIVES]
        for i in right:
            if wrong:
                chosen = [i, *wrong]
                made.append(
                    TrainingList(
                        source="feedback",
                        question=row.question,
                        passages=tuple(row.texts[j] for j in chosen),
                        headers=("",) * len(chosen),
                    )
                )
    return made


def rescored(row: SignalList, model: Path, teacher: Teacher) -> SignalList:
    """The list with the logits of the model in a folder."""
    return replace(row, signals={**row.signals, SIGNAL: teacher.score(model, row.question, row.texts)})
