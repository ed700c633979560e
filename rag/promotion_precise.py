"""Feedback teaches the precise reranker itself, by the same rule: only when unseen questions gain and no golden falls.

Fine-tuning costs minutes, so two halves stand in for the five folds of `rag/promotion.py`: a model taught by one half
of the marked questions is measured on the other, and the candidate itself is taught by all. The candidate lies between
the present weights and the taught ones: averaging keeps most of what was learned and forgets less of what was known
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). How far it goes is decided on the shipped goldens
alone, never on the feedback that then judges it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.feedback import JudgedQuestion, folds, paraphrase_groups
from rag.fuse import LinearFusion
from rag.learn_precise import TrainingList
from rag.paired import paired
from rag.promotion import TOLERANCE, Learned, SignalList, decision, group_means, judged_list, ndcg

PRECISE_MINIMUM_MARKS = 200
NEGATIVES = 8  # wrong passages that a list offers; a visit draws some of them, the best-placed most often
SHARES = (0.6, 0.45, 0.3)  # of the way from the present weights to the taught ones; the first that forgets nothing
LEARNING_RATE = 3e-5
SIGNAL = "cross-encoder"
STAGE = "precise"

Train = Callable[[Sequence[TrainingList], Path], Path]
Mix = Callable[[Path, float], Path]
Score = Callable[[Path, str, Sequence[str]], NDArray[np.float64]]
Say = Callable[[str], None]


def learn_precise(
    judged: Sequence[JudgedQuestion],
    fusion: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    train: Train,
    mix: Mix,
    score: Score,
    folder: Path,
    minimum_marks: int = PRECISE_MINIMUM_MARKS,
    encode: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    seed: int = 0,
    say: Say = lambda line: None,
) -> tuple[Learned, Path | None]:
    """A precise model taught by judged questions, whether it may be used, and the folder it lies in.

    train: (lists, folder to write to) → folder. mix: (taught folder, share) → folder of the model that lies so far on
    the way to it. score: (model's folder, question, passages as a reranker reads them) → (n,) logits. folder:
    everything is written below it. The order that counts is that of `fusion` with the candidate's logits in the place
    of the present ones.
    """
    marks = sum(row.marks for row in judged)
    lists = [found for row in judged if row.positives and (found := judged_list(row, STAGE)) is not None]
    lists = [row for row in lists if SIGNAL in row.signals and all(row.texts)]
    if marks < minimum_marks or len(lists) < 2:
        reason = f"not enough marks yet: {marks} of {minimum_marks}, on {len(lists)} questions with known evidence"
        return _undecided(fusion, marks, len(lists), reason), None
    groups = paraphrase_groups([row.question for row in lists], encode)
    return learn_precise_from_lists(
        lists,
        groups,
        fusion,
        shipped=shipped,
        train=train,
        mix=mix,
        score=score,
        folder=folder,
        marks=marks,
        seed=seed,
        say=say,
    )


def _undecided(fusion: LinearFusion, marks: int, questions: int, reason: str) -> Learned:
    return Learned(
        fusion=fusion,
        stage=STAGE,
        marks=marks,
        questions=questions,
        feedback=None,
        shipped=None,
        promoted=False,
        reason=reason,
    )


def learn_precise_from_lists(
    lists: Sequence[SignalList],
    groups: NDArray[np.int64],
    fusion: LinearFusion,
    *,
    shipped: Sequence[SignalList],
    train: Train,
    mix: Mix,
    score: Score,
    folder: Path,
    marks: int = 0,
    seed: int = 0,
    say: Say = lambda line: None,
) -> tuple[Learned, Path]:
    """The same from lists whose texts are known: groups (len(lists),) says which are paraphrases of each other."""
    weights = fusion.weights[STAGE]
    say("learning from all marked questions")
    whole = train(training_lists_of(lists), folder / "whole")
    say("asking the shipped goldens")
    guarded = [row for row in shipped if SIGNAL in row.signals and all(row.texts)]
    known = [ndcg(row, weights) for row in guarded]
    guard = None
    for share in SHARES:
        candidate = mix(whole, share)
        if guarded:
            guard = paired(known, [ndcg(rescored(row, candidate, score), weights) for row in guarded])
        if guard is None or guard.difference >= -TOLERANCE:
            break
    half_of = folds(groups, 2, seed)
    after = np.zeros(len(lists))
    for half in range(2):
        say(f"learning from one half of the questions, measuring on the other ({half + 1} of 2)")
        inside = [row for row, h in zip(lists, half_of, strict=True) if h != half]
        # Twice, so that half of the questions teach in as many steps as all of them do.
        taught = mix(train(training_lists_of(inside) * 2, folder / f"half-{half}"), share)
        for i in np.flatnonzero(half_of == half).tolist():
            after[i] = ndcg(rescored(lists[i], taught, score), weights)
    before = np.array([ndcg(row, weights) for row in lists])
    feedback = paired(group_means(before, groups), group_means(after, groups))
    promoted, reason = decision(feedback, guard)
    learned = Learned(
        fusion=fusion,
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
    """What the model is taught: per relevant passage a list of it and the best-placed others.

    Others on a page that holds evidence are left out (passages overlap).
    """
    made = []
    for row in lists:
        right = [i for i, key in enumerate(row.keys) if key in row.grades and row.labels[i] >= 0.5]
        pages = {(row.documents[i], row.pages[i]) for i in right}
        places = zip(row.documents, row.pages, strict=True)
        wrong = [i for i, place in enumerate(places) if place not in pages][:NEGATIVES]
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


def rescored(row: SignalList, model: Path, score: Score) -> SignalList:
    """The list with another model's logits."""
    return replace(row, signals={**row.signals, SIGNAL: score(model, row.question, row.texts)})


def blend(present: Path) -> Mix:
    """The `mix` of `learn_precise`: the average of two models' weights, in a folder beside the taught one."""

    def mix(taught: Path, share: float) -> Path:
        import torch
        from safetensors.torch import load_file, save_file

        from rag.rerank.builtin_weights import PRECISE_WEIGHTS

        old, new = load_file(present / PRECISE_WEIGHTS), load_file(taught / PRECISE_WEIGHTS)
        mixed = {name: torch.lerp(old[name].float(), new[name].float(), share).to(new[name].dtype) for name in new}
        folder = taught.with_name(f"{taught.name}-{share:.2f}")
        shutil.copytree(taught, folder, dirs_exist_ok=True)
        save_file(mixed, folder / PRECISE_WEIGHTS)
        return folder

    return mix


def fine_tune(present: Path, *, threads: int = 2, say: Say = lambda line: None) -> Train:
    """The `train` of `learn_precise`: from the model in `present` by the recipe for feedback."""

    def train(lists: Sequence[TrainingList], folder: Path) -> Path:
        from rag.learn import FEEDBACK_STAGE, train_on_lists

        def report(progress: object) -> None:
            say(f"step {progress.step} of {progress.steps}")  # type: ignore[attr-defined]

        folder.mkdir(parents=True, exist_ok=True)
        recipe = replace(FEEDBACK_STAGE, learning_rate=LEARNING_RATE, head_learning_rate=LEARNING_RATE)
        train_on_lists(lists, folder, recipe, start=present, threads=threads, progress=report)
        return folder

    return train


def score_with_builtin() -> Score:
    """The `score` of `learn_precise`: the built-in cross-encoder of a folder; keeps one model loaded."""
    loaded: dict[Path, object] = {}

    def score(folder: Path, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        from rag.rerank.cross_encoder import builtin

        if folder not in loaded:
            loaded.clear()
            loaded[folder] = builtin(folder=folder).model.get()
        return loaded[folder].read(question, texts).scores  # type: ignore[attr-defined, no-any-return]

    return score
