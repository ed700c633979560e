"""The precise model learns: a cross-encoder from the embedding model's trunk, on lists of one right passage and others.

Loss: softmax cross-entropy over each list (ListNet's top-one loss, Cao et al. 2007, with one relevant passage; the
"localized contrastive estimation" of Gao et al. 2021). Measured for a processor without GPU: eager attention and no
dropout are three times as fast as the defaults, bfloat16 autocast with fused AdamW twice as fast again.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.embed.minilm import PACKAGE, WEIGHTS_SHA256
from rag.rerank.builtin_weights import load_precise, load_tokenizer, new_precise_model, save_precise

AS_SHOWN = ("synthetic", "feedback")  # sources whose passages and headers already look as the product shows them


@dataclass(frozen=True, kw_only=True)
class TrainingList:
    """One question, its right passage first, wrong ones after it; ``headers`` align with ``passages`` ("" for none).

    ``teacher`` is empty, or one score per passage of a ranking to imitate besides (any scale, higher is better).
    """

    source: str
    question: str
    passages: tuple[str, ...]
    headers: tuple[str, ...]
    teacher: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A list as it is shown once: texts with the right one first, and the share of belief that each should get."""

    question: str
    texts: tuple[str, ...]
    target: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class PreciseRecipe:
    """What a run is made of; ``seed`` fixes order and augmentation."""

    passes: dict[str, float]  # times that each source is seen; sources not named are left out
    negatives: int = 5
    lists_per_step: int = 8
    lists_at_once: int = 2
    learning_rate: float = 6e-5
    head_learning_rate: float = 3e-4
    final_learning_rate: float = 0.0  # as a fraction of the peak, at the last step
    warmup: float = 0.06
    weight_decay: float = 0.01
    stop_after: int = 0  # steps; 0 goes to the schedule's end
    max_length: int = 256
    header_rate: float = 0.6
    splice_rate: float = 0.25
    teacher_share: float = 0.4  # of the target, where a list has a teacher; the label has the rest
    teacher_sharpness: float = 1.5  # of softmax over the teacher's z-scores
    anchor: float = 0.1  # weight of a pointwise loss: without it a list's scores may float up or down together
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands: ``loss`` is the mean since the last report, ``pairs_per_second`` since the start."""

    step: int
    steps: int
    loss: float
    seconds: float
    pairs_per_second: float


def read_lists(path: Path | str) -> list[TrainingList]:
    """Read lists from JSON lines, one ``{"source","question","passages","headers"}`` a line."""
    lists = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        lists.append(
            TrainingList(
                source=row["source"],
                question=row["question"],
                passages=tuple(row["passages"]),
                headers=tuple(row["headers"]),
                teacher=tuple(row.get("teacher", ())),
            )
        )
    return lists


def write_lists(lists: Sequence[TrainingList], path: Path | str) -> None:
    """Write lists as JSON lines, the inverse of ``read_lists``."""
    with Path(path).open("w", encoding="utf-8") as file:
        for item in lists:
            file.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")


def augmented(item: TrainingList, recipe: PreciseRecipe, rng: random.Random) -> Visit:
    """One visit: a sample of negatives, with or without headers, sometimes spliced or clipped.

    What is done to the right passage is done to the wrong ones of the same list, or the model learns the trace of it.
    """
    order = list(range(1, len(item.passages)))
    if len(order) > recipe.negatives:
        # the first are the hardest: take them more often
        order = sorted(order, key=lambda i: i / len(order) + rng.random())[: recipe.negatives]
    chosen = [0, *order]
    as_shown = item.source.startswith(AS_SHOWN)
    texts = [item.passages[i] for i in chosen]
    if not as_shown and rng.random() < recipe.splice_rate:
        texts = [_spliced(text, rng.choice(item.passages[1:]), rng) for text in texts]
    with_headers = as_shown or (all(item.headers) and rng.random() < recipe.header_rate)
    if with_headers:
        texts = as_read([item.headers[i] for i in chosen], texts)
    question = item.question
    if not as_shown and rng.random() < 0.3:
        question = question.rstrip(" ?") if question.endswith("?") else question[:1].upper() + question[1:] + "?"
    return Visit(question=question, texts=tuple(texts), target=_target(item, chosen, recipe))


def as_read(headers: Sequence[str], passages: Sequence[str]) -> list[str]:
    """Passages as a reranker reads them: the header, where there is one, on a line above."""
    return [f"{header}\n{text}" if header else text for header, text in zip(headers, passages, strict=True)]


def _target(item: TrainingList, chosen: list[int], recipe: PreciseRecipe) -> tuple[float, ...]:
    """The label, and where there is a teacher a share of softmax(sharpness × z-score) (Hinton et al. 2015)."""
    label = [1.0, *(0.0 for _ in chosen[1:])]
    if not item.teacher:
        return tuple(label)
    scores = [item.teacher[i] for i in chosen]
    mean, spread = statistics.fmean(scores), statistics.pstdev(scores) or 1.0
    powers = [math.exp(recipe.teacher_sharpness * (score - mean) / spread) for score in scores]
    share = recipe.teacher_share
    return tuple((1 - share) * y + share * power / sum(powers) for y, power in zip(label, powers, strict=True))


def _spliced(text: str, other: str, rng: random.Random) -> str:
    """The text inside a longer chunk, as a splitter would cut it: part of another passage before or after it."""
    words = other.split()
    part = " ".join(words[: rng.randint(20, 70)])
    return f"{text} {part}" if rng.random() < 0.5 else f"{part} {text}"


def scheduled(lists: Sequence[TrainingList], recipe: PreciseRecipe) -> Iterator[list[TrainingList]]:
    """Batches of ``lists_per_step`` lists, alike in length so that little is padded, in an order fixed by the seed."""
    rng = random.Random(recipe.seed)
    visits: list[TrainingList] = []
    by_source: dict[str, list[TrainingList]] = {}
    for item in lists:
        by_source.setdefault(item.source, []).append(item)
    for source in sorted(by_source):
        times = recipe.passes.get(source, 0.0)
        members = by_source[source]
        for _ in range(int(times)):
            visits += members
        visits += rng.sample(members, int((times - int(times)) * len(members)))
    rng.shuffle(visits)
    window = recipe.lists_per_step * 32
    for start in range(0, len(visits), window):
        block = sorted(visits[start : start + window], key=lambda v: sum(map(len, v.passages)) / len(v.passages))
        batches = [block[i : i + recipe.lists_per_step] for i in range(0, len(block), recipe.lists_per_step)]
        rng.shuffle(batches)
        yield from batches


def learning_rate_factor(step: int, steps: int, recipe: PreciseRecipe) -> float:
    """Linear warm-up to 1, then linear decay to ``final_learning_rate``; ``step`` counts from 0."""
    warm = max(1, math.ceil(recipe.warmup * steps))
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return 1 - (1 - recipe.final_learning_rate) * done


def train_on_lists(
    lists: Sequence[TrainingList],
    out_dir: Path | str,
    recipe: PreciseRecipe,
    *,
    start: Path | str | None = None,
    threads: int = 2,
    checkpoint_every: int = 200,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Train on ``lists`` with ``threads`` workers of one thread each; write the model into ``out_dir``.

    The model is also written every ``checkpoint_every`` steps. ``start`` is the folder of a model to go on
    from; without it training begins at the embedding model's trunk with a fresh head. Returns ``out_dir``. Raises
    ValueError when the recipe's passes leave no list to learn from.
    """
    import torch

    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed + 1)
    batches = list(scheduled(lists, recipe))
    if not batches:
        raise ValueError(f"No list has a source of the recipe's passes: {sorted(recipe.passes)}.")
    tokenizer = load_tokenizer()
    attention = _register_bfloat16_attention()
    model = new_precise_model(attention) if start is None else load_precise(start, attention=attention)[0]
    model.train()
    model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def gradients_of(visits: list[Visit]) -> tuple[tuple[Any, ...], float]:
        encoded = tokenizer(
            [visit.question for visit in visits for _ in visit.texts],
            [text for visit in visits for text in visit.texts],
            truncation="only_second",
            max_length=recipe.max_length,
            padding=True,
            return_tensors="pt",
        )
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(**encoded).logits[:, 0]
        lists_of_logits = torch.split(logits.float(), [len(visit.texts) for visit in visits])
        losses = []
        for visit, part in zip(visits, lists_of_logits, strict=True):
            losses.append(-(torch.tensor(visit.target) * torch.log_softmax(part, dim=0)).sum())
            right = torch.tensor([1.0, *(0.0 for _ in visit.texts[1:])])
            losses.append(recipe.anchor * torch.nn.functional.binary_cross_entropy_with_logits(part, right))
        loss = torch.stack(losses).sum()
        return torch.autograd.grad(loss, learned), float(loss.detach())

    optimizer = _optimizer(model, recipe)
    peaks = [group["lr"] for group in optimizer.param_groups]
    config = precise_config(recipe)
    began, pairs, losses = time.monotonic(), 0, []
    torch_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    workers = ThreadPoolExecutor(threads)
    try:
        for step, batch in enumerate(batches):
            factor = learning_rate_factor(step, len(batches), recipe)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            visits = [augmented(item, recipe, rng) for item in batch]
            # a few lists at a time: what is kept for backward stays near the processor, and less is padded
            parts = [visits[i : i + recipe.lists_at_once] for i in range(0, len(visits), recipe.lists_at_once)]
            total = 0.0
            for gradients, loss in workers.map(gradients_of, parts):
                total += loss / len(batch)
                for parameter, gradient in zip(learned, gradients, strict=True):
                    gradient = gradient / len(batch)
                    parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
            pairs += sum(len(visit.texts) for visit in visits)
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(total)
            last = step + 1 in (len(batches), recipe.stop_after)
            if progress is not None and ((step + 1) % 20 == 0 or last):
                seconds = time.monotonic() - began
                mean = sum(losses) / len(losses)
                progress(
                    Progress(
                        step=step + 1, steps=len(batches), loss=mean, seconds=seconds, pairs_per_second=pairs / seconds
                    )
                )
                losses = []
            if (step + 1) % checkpoint_every == 0 or last:
                save_precise(model, out_dir, config)
            if last:
                break
    finally:
        workers.shutdown(cancel_futures=True)
        torch.set_num_threads(torch_threads)
    return Path(out_dir)


def _register_bfloat16_attention() -> str:
    """Eager attention whose scores, mask and softmax stay in bfloat16: 50 pairs a second against 40; returns its name.

    The stock one adds a float32 mask to bfloat16 scores, so all after it runs, and is kept for backward, in float32.
    """
    import torch
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, eager_mask

    def attention(
        module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: float | None = None, **_: Any
    ) -> tuple[Any, Any]:
        with torch.autocast("cpu", enabled=False):
            scale = query.shape[-1] ** -0.5 if scaling is None else scaling
            scores = torch.matmul(query * scale, key.transpose(2, 3))
            if mask is not None:
                scores = scores + mask.to(scores.dtype)
            weights = torch.softmax(scores, dim=-1)
            return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights

    name = "bfloat16_eager"
    AttentionInterface.register(name, attention)
    AttentionMaskInterface.register(name, eager_mask)
    return name


def _optimizer(model: Any, recipe: PreciseRecipe) -> Any:
    """AdamW with a higher rate for the fresh head, and no weight decay on biases and norms."""
    import torch

    groups: dict[tuple[bool, bool], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            head = name.startswith("classifier") or ".pooler." in name
            groups.setdefault((head, parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": recipe.head_learning_rate if head else recipe.learning_rate,
                "weight_decay": recipe.weight_decay if matrix else 0.0,
            }
            for (head, matrix), parameters in groups.items()
        ],
        fused=True,
    )


def precise_config(recipe: PreciseRecipe) -> dict[str, Any]:
    """What config.json says of a model trained by this recipe."""
    return {
        "name": "second-pass-precise",
        "version": "1",
        "architecture": "BertForSequenceClassification, 1 label, 6 layers, 384 wide",
        "base_model": "sentence-transformers/all-MiniLM-L6-v2",
        "base_model_package": PACKAGE,
        "base_model_sha256": WEIGHTS_SHA256,
        "without": ["bert.embeddings.word_embeddings.weight"],
        "input": "question, then 'title · section\\ntext'; the passage is truncated, never the question",
        "max_length": recipe.max_length,
        "recipe": asdict(recipe),
    }
