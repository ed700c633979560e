"""The built-in cross-encoder taught by marks: trained from the shipped weights, averaged with them, and asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.learn.train_cross_encoder import Progress, TrainingList


class BuiltinTeacher:
    """The `Teacher` of `learn_precise`. shipped: the model's folder. replay: lists that are mixed into every training,
    with the shipped model's scores. Keeps one model loaded."""

    def __init__(
        self,
        shipped: Path,
        replay: Sequence[TrainingList] = (),
        *,
        threads: int = 2,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.shipped = shipped
        self.replay = replay
        self.threads = threads
        self.say = say
        self._loaded: dict[tuple[Path, int], object] = {}

    def train(self, lists: Sequence[TrainingList], folder: Path) -> Path:
        from rag.learn.recipes import FEEDBACK_STAGE
        from rag.learn.train_cross_encoder import train_on_lists

        def report(progress: Progress) -> None:
            self.say(f"step {progress.step} of {progress.steps}")

        folder.mkdir(parents=True, exist_ok=True)
        every = [*lists, *self.replay]
        train_on_lists(every, folder, FEEDBACK_STAGE, start=self.shipped, threads=self.threads, progress=report)
        return folder

    def mix(self, taught: Sequence[Path], share: float, folder: Path) -> Path:
        import torch
        from safetensors.torch import load_file, save_file

        from rag.rerank.builtin_weights import PRECISE_WEIGHTS

        old, *new = (load_file(one / PRECISE_WEIGHTS) for one in (self.shipped, *taught))
        averages = {name: torch.stack([one[name].float() for one in new]).mean(dim=0) for name in old}
        mixed = {name: old[name].float().lerp(averages[name], share).to(old[name].dtype) for name in old}
        shutil.copytree(taught[0], folder, dirs_exist_ok=True)
        save_file(mixed, folder / PRECISE_WEIGHTS)
        return folder

    def score(self, folder: Path, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        from rag.rerank.builtin_weights import PRECISE_WEIGHTS
        from rag.rerank.cross_encoder import builtin

        key = (folder, (folder / PRECISE_WEIGHTS).stat().st_mtime_ns)  # a folder may be written to anew
        if key not in self._loaded:
            self._loaded.clear()
            self._loaded[key] = builtin(folder=folder).model.get()
        return self._loaded[key].read(question, texts).scores  # type: ignore[attr-defined, no-any-return]
