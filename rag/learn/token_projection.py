"""The fast model learns: a linear projection of the embedding model's token states, its int8 scale, word-piece IDF.

The projection is the principal components of the L2-normalised token states (uncentred, because cosines are what late
interaction keeps), without the first one: it is the direction that all tokens share, and dropping it
("all-but-the-top", Mu and Viswanath 2018) sharpens MaxSim (Khattab and Zaharia 2020, ColBERT).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.embed.minilm import FOLDER, PACKAGE, WEIGHTS_SHA256, minilm_folder
from rag.rerank.builtin_weights import CONFIG, FAST_WEIGHTS, load_tokenizer

VOCABULARY = 30522
SPECIAL_IDS = (0, 100, 101, 102, 103)  # [PAD] [UNK] [CLS] [SEP] [MASK]


def token_states(
    texts: Sequence[str], *, max_length: int = 256, batch: int = 16, progress: Callable[[int, int], None] | None = None
) -> list[NDArray[np.float32]]:
    """Per text its (n, 384) float32 L2-normalised last hidden states, special tokens dropped, in the order given."""
    import torch
    from transformers import BertModel

    tokenizer = load_tokenizer()
    model: Any = BertModel.from_pretrained(minilm_folder(), dtype=torch.float32, use_safetensors=True)
    model.eval()
    ids = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    states: list[NDArray[np.float32]] = [np.zeros((0, 384), np.float32)] * len(ids)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        padded = tokenizer.pad({"input_ids": [ids[i] for i in rows]}, return_tensors="pt")
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            hidden = model(**padded).last_hidden_state
        hidden = torch.nn.functional.normalize(hidden.float(), dim=-1)
        for row, i in enumerate(rows):
            states[i] = hidden[row, 1 : len(ids[i]) - 1].numpy().copy()
        if progress is not None:
            progress(start + len(rows), len(order))
    return states


def principal_projection(
    states: Sequence[NDArray[np.float32]], dimensions: int, *, skip: int = 1
) -> NDArray[np.float32]:
    """(384, dimensions) float32 with orthonormal columns: the leading principal directions but the first ``skip``."""
    width = states[0].shape[1]
    moment = np.zeros((width, width), np.float64)
    for rows in states:
        moment += rows.T.astype(np.float64) @ rows
    _, vectors = np.linalg.eigh(moment)
    leading = vectors[:, ::-1][:, skip : skip + dimensions]
    # the sign of an eigenvector is arbitrary: fix it, so that a rerun gives the same file
    signs = np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(dimensions)])
    return np.ascontiguousarray(leading * signs, dtype=np.float32)


def projected(states: NDArray[np.float32], projection: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d) float32: projected and L2-normalised again."""
    vectors = states @ projection
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.asarray(vectors / norms, dtype=np.float32)


def int8_scale(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(d,) float32 so that round(clip(v / scale, -127, 127)) is int8 and clips one value in two thousand."""
    return np.asarray(np.quantile(np.abs(vectors), 0.9995, axis=0) / 127, dtype=np.float32)


def word_piece_idf(texts: Sequence[str]) -> NDArray[np.float32]:
    """(30522,) float32: BM25's IDF, ln(1 + (N - df + 0.5) / (df + 0.5)), of each word piece; 0 for special tokens."""
    tokenizer = load_tokenizer()
    frequency = np.zeros(VOCABULARY)
    for start in range(0, len(texts), 2000):
        for ids in tokenizer(list(texts[start : start + 2000]), truncation=True, max_length=512)["input_ids"]:
            frequency[list(set(ids))] += 1
    idf = np.log(1 + (len(texts) - frequency + 0.5) / (frequency + 0.5))
    idf[list(SPECIAL_IDS)] = 0
    return np.asarray(idf, dtype=np.float32)


def late_interaction(
    question: NDArray[np.float32], weights: NDArray[np.float32], passage: NDArray[np.float32]
) -> float:
    """Sum over question tokens of weight × the best cosine with a passage token; all vectors L2-normalised.

    question: (q, d); weights: (q,) of any sum, normalised here to 1; passage: (p, d). Weights all 0 count alike.
    """
    total = float(weights.sum())
    shares = weights / total if total > 0 else np.full(len(weights), 1 / max(1, len(weights)), np.float32)
    return float(shares @ (question @ passage.T).max(axis=1)) if len(passage) and len(question) else 0.0


def fit_projection(
    texts_by_source: Mapping[str, Sequence[str]],
    out_dir: Path | str,
    *,
    dimensions: int = 128,
    per_source: int = 900,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Fit the projection on at most ``per_source`` texts of each source, the IDF on all; write both.

    Returns the config. Raises ValueError when there is no text or ``dimensions`` is not between 8 and 383.
    """
    from safetensors.numpy import save_file

    if not 8 <= dimensions <= 383:
        raise ValueError(f"dimensions must be between 8 and 383, not {dimensions}.")
    rng = random.Random(seed)
    sample: list[str] = []
    everything: set[str] = set()
    for source in sorted(texts_by_source):
        members = sorted(set(texts_by_source[source]))
        everything.update(members)
        sample += rng.sample(members, min(per_source, len(members)))
    if not sample:
        raise ValueError("There is no passage to learn from: the training folder holds no texts.")
    states = token_states(sample, progress=progress)
    projection = principal_projection(states, dimensions)
    scale = int8_scale(projected(np.concatenate(states), projection))
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {"projection": projection, "scale": scale, "idf": word_piece_idf(sorted(everything))}, folder / FAST_WEIGHTS
    )
    config = {
        "name": "second-pass-fast",
        "version": "1",
        "dimensions": dimensions,
        "base_model": "sentence-transformers/all-MiniLM-L6-v2",
        "base_model_package": PACKAGE,
        "base_model_folder": FOLDER,
        "base_model_sha256": WEIGHTS_SHA256,
        "token_states": "last_hidden_state, L2-normalised, [CLS] and [SEP] dropped",
        "score": "sum over query tokens of IDF weight (summing to 1) times max over passage tokens of cosine",
        "quantisation": "int8 = round(clip(v / scale, -127, 127)) of the projected, re-normalised vector",
        "max_length": 256,
        "sample": {"texts": len(sample), "idf_texts": len(everything), "seed": seed},
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return config
