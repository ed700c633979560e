"""A passage in units that can be quoted: whole sentences of prose, rows of tables, list items, lines of code.

Every unit is word for word from the passage; only runs of white space are folded to one space, so that
`show/passage.py` finds it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingest.documents import Block, BlockKind, row_text
from ingest.language.sentences import begins_sentence, ends_sentence, sentences


class Kind(StrEnum):
    SENTENCE = "sentence"
    ROW = "row"
    ITEM = "item"  # of a list, or a line of code
    HEADING = "heading"  # of a section, or of a table's columns
    FRAGMENT = "fragment"  # a sentence without its beginning or its end: the passage was cut there


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A piece of a passage. `block` is its block's place there, from 0. cells: a row's; columns: their names, or ()."""

    text: str
    kind: Kind
    block: int
    cells: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def units(blocks: Sequence[Block]) -> list[Unit]:
    """The passage in reading order: sentences, table rows, list items, headings, and fragments at its cut ends."""
    return [unit for place, block in enumerate(blocks) for unit in _units(block, place)]


def _units(block: Block, place: int) -> Iterator[Unit]:
    if block.kind is BlockKind.TABLE:
        columns = _column_names(block.names)
        for number, cells in enumerate(block.cells):
            kind = Kind.HEADING if number < len(block.names) else Kind.ROW
            yield Unit(text=row_text(cells), kind=kind, block=place, cells=cells, columns=columns)
    elif block.kind in (BlockKind.HEADING, BlockKind.CODE):
        kind = Kind.HEADING if block.kind is BlockKind.HEADING else Kind.ITEM
        yield from (Unit(text=_folded(line), kind=kind, block=place) for line in block.text.split("\n"))
    else:
        for sentence in sentences(_folded(block.text)):
            whole = Kind.ITEM if block.kind is BlockKind.LIST_ITEM else Kind.SENTENCE
            yield Unit(text=sentence, kind=whole if _is_whole(sentence, whole) else Kind.FRAGMENT, block=place)


def _column_names(head: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The head's rows as one: names over several rows are put together, rows of a single cell name no column."""
    width = max(map(len, head), default=0)
    rows = [cells for cells in head if len(cells) == width]
    return tuple(" ".join(filter(None, column)) for column in zip(*rows, strict=True))


def _is_whole(sentence: str, kind: Kind) -> bool:
    return kind is Kind.ITEM or (begins_sentence(sentence) and ends_sentence(sentence))


def _folded(text: str) -> str:
    return " ".join(text.split())
