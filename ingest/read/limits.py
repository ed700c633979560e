"""How much a file may be: what the child process of `sandbox.py` keeps to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may cost.

    The settings' group [read]. Megabytes are 2**20 bytes.
    """

    file_mb: Annotated[int, Field(ge=1, description="Larger files are refused.")] = 50
    pages: Annotated[int, Field(ge=1, description="Files with more pages are refused.")] = 2000
    memory_mb: Annotated[int, Field(ge=256, description="Memory limit of the reader's process.")] = 1536
    cpu_seconds: Annotated[int, Field(ge=1, description="Processor time that reading one file may take.")] = 60
    wall_seconds: Annotated[int, Field(ge=1, description="Seconds that reading one file may take.")] = 120
