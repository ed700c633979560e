"""The values that the rest of the product may know of ingestion. All frozen; pages count from 1, positions from 0.

Coordinates are PDF points from the page's **top-left** corner (y grows downwards), so that a page picture
scaled by `pixels / points` can be drawn on without knowing PDF.
"""

from __future__ import annotations

from collections.abc import Iterable
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


LONGEST_HEAD = 4  # rows that may name a table's columns


class BlockKind(StrEnum):
    HEADING = "heading"
    BOOKMARK = "bookmark"  # not printed: it names the section that begins here, where no heading does in these words
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list item"
    TABLE = "table"
    CODE = "code"  # lines that stay lines
    PASSAGE = "passage"  # is not cut: the file holds passages


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a page and what its reader knows of it.

    text: its lines as they stand on the page, a newline between them; a table's are its rows (`table_block`).
    boxes: one for each line, or none where the format has no places (in a passage: of the lines that it touches).
    level: how deep a heading, a bookmark or a list item stands; 0 is the outermost. cells: the rows of a table.
    head: how many of these, from the first, name its columns. page: on which it begins.
    """

    kind: BlockKind
    text: str
    page: int
    level: int = 0
    cells: tuple[tuple[str, ...], ...] = ()
    head: int = 0
    boxes: tuple[Box, ...] = ()

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The rows that name a table's columns: its head, or of a head longer than any (all its cells are words, so
        that its reader could not tell) the first row.
        """
        return self.cells[: self.head if self.head <= LONGEST_HEAD else 1]


def row_text(cells: Iterable[str]) -> str:
    """A table row as one line: what is embedded, indexed and cited of it. Empty cells leave no trace."""
    return " | ".join(cell for cell in cells if cell)


def table_block(rows: Iterable[Iterable[str]], *, page: int, head: int = 0, boxes: Iterable[Box] = ()) -> Block:
    """A table; `head` of its first rows name the columns. boxes: one for each row, or none."""
    cells = tuple(tuple(row) for row in rows)
    text = "\n".join(map(row_text, cells))
    return Block(kind=BlockKind.TABLE, text=text, page=page, cells=cells, head=head, boxes=tuple(boxes))


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page as it was read. `label` is what the PDF prints for it ("iv"); `number` is its place in the file.

    A format without sheets has pages of about one sheet's text, or its own parts (sections, lines); width and height
    (points) then mean nothing.
    """

    number: int
    label: str
    blocks: tuple[Block, ...]
    width: float = 612.0
    height: float = 792.0


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """What reading a file gives: its pages in order, and what could not be read (1-based page numbers)."""

    title: str
    pages: tuple[Page, ...]
    unreadable: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of a file as the splitter packed it, before it belongs to a stored document."""

    position: int
    page: int
    section: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        return "\n".join(block.text for block in self.blocks)

    @property
    def boxes(self) -> tuple[Box, ...]:
        return tuple(dict.fromkeys(box for block in self.blocks for box in block.boxes))


@dataclass(frozen=True, kw_only=True)
class Document:
    """One line of the library. `reason` says why it failed, or what a reader should know ("49 of 50 pages read").

    `error` is what kind of failure that was: the name of a class in ingest/errors.py, or "". `replaces` is the id of
    the older version that answers until this one is ready.
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
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A stored passage. `page` is the 1-based physical page that holds most of it; `position` counts from 0.

    `boxes` may lie on two pages when the passage runs over a page break. `text` is that of its `blocks`, which tell
    tables, headings and lists apart.
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
    blocks: tuple[Block, ...] = ()

    @property
    def content(self) -> tuple[Block, ...]:
        """Its blocks; where none were stored with it, each line of its text as a paragraph of its own."""
        lines = filter(str.strip, self.text.splitlines())
        return self.blocks or tuple(Block(kind=BlockKind.PARAGRAPH, text=line, page=self.page) for line in lines)

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
