"""How much a file may be: what the child process of `sandbox.py` keeps to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may cost. Megabytes are 2**20 bytes; seconds are of processor time and of the clock."""

    file_mb: int = 50
    pages: int = 2000
    memory_mb: int = 1536
    cpu_seconds: int = 60
    wall_seconds: int = 120
