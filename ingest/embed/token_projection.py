"""Hidden states of tokens → the small vectors that late interaction compares, and how they are stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.errors import ModelMissing


@dataclass(frozen=True, kw_only=True)
class TokenProjection:
    """How hidden states become token vectors, and how those are stored.

    mean: (hidden,) float32, taken off every state before it is normalised, or None. matrix: (hidden, d) float32, or
    None for the identity. scale: (d,) float32, one int8 step of each dimension. bits: 8, or 1 where of a stored
    passage's numbers only the signs are kept (of a question's never). idf: (vocabulary,) float32 prior weight of each
    word piece, 0 for special tokens; None when there is none.
    """

    matrix: NDArray[np.float32] | None
    scale: NDArray[np.float32]
    idf: NDArray[np.float32] | None
    fingerprint: str
    mean: NDArray[np.float32] | None = None
    bits: int = 8

    def floats(self, tokens: NDArray[np.int8]) -> NDArray[np.float32]:
        """(n, d) int8 → (n, d) float32, each row L2-normalised."""
        values = tokens.astype(np.float32) * self.scale
        return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9), np.float32)


def trained_projection(folder: Path) -> TokenProjection:
    """The projection that ships with the built-in model. Raises ModelMissing when its file is not in `folder`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file = folder / "projection.safetensors"
    try:
        data = file.read_bytes()
        tensors = load(data)
        return TokenProjection(
            matrix=tensors["projection"],
            scale=tensors["scale"],
            idf=tensors["idf"].astype(np.float32),
            fingerprint=hashlib.sha256(data).hexdigest()[:12],
            mean=tensors.get("mean"),
            bits=int(tensors["bits"]) if "bits" in tensors else 8,
        )
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelMissing(
            f"The fast reranker's weights cannot be read from {file} ({type(error).__name__}). Install Second Pass "
            "again, or set SECOND_PASS_EMBEDDING to another model."
        ) from error


def plain_projection(hidden: int) -> TokenProjection:
    """For models without a trained projection: all dimensions, one int8 step for all.

    A random projection to 128 would add noise of 1/√128 ≈ 0.09 to every cosine; disk is cheaper than that. A component
    of a unit vector is about 1/√hidden, so six times that is the largest that int8 needs to hold.
    """
    step = np.float32(6.0 / np.sqrt(hidden) / 127.0)
    return TokenProjection(
        matrix=None, scale=np.full(hidden, step, np.float32), idf=None, fingerprint=f"identity{hidden}"
    )


def packed(tokens: NDArray[np.int8]) -> NDArray[np.uint8]:
    """(n, d) → (n, d / 8) bytes that keep the sign of each number; d is a multiple of 8."""
    return np.packbits(tokens > 0, axis=1)


def unpacked(rows: NDArray[np.uint8]) -> NDArray[np.int8]:
    """(n, d / 8) → (n, d) of 1 and −1."""
    return np.unpackbits(rows, axis=1).astype(np.int8) * 2 - 1
