"""The genres of invented documents, one module each; every one has ``documents(rng)``: one family of siblings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from data.make.invented import InventedDocument

GENRES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))


def documents(genre: str, rng: random.Random) -> Iterator[InventedDocument]:
    """One family of a genre; raises ModuleNotFoundError for a genre that is not there."""
    yield from import_module(f"data.make.genres.{genre}").documents(rng)
