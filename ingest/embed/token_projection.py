"""Hidden states of tokens → the small vectors that late interaction compares, and how they are stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ingest.errors import ModelMissing

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, kw_only=True)
class TokenProjection:
    """How hidden states become token vectors, and how those are stored.

    matrix: (hidden, d) float32, or None for the identity. scale: (d,) float32, one int8 step of each dimension.
    idf: (vocabulary,) float32 prior weight of each word piece, 0 for special tokens; None when there is none.
    """

    matrix: NDArray[np.float32] | None
    scale: NDArray[np.float32]
    idf: NDArray[np.float32] | None
    fingerprint: str

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
            idf=tensors["idf"],
            fingerprint=hashlib.sha256(data).hexdigest()[:12],
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
