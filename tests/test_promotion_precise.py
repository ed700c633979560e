from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.fuse import LinearFusion
from rag.learn_precise import TrainingList
from rag.promotion import Learned, SignalList
from rag.promotion_precise import (
    blend,
    fine_tune,
    learn_precise,
    learn_precise_from_lists,
    score_with_builtin,
    training_lists_of,
)

PRECISE = Path(__file__).resolve().parent.parent / "data" / "models" / "precise"
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


class Teacher:
    """A fake that learns the first word of the right passages, and forgets the rest beyond a share of the way."""

    def __init__(self, forgets_beyond: float = 1.0) -> None:
        self.forgets_beyond = forgets_beyond
        self.taught: list[int] = []

    def train(self, lists: Sequence[TrainingList], folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "word").write_text(lists[0].passages[0].split()[0])
        self.taught.append(len(lists))
        return folder

    def mix(self, taught: Path, share: float) -> Path:
        folder = taught.with_name(f"{taught.name}-{share:.2f}")
        folder.mkdir(exist_ok=True)
        (folder / "word").write_text((taught / "word").read_text())
        (folder / "share").write_text(str(share))
        return folder

    def score(self, folder: Path, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        word = (folder / "word").read_text()
        found = np.array([float(text.split()[0] == word) for text in texts])
        share = float((folder / "share").read_text())
        return -found if share > self.forgets_beyond and "shipped" in question else found


def learned(teacher: Teacher, folder: Path, lists: list[SignalList]) -> Learned:
    shipped = [replace(list_of(900 + i), question=f"shipped {i}") for i in range(20)]
    found, model = learn_precise_from_lists(
        lists,
        np.arange(len(lists)),
        PRESENT,
        shipped=shipped,
        train=teacher.train,
        mix=teacher.mix,
        score=teacher.score,
        folder=folder,
    )
    assert model.name.startswith("whole-")
    return found


def test_a_model_that_helps_the_half_it_did_not_see_is_promoted(tmp_path: Path) -> None:
    teacher = Teacher()
    found = learned(teacher, tmp_path, [list_of(i) for i in range(30)])
    assert found.promoted, found.reason
    assert teacher.taught == [30, 30, 30]


def test_a_model_that_forgets_the_shipped_goldens_is_kept_aside(tmp_path: Path) -> None:
    found = learned(Teacher(forgets_beyond=0.0), tmp_path, [list_of(i) for i in range(30)])
    assert not found.promoted
    assert "shipped goldens fall" in found.reason


def test_it_goes_only_so_far_as_the_shipped_goldens_do_not_fall(tmp_path: Path) -> None:
    found = learned(Teacher(forgets_beyond=0.5), tmp_path, [list_of(i) for i in range(30)])
    assert found.promoted, found.reason
    assert {path.name for path in tmp_path.glob("whole-*")} == {"whole-0.60", "whole-0.45"}
    assert {path.name for path in tmp_path.glob("half-0-*")} == {"half-0-0.45"}


def test_too_few_marks_teach_nothing(tmp_path: Path) -> None:
    teacher = Teacher()
    found, model = learn_precise(
        [], PRESENT, shipped=[], train=teacher.train, mix=teacher.mix, score=teacher.score, folder=tmp_path
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


@needs_weights
def test_averaging_ends_at_either_model(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    old = load_file(PRECISE / "precise.safetensors")
    (tmp_path / "taught").mkdir()
    for share, wanted in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.5)):
        save_file({name: tensor + 1 for name, tensor in old.items()}, tmp_path / "taught" / "precise.safetensors")
        mixed = load_file(blend(PRECISE)(tmp_path / "taught", share) / "precise.safetensors")
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
    folder = fine_tune(PRECISE, threads=1)(lists, tmp_path / "candidate")
    score = score_with_builtin()
    texts = lists[0].passages
    before, after = score(PRECISE, lists[0].question, texts), score(folder, lists[0].question, texts)
    assert before.shape == after.shape == (3,)
    assert not np.allclose(before, after)
    assert after[0] - after[1:].max() > before[0] - before[1:].max() - 0.05
