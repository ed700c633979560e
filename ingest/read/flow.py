"""Blocks of a format without sheets → pages of about one sheet's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ingest.documents import Block, BlockKind, Page, table_block

PAGE_CHARS = 3000  # a page that holds this much ends with the block
LONGEST_PAGE = 6000  # a block that does not fit into this is cut between its lines


def sections(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """What stands before the first heading of the outermost level, and under each of these."""
    whole = list(blocks)
    outermost = min((block.level for block in whole if block.kind is BlockKind.HEADING), default=0)
    section: list[Block] = []
    for block in whole:
        if section and block.kind is BlockKind.HEADING and block.level == outermost:
            yield section
            section = []
        section.append(block)
    yield section


def in_pages(sheets: Iterable[Iterable[Block]]) -> tuple[Page, ...]:
    """Pages of 3,000 to 6,000 characters that end between blocks; a sheet (what a form feed ends) begins a new one."""
    pages: list[list[Block]] = []
    for sheet in sheets:
        used = LONGEST_PAGE  # so that the first block turns the page
        for block in (part for whole in sheet for part in _parts(whole)):
            if used >= PAGE_CHARS or used + len(block.text) > LONGEST_PAGE:
                pages.append([])
                used = 0
            pages[-1].append(replace(block, page=len(pages)))
            used += len(block.text)
    return tuple(
        Page(number=number, label=str(number), blocks=tuple(blocks)) for number, blocks in enumerate(pages, start=1)
    )


def _parts(block: Block) -> Iterator[Block]:
    """The block, or where it is longer than a page, parts of whole lines; a table's each have its head."""
    if len(block.text) <= LONGEST_PAGE:
        yield block
        return
    lines = block.text.split("\n")
    first = block.head if block.kind is BlockKind.TABLE else 0
    begin, used = first, 0
    for place in range(first, len(lines)):
        if used and used + len(lines[place]) > PAGE_CHARS:
            yield _lines_of(block, lines, begin, place)
            begin, used = place, 0
        used += len(lines[place])
    yield _lines_of(block, lines, begin, len(lines))


def _lines_of(block: Block, lines: Sequence[str], begin: int, end: int) -> Block:
    if block.kind is BlockKind.TABLE:
        return table_block([*block.cells[: block.head], *block.cells[begin:end]], page=block.page, head=block.head)
    return replace(block, text="\n".join(lines[begin:end]))
