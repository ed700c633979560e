"""Which models run on this machine, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """The embedding model, and what every model on this machine runs on.

    The settings' group [models].
    """

    family: Annotated[
        Literal["english", "multilingual"],
        Field(description="The built-in models: `multilingual` reads a hundred languages, `english` is twice as fast."),
    ] = "english"
    embedding: Annotated[str, Field(description="`builtin`, or a sentence-transformers name or folder.")] = "builtin"
    device: Annotated[str, Field(description="`auto`, `cpu`, `cuda` or `mps` for local models.")] = "auto"
    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"], Field(description="Numbers that local rerankers compute in.")
    ] = "auto"
    threads: Annotated[int, Field(ge=0, description="Threads for local models; 0 leaves it to torch.")] = 0
