"""Which built-in models belong together: what was fitted to one base model is wrong for another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from ingest.embed.transformer import TransformerEmbedder

MODELS = Path(__file__).resolve().parent.parent / "data" / "models"
USER_CACHE = Path("~/.cache/second-pass")


@dataclass(frozen=True, kw_only=True)
class ModelFamily:
    """fast: folder of the token projection. fusion: weights of the stages' signals. calibration: the probability that
    the evidence answers; a family without that file gives none. goldens: the shipped goldens as the stages saw them,
    which no promotion may make worse."""

    name: str
    fast: Path
    fusion: Path
    calibration: Path
    goldens: Path


FAMILIES: dict[str, ModelFamily] = {
    "english": ModelFamily(
        name="english",
        fast=MODELS / "fast",
        fusion=MODELS / "fusion.json",
        calibration=MODELS / "calibration.json",
        goldens=MODELS / "goldens.jsonl",
    ),
    "multilingual": ModelFamily(
        name="multilingual",
        fast=MODELS / "multilingual",
        fusion=MODELS / "multilingual" / "fusion.json",
        calibration=MODELS / "multilingual" / "calibration.json",
        goldens=MODELS / "multilingual" / "goldens.jsonl",
    ),
}


def family_in_use(settings: Settings) -> ModelFamily:
    """The built-in family that the settings name; English where the multilingual model is not built for the machine.

    A model of one's own (`embedding`) is used with its weights too.
    """
    from ingest.embed.e5_weights import has_build

    multilingual = settings.models.family == "multilingual" and has_build()
    return FAMILIES["multilingual" if multilingual else "english"]


def family_note(settings: Settings) -> str:
    """What a person should know of the family in use, in sentences; "" where there is nothing."""
    family, notes = family_in_use(settings), []
    if family.name != settings.models.family:
        notes.append("The multilingual model is not built for this machine: the English models serve.")
    if not family.calibration.is_file():
        notes.append("There is no probability for these models.")
    return " ".join(notes)


def embedder_fingerprint(settings: Settings) -> str:
    """Of the embedding model in use, without loading it."""
    from ingest.embed import transformer

    return transformer.embedder_fingerprint(
        settings.models.embedding, family=family_in_use(settings).name, fast_model_dir=family_in_use(settings).fast
    )


def open_embedder(settings: Settings, *, threads: int, device: str = "cpu") -> TransformerEmbedder:
    """Load the embedding model that the settings name. Raises ModelMissing."""
    from ingest.embed.transformer import TransformerEmbedder

    return TransformerEmbedder(
        settings.models.embedding,
        family=family_in_use(settings).name,
        fast_model_dir=family_in_use(settings).fast,
        caches=model_caches(settings),
        threads=threads,
        device=device,
    )


def model_caches(settings: Settings) -> tuple[Path, ...]:
    """Where a base model may be unpacked: beside the person's other caches, or in the data directory."""
    return (USER_CACHE.expanduser(), settings.library.home / "base-models")
