"""The values that the rest of the product may know of ingestion. All frozen; pages count from 1, positions from 0.

Coordinates are PDF points from the page's **top-left** corner (y grows downwards), so that a page picture
scaled by `pixels / points` can be drawn on without knowing PDF.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Status(StrEnum):
    """A document's life: pending → parsing → indexing → ready | failed; ready → deleting → gone."""

    PENDING = "pending"
    PARSING = "parsing"
    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETING = "deleting"


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle on a page, in points from the page's top-left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of text as it stands on the page, with its box and the size of its largest font in points."""

    text: str
    box: Box
    font_size: float
    bold: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page as it was read. `label` is what the PDF prints for it ("iv"); `number` is its place in the file."""

    number: int
    label: str
    width: float
    height: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """An outline entry (bookmark): where a section begins. `level` 0 is the outermost."""

    title: str
    page: int
    level: int


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """What reading a file gives: its pages in order, and what could not be read (1-based page numbers)."""

    title: str
    pages: tuple[Page, ...]
    outline: tuple[Heading, ...] = ()
    unreadable: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of a file as the splitter cut it, before it belongs to a stored document."""

    position: int
    page: int
    section: str
    text: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """One line of the library. `reason` says why it failed, or what a reader should know ("49 of 50 pages read").

    `replaces` is the id of the older version that answers until this one is ready.
    """

    id: str
    name: str
    title: str
    collection: str
    status: Status
    reason: str
    pages: int
    chunks: int
    pages_done: int
    chunks_done: int
    bytes: int
    sha256: str
    added_at: datetime
    seconds: float
    replaces: str = ""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A stored passage. `page` is the 1-based physical page that holds most of it; `position` counts from 0.

    `boxes` may lie on two pages when the passage runs over a page break.
    """

    id: str
    document_id: str
    document_name: str
    position: int
    page: int
    section: str
    text: str
    title: str = ""
    collection: str = "default"
    boxes: tuple[Box, ...] = ()

    @property
    def header(self) -> str:
        """Title and section in one line: what ties a table on page 60 to "3M, 2018" in the document's name."""
        return " · ".join(part for part in (self.title, self.section) if part)

    @property
    def headed_text(self) -> str:
        """What is embedded, indexed and reranked: the header line, then the text."""
        return f"{self.header}\n{self.text}" if self.header else self.text


@dataclass(frozen=True, kw_only=True)
class EncodedText:
    """One text after the embedding model's forward pass.

    vector: (384,) float32, L2-normalised. tokens: (n, d) int8 token vectors after projection (see
    `data/models/fast`), special tokens dropped. token_ids: (n,) int32 word-piece ids of the same rows.
    """

    vector: NDArray[np.float32]
    tokens: NDArray[np.int8]
    token_ids: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class EncodedChunk:
    """A chunk with its vectors: the one shape that every index takes."""

    chunk: Chunk
    encoded: EncodedText


@dataclass(frozen=True, kw_only=True)
class Query:
    """A question with its vectors: the one shape that every index searches with. Empty tuples mean "all"."""

    text: str
    encoded: EncodedText
    collections: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A search result: an id and the index's own score (higher is better). Text comes from the store only."""

    chunk_id: str
    score: float
