"""What the product needs to know of a file format: how to tell it, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.documents import ReadFile
from ingest.read.limits import Limits


class ReadFunction(Protocol):
    def __call__(
        self, path: Path, *, password: str | None, limits: Limits, each_page: Callable[[int, int], object]
    ) -> ReadFile:
        """Called in the child process of `sandbox.py`. `each_page(done, pages)` may be called while it works. Raises a
        FileRefused that says why there is no text.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format. name: for people. endings: in lower case, with their dot. magic: what stands among the first 1,024
    bytes of every such file; empty where nothing does.

    version: of its reader. It is part of every such document's fingerprint: change it whenever the reader reads a file
    otherwise than before, and these documents are read again. offered: whether people add such files; those of other
    formats are written by the product itself and may have any number of pages.
    """

    name: str
    endings: tuple[str, ...]
    version: str
    read: ReadFunction
    magic: bytes = b""
    offered: bool = True
