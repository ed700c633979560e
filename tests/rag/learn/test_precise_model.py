from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from app.cli.main import main
from app.learning import REPLAY
from rag.fuse import LinearFusion
from rag.learn.decide import Learned
from rag.learn.listnet import fit_fusion
from rag.learn.precise_model import learn_precise, learn_precise_from_lists, training_lists_of
from rag.learn.recipes import FEEDBACK_STAGE
from rag.learn.signal_lists import SignalList, ndcg
from rag.learn.taught_model import BuiltinTeacher
from rag.learn.train_cross_encoder import TrainingList, as_read, read_lists, scheduled, write_lists
from tests.places import MODELS

PRECISE = MODELS / "precise"
PRESENT = LinearFusion(weights={"precise": {"cross-encoder": 1.0, "late": 0.2}}, version="0")
WEIGHTS = PRECISE / "precise.safetensors"
needs_weights = pytest.mark.skipif(not WEIGHTS.is_file(), reason="the precise model is absent")


def list_of(seed: int) -> SignalList:
    """12 passages on 12 pages, the relevant one in the middle, known to no signal yet."""
    rng = np.random.default_rng(seed)
    return SignalList(
        question=f"question {seed}",
        signals={"cross-encoder": rng.normal(size=12), "late": rng.normal(size=12)},
        documents=("d",) * 12,
        pages=tuple(range(1, 13)),
        keys=tuple(f"p{i}" for i in range(12)),
        grades={"p6": 1},
        labels=np.where(np.arange(12) == 6, 1.0, 0.02),
        texts=tuple(f"{'right' if i == 6 else 'wrong'} passage {i} of {seed}" for i in range(12)),
    )


class FakeTeacher:
    """Learns the first word of the right passages, and forgets the shipped questions beyond a share of the way."""

    def __init__(self, forgets_beyond: float = 1.0) -> None:
        self.forgets_beyond = forgets_beyond
        self.taught: list[int] = []
        self.mixed: list[tuple[int, float]] = []

    def train(self, lists: Sequence[TrainingList], folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "word").write_text(lists[0].passages[0].split()[0])
        self.taught.append(len(lists))
        return folder

    def mix(self, taught: Sequence[Path], share: float, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "word").write_text((taught[0] / "word").read_text())
        (folder / "share").write_text(str(share))
        self.mixed.append((len(taught), share))
        return folder

    def score(self, folder: Path, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        word = (folder / "word").read_text()
        found = np.array([float(text.split()[0] == word) for text in texts])
        share = float((folder / "share").read_text())
        return -found if share > self.forgets_beyond and "shipped" in question else found


def learned(
    teacher: FakeTeacher, folder: Path, lists: list[SignalList], counted: NDArray[np.bool_] | None = None
) -> Learned:
    shipped = [replace(list_of(900 + i), question=f"shipped {i}") for i in range(20)]
    found, model = learn_precise_from_lists(
        lists,
        np.arange(len(lists)),
        PRESENT,
        counted=counted,
        shipped=shipped,
        teacher=teacher,
        fit=fit_fusion,
        folder=folder,
        version="taught",
    )
    assert model.name == "all"
    return found


def test_a_model_that_helps_the_fold_it_did_not_see_is_promoted(tmp_path: Path) -> None:
    teacher = FakeTeacher()
    found = learned(teacher, tmp_path, [list_of(i) for i in range(30)])
    assert found.promoted, found.reason
    assert teacher.taught == [20, 20, 20]
    assert teacher.mixed == [(1, 1.0)] * 3 + [(3, 1.0)]


def test_a_taught_model_brings_weights_that_trust_it_more(tmp_path: Path) -> None:
    found = learned(FakeTeacher(), tmp_path, [list_of(i) for i in range(30)])
    weights = found.fusion.weights["precise"]
    before = PRESENT.weights["precise"]
    assert weights["cross-encoder"] / weights["late"] > before["cross-encoder"] / before["late"]
    assert found.fusion.version == "taught"


def test_a_model_that_forgets_the_shipped_goldens_is_kept_aside(tmp_path: Path) -> None:
    found = learned(FakeTeacher(forgets_beyond=0.0), tmp_path, [list_of(i) for i in range(30)])
    assert not found.promoted
    assert "shipped goldens fall" in found.reason


def test_it_goes_only_so_far_as_the_shipped_goldens_do_not_fall(tmp_path: Path) -> None:
    teacher = FakeTeacher(forgets_beyond=0.7)
    found = learned(teacher, tmp_path, [list_of(i) for i in range(30)])
    assert found.promoted, found.reason
    assert teacher.mixed[-1] == (3, 0.6)
    assert {share for _, share in teacher.mixed} == {1.0, 0.6}


def test_questions_that_another_model_ranked_teach_but_are_not_compared(tmp_path: Path) -> None:
    teacher = FakeTeacher()
    counted = np.arange(30) < 12
    lists = [list_of(i) for i in range(30)]
    found = learned(teacher, tmp_path, lists, counted)
    assert teacher.taught == [20, 20, 20]
    assert found.feedback is not None
    assert found.feedback.before == pytest.approx(
        np.mean([ndcg(row, PRESENT.weights["precise"]) for row in lists[:12]])
    )


def test_too_few_marks_teach_nothing(tmp_path: Path) -> None:
    teacher = FakeTeacher()
    found, model = learn_precise(
        [],
        PRESENT,
        in_use="shipped",
        shipped=[],
        teacher=teacher,
        fit=fit_fusion,
        folder=tmp_path,
        version="taught",
    )
    assert model is None
    assert found.reason.startswith("not enough marks yet: 0 of 200")
    assert teacher.taught == []


def test_a_training_list_holds_no_passage_of_the_page_of_the_evidence() -> None:
    row = replace(list_of(1), pages=(1, 2, 3, 4, 5, 6, 7, 7, 9, 10, 11, 12))
    (made,) = training_lists_of([row])
    assert made.passages[0] == "right passage 6 of 1"
    assert "wrong passage 7 of 1" not in made.passages
    assert len(made.passages) == len(made.headers) == 9


def test_a_training_list_prefers_what_was_marked_down_even_beside_the_evidence() -> None:
    labels = np.where(np.arange(12) == 6, 1.0, 0.02)
    labels[[7, 11]] = 0.0
    row = replace(list_of(1), pages=(1, 2, 3, 4, 5, 6, 7, 7, 9, 10, 11, 12), labels=labels)
    (made,) = training_lists_of([row])
    assert made.passages[:4] == tuple(
        f"{text} of 1" for text in ("right passage 6", "wrong passage 7", "wrong passage 11", "wrong passage 0")
    )


@needs_weights
def test_averaging_ends_at_the_shipped_model_or_at_the_average_of_the_taught(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    old = load_file(WEIGHTS)
    taught = [tmp_path / "one", tmp_path / "two"]
    for folder, added in zip(taught, (1, 3), strict=True):
        folder.mkdir()
        save_file({name: tensor + added for name, tensor in old.items()}, folder / WEIGHTS.name)
    for share, wanted in ((0.0, 0.0), (1.0, 2.0), (0.5, 1.0)):
        mixed = load_file(BuiltinTeacher(PRECISE).mix(taught, share, tmp_path / "mixed") / WEIGHTS.name)
        for name, tensor in mixed.items():
            assert torch.allclose(tensor.float(), old[name].float() + wanted, atol=2e-2)


@needs_weights
def test_the_built_in_model_really_learns_from_lists_and_can_be_asked(tmp_path: Path) -> None:
    lists = [
        TrainingList(
            source="feedback",
            question=f"Which shelf holds the {thing}?",
            passages=(f"The {thing} stands on shelf nine.", f"The {thing} is liked by many.", "Shelves are long."),
            headers=("", "", ""),
        )
        for thing in ("lamp", "radio", "globe", "clock")
    ]
    teacher = BuiltinTeacher(PRECISE, threads=1)
    folder = teacher.train(lists, tmp_path / "candidate")
    texts = lists[0].passages
    before, after = (teacher.score(model, lists[0].question, texts) for model in (PRECISE, folder))
    assert before.shape == after.shape == (3,)
    assert not np.allclose(before, after)
    assert after[0] - after[1:].max() > before[0] - before[1:].max() - 0.05

    # The folder is written to anew, as by the next run of the simulation: the new model is asked, not the old one.
    shutil.copyfile(WEIGHTS, folder / WEIGHTS.name)
    os.utime(folder / WEIGHTS.name, ns=(1, 1))
    assert np.allclose(teacher.score(folder, lists[0].question, texts), before)


def test_every_replayed_list_is_seen_once_and_every_marked_one_three_times() -> None:
    marked = training_lists_of([list_of(1), list_of(2)])
    replay = read_lists(REPLAY)
    seen = Counter(row.question for batch in scheduled([*marked, *replay], FEEDBACK_STAGE) for row in batch)
    assert {row.question: seen[row.question] for row in marked} == {"question 1": 3, "question 2": 3}
    assert all(seen[question] == count for question, count in Counter(row.question for row in replay).items())


def test_the_replayed_lists_carry_the_shipped_models_scores() -> None:
    replay = read_lists(REPLAY)
    assert {row.source for row in replay} == {"synthetic-report", "synthetic-handbook"}
    assert all(len(row.teacher) == len(row.passages) == len(row.headers) for row in replay)
    if WEIGHTS.is_file():
        row = replay[0]
        scores = BuiltinTeacher(PRECISE).score(PRECISE, row.question, as_read(row.headers, row.passages))
        assert np.allclose(scores, row.teacher, atol=0.05)


@needs_weights
def test_lists_are_kept_for_replay_by_a_command(tmp_path: Path) -> None:
    made = [replace(row, teacher=()) for row in read_lists(REPLAY)[:3]]
    write_lists(made, tmp_path / "lists.jsonl")
    arguments = ["train", "replay", str(tmp_path / "lists.jsonl"), str(tmp_path / "replay.jsonl"), "--count", "2"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "2 lists written" in done.output
    for kept, shipped in zip(read_lists(tmp_path / "replay.jsonl"), read_lists(REPLAY), strict=False):
        assert kept.passages == shipped.passages
        assert np.allclose(kept.teacher, shipped.teacher, atol=0.05)
