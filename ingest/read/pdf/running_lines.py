"""What every page repeats is not its text: running headers, footers and page numbers go before lines become blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import regex

from ingest.clean import clean_text
from ingest.read.pdf.lines import Line, Sheet

EDGE = 0.12  # of the page's height, above and below: where running lines stand
EDGE_LINES = 3  # and how many lines from the edge they may be
SHARE = 0.25  # of the pages that must repeat a line before it counts as running
FEWEST = 3  # pages

_PAGE_NUMBER = regex.compile(
    r"[\s|–—-]*(?:page\s*)?(?:[ivxlc]{1,7}|\p{L}{0,2}-?\d{1,4})(?:\s*(?:of|/)\s*\d{1,4})?[\s|–—-]*", regex.IGNORECASE
)


def without_running_lines(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The file without running lines, and each line without control characters, ligatures and empty cells.

    A line is running when it stands in the outer 12 % of the page, among its first or last three lines, and the same
    words (whatever their digits) stand at the same edge of a quarter of the pages, three at least. A bare page number
    at an edge goes as well, and so does a page's first or last line when it counts along with the pages, wherever the
    text ends. A page that holds nothing else keeps what it has.
    """
    repeated: Counter[tuple[str, str]] = Counter()
    for sheet in sheets:
        repeated.update({(edge, _signature(line.text)) for edge, line in _edge_lines(sheet)})
    enough = max(FEWEST, SHARE * len(sheets))
    running = {key for key, count in repeated.items() if count >= enough}
    offsets = Counter(offset for sheet in sheets for offset in {_counted(line, sheet) for line in _ends(sheet)})
    counting = {offset for offset, count in offsets.items() if offset is not None and count >= enough}
    return [_without(sheet, running, counting) for sheet in sheets]


def _without(sheet: Sheet, running: set[tuple[str, str]], counting: set[int]) -> Sheet:
    dropped = {
        line
        for edge, line in _edge_lines(sheet)
        if (edge, _signature(line.text)) in running or _PAGE_NUMBER.fullmatch(line.text)
    }
    dropped |= {line for line in _ends(sheet) if _counted(line, sheet) in counting}
    kept = [line for line in sheet.lines if line not in dropped]
    lines = [line for line in map(_cleaned, kept) if line.text] or [
        line for line in map(_cleaned, sheet.lines) if line.text
    ]
    return replace(sheet, lines=tuple(lines))


def _cleaned(line: Line) -> Line:
    cells = tuple(filter(None, map(clean_text, line.cells)))
    return replace(line, cells=cells, spans=line.spans if len(cells) == len(line.cells) else ())


def _edge_lines(sheet: Sheet) -> Iterator[tuple[str, Line]]:
    for edge, lines in (("top", sheet.lines[:EDGE_LINES]), ("bottom", sheet.lines[-EDGE_LINES:])):
        yield from ((edge, line) for line in lines if _at(edge, line, sheet))


def _at(edge: str, line: Line, sheet: Sheet) -> bool:
    return line.box.bottom < EDGE * sheet.height if edge == "top" else line.box.top > (1 - EDGE) * sheet.height


def _ends(sheet: Sheet) -> tuple[Line, ...]:
    return (sheet.lines[0], sheet.lines[-1]) if len(sheet.lines) > 1 else ()


def _counted(line: Line, sheet: Sheet) -> int | None:
    """How far a line that is nothing but a number lies from the page's place in the file."""
    text = line.text.strip()
    return int(text) - sheet.number if text.isascii() and text.isdigit() and len(text) < 5 else None


def _signature(text: str) -> str:
    return re.sub(r"\d+", "#", " ".join(text.lower().split()))
