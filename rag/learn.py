"""How the built-in models learn, and how the fusion's weights learn from feedback.

``second-pass train`` calls ``train_fast`` and ``train_precise``; feedback calls ``fit_fusion``. A run is repeatable
from its seed, up to the last bits of floating-point sums.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.learn_fast import fit_projection
from rag.learn_lists import (
    TrainingDataError,
    TrainingPair,
    TrainingPassage,
    definition_pairs,
    mine_lists,
    read_pairs,
    read_passages,
    sentence_pairs,
    with_teacher,
)
from rag.learn_precise import PreciseRecipe, Progress, TrainingList, read_lists, train_on_lists, write_lists

__all__ = [
    "FEEDBACK_STAGE",
    "FIRST_STAGE",
    "FOURTH_STAGE",
    "SECOND_STAGE",
    "THIRD_STAGE",
    "PreciseRecipe",
    "Progress",
    "TrainingDataError",
    "TrainingList",
    "fit_fusion",
    "make_real_lists",
    "read_lists",
    "train_fast",
    "train_on_lists",
    "train_precise",
    "write_lists",
]

# The shipped model's stages: labels alone, then labels and the fast model's order.
FIRST_STAGE = PreciseRecipe(
    passes={
        "nq": 1,
        "openstax": 0.6,
        "openstax-definition": 0.6,
        "openstax-sentence": 0.1,
        "medquad": 0.3,
        "policyqa": 0.2,
        "synthetic-report": 0.15,
        "synthetic-handbook": 0.3,
    },
    learning_rate=1e-4,
    head_learning_rate=1e-3,
    warmup=0.04,
    final_learning_rate=0.6,
    stop_after=500,
    teacher_share=0.0,
    anchor=0.0,
    seed=11,
)
SECOND_STAGE = PreciseRecipe(
    passes={
        "nq": 1.2,
        "openstax": 0.42,
        "openstax-definition": 0.42,
        "medquad": 0.3,
        "policyqa": 0.07,
        "synthetic-report": 0.1,
        "synthetic-handbook": 0.2,
    },
    learning_rate=8e-5,
    head_learning_rate=3e-4,
    warmup=0.02,
    splice_rate=0.15,
    stop_after=100,
    teacher_share=0.5,
    seed=12,
)
THIRD_STAGE = PreciseRecipe(
    passes={
        "nq": 0.6,
        "openstax": 0.21,
        "openstax-definition": 0.21,
        "medquad": 0.15,
        "policyqa": 0.035,
        "synthetic-report": 0.06,
        "synthetic-handbook": 0.1,
    },
    learning_rate=8e-5,
    head_learning_rate=3e-4,
    warmup=0.02,
    splice_rate=0.15,
    teacher_share=0.5,
    seed=21,
)

# The longer run that ships: on from the third stage, everything seen more often.
FOURTH_STAGE = PreciseRecipe(
    passes={
        "nq": 2,
        "openstax": 0.6,
        "openstax-definition": 0.6,
        "medquad": 0.8,
        "policyqa": 0.5,
        "synthetic-report": 0.35,
        "synthetic-handbook": 0.5,
    },
    negatives=6,
    learning_rate=6e-5,
    head_learning_rate=2e-4,
    warmup=0.04,
    splice_rate=0.2,
    teacher_share=0.5,
    seed=31,
)

# A person's own marks: few and dear, so small steps, and invented lists on which the shipped model's scores are kept.
FEEDBACK_STAGE = PreciseRecipe(
    passes={"feedback": 3, "synthetic-report": 1, "synthetic-handbook": 1},
    learning_rate=3e-5,
    head_learning_rate=3e-5,
    warmup=0.1,
    teacher_share=0.7,
    seed=13,
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
    About 2 minutes on 2 cores. Raises TrainingDataError.
    """
    pairs, passages = _read(Path(training_dir))
    texts: dict[str, list[str]] = {}
    for pair in pairs:
        texts.setdefault(pair.source, []).append(pair.passage)
    for passage in passages:
        texts.setdefault("passages", []).append(passage.text)
    return fit_projection(texts, out_dir, dimensions=dimensions, seed=seed, progress=progress)


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

    ``extra_lists`` are those of ``python -m data.make_training`` (read with ``read_lists``) or of feedback; each
    stage's ``passes`` say how often each source is seen. The mined lists are kept as ``lists.jsonl`` in ``out_dir``,
    and used again by a later run there; with ``teacher_dir``, the fast model's folder, they carry its scores. Without
    ``start`` training begins at the embedding model's trunk. On 2 cores mining and teaching take 10 minutes, training
    about 100. Raises TrainingDataError.
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
