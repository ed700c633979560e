"""The built-in models are trained: `second-pass train fast` and `train precise`.

A run is repeatable from its seed, up to the last bits of floating-point sums.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag.learn.recipes import FIRST_STAGE, FOURTH_STAGE, SECOND_STAGE, THIRD_STAGE
from rag.learn.sign_projection import fit_sign_projection
from rag.learn.token_projection import fit_projection
from rag.learn.train_cross_encoder import PreciseRecipe, Progress, TrainingList, read_lists, train_on_lists, write_lists
from rag.learn.training_lists import (
    TrainingPair,
    TrainingPassage,
    definition_pairs,
    mine_lists,
    read_answers,
    read_pairs,
    read_passages,
    sentence_pairs,
    with_teacher,
)


def train_fast(
    training_dir: Path | str,
    out_dir: Path | str,
    *,
    dimensions: int = 128,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Fit the fast model's projection, scale and IDF on the texts of ``training_dir``; returns its config.

    ``training_dir`` holds ``pairs.jsonl.gz`` and ``passages.jsonl.gz``; ``progress`` gets (texts done, texts in all).
    About 2 minutes on 2 cores. Raises TrainingDataUnreadable.
    """
    pairs, passages = _read(Path(training_dir))
    texts: dict[str, list[str]] = {}
    for pair in pairs:
        texts.setdefault(pair.source, []).append(pair.passage)
    for passage in passages:
        texts.setdefault("passages", []).append(passage.text)
    return fit_projection(texts, out_dir, dimensions=dimensions, seed=seed, progress=progress)


def train_fast_multilingual(
    training_dir: Path | str,
    base_model: Path,
    out_dir: Path | str,
    *,
    base_model_sha256: str,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """As `train_fast`, for multilingual-e5-small in the folder `base_model`, in every language of ``training_dir``.

    It reads ``answers.jsonl.gz`` besides. About 3 minutes on 2 cores. Raises TrainingDataUnreadable.
    """
    pairs, passages = _read(Path(training_dir))
    texts: dict[str, list[str]] = {"passages": [passage.text for passage in passages]}
    for pair in [*pairs, *read_answers(Path(training_dir) / "answers.jsonl.gz")]:
        texts.setdefault(pair.source, []).append(pair.passage)
    return fit_sign_projection(
        texts, base_model, out_dir, base_model_sha256=base_model_sha256, seed=seed, progress=progress
    )


def train_precise(
    training_dir: Path | str,
    out_dir: Path | str,
    *,
    extra_lists: Sequence[TrainingList] = (),
    stages: Sequence[PreciseRecipe] = (FIRST_STAGE, SECOND_STAGE, THIRD_STAGE, FOURTH_STAGE),
    teacher_dir: Path | str | None = None,
    start: Path | str | None = None,
    threads: int = 2,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Train the precise model from the pairs of ``training_dir`` and ``extra_lists``, one stage after the other.

    ``extra_lists`` are those of ``python -m data.make.training`` (read with ``read_lists``) or of feedback; each
    stage's ``passes`` say how often each source is seen. The mined lists are kept as ``lists.jsonl`` in ``out_dir``,
    and used again by a later run there; with ``teacher_dir``, the fast model's folder, they carry its scores. Without
    ``start`` training begins at the embedding model's trunk. On 2 cores mining and teaching take 10 minutes, training
    about 100. Raises TrainingDataUnreadable.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    mined = folder / "lists.jsonl"
    if not mined.is_file():
        partial = mined.with_suffix(".part")
        made = make_real_lists(training_dir)
        write_lists(made if teacher_dir is None else with_teacher(made, teacher_dir), partial)
        partial.replace(mined)
    lists = [*read_lists(mined), *extra_lists]
    for recipe in stages:
        start = train_on_lists(lists, folder, recipe, start=start, threads=threads, progress=progress)
    return folder


def make_real_lists(training_dir: Path | str, *, seed: int = 7) -> list[TrainingList]:
    """Lists mined from ``training_dir``: the pairs, and definitions and sentences asked of the passages. Seeded."""
    rng = random.Random(seed)
    pairs, passages = _read(Path(training_dir))
    by_source: dict[str, list[TrainingPair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.source, []).append(pair)
    policy, medical = by_source.get("policyqa", []), by_source.get("medquad", [])
    general = [pair for pair in pairs if pair.source not in ("policyqa", "medquad")]
    asked = [*general, *definition_pairs(passages, rng, 1500), *sentence_pairs(passages, rng, 800)]
    lists = mine_lists(asked, [*passages, *map(_as_passage, general)]) if asked else []
    if policy:
        # its questions are of a kind ("Does the site collect my data?"): the nearest passages answer them too
        lists += mine_lists(rng.sample(policy, min(1200, len(policy))), map(_as_passage, policy), skip=4)
    if medical:
        chosen = rng.sample(medical, min(2200, len(medical)))
        others = rng.sample(medical, min(6000, len(medical)))
        lists += mine_lists(chosen, map(_as_passage, [*chosen, *others]))
    return lists


def _as_passage(pair: TrainingPair) -> TrainingPassage:
    return TrainingPassage(source=pair.source, text=pair.passage, title=pair.title)


def _read(folder: Path) -> tuple[list[TrainingPair], list[TrainingPassage]]:
    return read_pairs(folder / "pairs.jsonl.gz"), read_passages(folder / "passages.jsonl.gz")
