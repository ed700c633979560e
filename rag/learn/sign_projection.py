"""The multilingual fast model learns: mean, projection and word-piece IDF, for token vectors of one bit a dimension.

The mean of the token states over the training texts is taken off (it is what all tokens share: "all-but-the-top", Mu
and Viswanath 2018), they are normalised, and projected on their principal components. A random rotation then spreads
the variance over all dimensions, so that the sign of each is worth the same: a passage keeps only the signs, a question
its values (asymmetric distances; Gong et al. 2013, "Iterative quantization", start from the same rotation).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.learn.token_projection import int8_scale, principal_projection, projected
from rag.rerank.builtin_weights import CONFIG, FAST_WEIGHTS

LONGEST = 256  # word pieces of a training text that are read


def fit_sign_projection(
    texts_by_source: Mapping[str, Sequence[str]],
    base_model: Path,
    out_dir: Path | str,
    *,
    base_model_sha256: str,
    dimensions: int = 256,
    per_source: int = 110,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Fit on at most `per_source` texts of each source, the IDF on all; write both. Returns the config.

    base_model: the folder of multilingual-e5-small; the SHA-256 of what it was made from is recorded. Raises ValueError
    when there is no text or `dimensions` is not a multiple of 8 up to the model's 384.
    """
    from safetensors.numpy import save_file
    from sentence_transformers import SentenceTransformer

    if dimensions % 8 or not 8 <= dimensions <= 384:
        raise ValueError(f"dimensions must be a multiple of 8 from 8 to 384, not {dimensions}.")
    rng = random.Random(seed)
    sample: list[str] = []
    everything: set[str] = set()
    for source in sorted(texts_by_source):
        members = sorted(set(texts_by_source[source]))
        everything.update(members)
        sample += rng.sample(members, min(per_source, len(members)))
    if not sample:
        raise ValueError("There is no passage to learn from: the training folder holds no texts.")
    model = SentenceTransformer(str(base_model), device="cpu", model_kwargs={"dtype": "float32"})
    model.max_seq_length = LONGEST
    states = passage_states(model, sample, progress)
    mean = states.mean(axis=0)
    unit = projected(states - mean, np.eye(states.shape[1], dtype=np.float32))
    projection = principal_projection([unit], dimensions, skip=0) @ rotation(dimensions, seed)
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        "mean": mean,
        "projection": projection,
        "scale": int8_scale(projected(unit, projection)),
        "bits": np.array(1, np.int32),
        "idf": piece_idf(model, sorted(everything)).astype(np.float16),
    }
    save_file(tensors, folder / FAST_WEIGHTS)
    config = {
        "name": "second-pass-fast-multilingual",
        "version": "1",
        "dimensions": dimensions,
        "base_model": "intfloat/multilingual-e5-small",
        "base_model_sha256": base_model_sha256,
        "token_states": "last_hidden_state without special tokens and prefix, minus the mean, L2-normalised",
        "score": "sum over query tokens of IDF weight (summing to 1) times max over passage tokens of cosine",
        "quantisation": "questions int8 = round(clip(v / scale, -127, 127)); passages the sign of each dimension",
        "sample": {"texts": len(sample), "idf_texts": len(everything), "seed": seed},
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return config


def passage_states(
    model: Any, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> NDArray[np.float32]:
    """(n, hidden) float32 last hidden states of all the texts' tokens, without special tokens and prefix."""
    import torch

    prefix = len(model.tokenizer(model.prompts["document"], add_special_tokens=False)["input_ids"])
    rows = []
    for start in range(0, len(texts), 16):
        some = list(texts[start : start + 16])
        with torch.autocast("cpu", torch.bfloat16):
            encoded = model.encode(some, prompt_name="document", output_value="token_embeddings")
        rows += [one[1 + prefix : -1].float().numpy() for one in encoded]
        if progress is not None:
            progress(start + len(some), len(texts))
    return np.concatenate(rows)


def piece_idf(model: Any, texts: Sequence[str]) -> NDArray[np.float64]:
    """(vocabulary,): BM25's IDF, ln(1 + (N − df + ½) / (df + ½)), of each word piece; 0 for special tokens."""
    tokenizer = model.tokenizer
    frequency = np.zeros(model[0].model.config.vocab_size)
    for start in range(0, len(texts), 2000):
        some = list(texts[start : start + 2000])
        for ids in tokenizer(some, truncation=True, max_length=512, add_special_tokens=False)["input_ids"]:
            frequency[list(set(ids))] += 1
    idf = np.log(1 + (len(texts) - frequency + 0.5) / (frequency + 0.5))
    # An unknown character is a word like any other.
    idf[sorted(set(tokenizer.all_special_ids) - {tokenizer.unk_token_id})] = 0
    return np.asarray(idf)


def rotation(dimensions: int, seed: int) -> NDArray[np.float32]:
    """A random orthogonal matrix (dimensions, dimensions)."""
    random_rows = np.random.default_rng(seed).standard_normal((dimensions, dimensions))
    return np.asarray(np.linalg.qr(random_rows).Q, np.float32)
