"""Plain text → paragraphs, list items, tables and headings, as far as blank lines, bullets and columns tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import regex

from ingest.clean import clean_text
from ingest.documents import Block, BlockKind, ReadFile, table_block
from ingest.errors import NoTextFound, UnknownFormat
from ingest.read.flow import in_pages
from ingest.read.format import Format
from ingest.read.limits import Limits
from ingest.read.table_head import head_rows

LONGEST_HEADING = 120  # characters

_COLUMNS = re.compile(r"\s+\|\s+|\t+| {3,}")
_RULE = re.compile(r"^[\s|+=_.:-]+$")  # what is drawn around and under the rows of a table
_UNDERLINE = re.compile(r"^(={3,}|-{3,})$")
_BULLET = regex.compile(r"^(?:[•▪◦●‣∙*–—-]|\(?(?:\d{1,2}|\p{L}|[ivx]{1,4})[.)])\s+")


def read_text(path: Path, *, password: str | None, limits: Limits, each_page: Callable[[int, int], object]) -> ReadFile:
    """A form feed ends a page; else pages end between paragraphs. Raises NoTextFound or UnknownFormat (binary data)."""
    return ReadFile(title="", pages=in_pages(blocks_of(sheet) for sheet in decoded(path.read_bytes()).split("\f")))


def blocks_of(text: str) -> Iterator[Block]:
    """Blocks in order, all on page 1. A blank line ends every block."""
    for part in re.split(r"\n[ \t]*\n\s*?", text):
        lines = [line for line in part.split("\n") if line.strip()]
        while lines:
            count, block = _first_block(lines)
            lines = lines[count:]
            if block.text:
                yield block


def _first_block(lines: list[str]) -> tuple[int, Block]:
    """How many lines the first block takes, and the block."""
    rows = 0
    while rows < len(lines) and (len(_cells(lines[rows])) > 1 or _RULE.match(lines[rows])):
        rows += 1
    cells = [_cells(line) for line in lines[:rows] if not _RULE.match(line)]
    if len(cells) > 1:
        return rows, table_block(cells, page=1, head=head_rows(cells))
    first = clean_text(lines[0])
    if len(lines) > 1 and len(first) <= LONGEST_HEADING and (rule := _UNDERLINE.match(lines[1].strip())):
        return 2, Block(kind=BlockKind.HEADING, text=first, page=1, level=0 if rule[1][0] == "=" else 1)
    if _is_heading(first):
        return 1, Block(kind=BlockKind.HEADING, text=first, page=1)
    count = 1
    while count < len(lines) and not _opens_another(lines, count):
        count += 1
    text = "\n".join(filter(None, map(clean_text, lines[:count])))
    return count, Block(kind=BlockKind.LIST_ITEM if _BULLET.match(first) else BlockKind.PARAGRAPH, text=text, page=1)


def _opens_another(lines: list[str], place: int) -> bool:
    text = clean_text(lines[place])
    table = len(_cells(lines[place])) > 1 and place + 1 < len(lines) and len(_cells(lines[place + 1])) > 1
    return table or bool(_BULLET.match(text)) or _is_heading(text)


def _cells(line: str) -> tuple[str, ...]:
    """What stands between bars, tabs or gaps of three spaces; bars around the row count for nothing."""
    bare = line.strip().strip("|").strip()
    cells = _COLUMNS.split(bare)
    return tuple(filter(None, map(clean_text, cells)))


def _is_heading(text: str) -> bool:
    """A line in capitals, short and of several words."""
    if len(text) > LONGEST_HEADING or sum(c.isalpha() for c in text) < 3 or not text.isupper():
        return False
    return len(text.split()) > 1 and not (text.endswith((".", ",", ";")) and len(text) > 40)


def decoded(raw: bytes) -> str:
    """UTF-8, UTF-16 by its mark, or Windows-1252; newlines as one character. Raises UnknownFormat for binary data and
    NoTextFound where there is no letter or digit.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
        if text.count("\0") > len(text) / 100:
            raise UnknownFormat("it is not text either: it holds binary data")
    if not any(character.isalnum() for character in text):
        raise NoTextFound("it has no letters or digits")
    return text.replace("\r\n", "\n").replace("\r", "\n")


FORMAT = Format(name="text", endings=(".txt", ".text"), version="text-2", read=read_text)
