"""What every page repeats is not its text: running headers, footers and page numbers go before anything is split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.documents import Line, Page, ReadFile

EDGE = 0.12  # of the page's height, above and below: where running lines stand
EDGE_LINES = 3  # and how many lines from the edge they may be
SHARE = 0.25  # of the pages that must repeat a line before it counts as running
FEWEST = 3  # pages

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u00ad\u200b\u2060\ufeff]")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
)
_PAGE_NUMBER = re.compile(
    r"[\s|–—-]*(?:page\s*)?(?:[ivxlc]{1,7}|[a-z]{0,2}-?\d{1,4})(?:\s*(?:of|/)\s*\d{1,4})?[\s|–—-]*", re.IGNORECASE
)


def clean(read: ReadFile) -> ReadFile:
    """The file without running lines, and each line without control characters, ligatures and empty text.

    A line is running when it stands in the outer 12 % of the page, among its first or last three lines, and the same
    words (whatever their digits) stand at the same edge of a quarter of the pages, three at least. A bare page number
    at an edge goes as well, and so does a page's first or last line when it counts along with the pages, wherever the
    text ends. A page that holds nothing else keeps what it has.
    """
    repeated: Counter[tuple[str, str]] = Counter()
    for page in read.pages:
        repeated.update({(edge, _signature(line.text)) for edge, line in _edge_lines(page)})
    enough = max(FEWEST, SHARE * len(read.pages))
    running = {key for key, count in repeated.items() if count >= enough}
    offsets = Counter(offset for page in read.pages for offset in {_counted(line, page) for line in _ends(page)})
    counting = {offset for offset, count in offsets.items() if offset is not None and count >= enough}
    return replace(read, pages=tuple(_cleaned(page, running, counting) for page in read.pages))


def _cleaned(page: Page, running: set[tuple[str, str]], counting: set[int]) -> Page:
    dropped = {
        line
        for edge, line in _edge_lines(page)
        if (edge, _signature(line.text)) in running or _PAGE_NUMBER.fullmatch(line.text)
    }
    dropped |= {line for line in _ends(page) if _counted(line, page) in counting}
    lines = [replace(line, text=clean_text(line.text)) for line in page.lines if line not in dropped]
    kept = tuple(line for line in lines if line.text)
    return replace(page, lines=kept or tuple(line for line in page.lines if clean_text(line.text)))


def clean_text(text: str) -> str:
    """One line without control characters, lone surrogates, soft hyphens and ligatures; white space made single."""
    return " ".join(_CONTROL.sub("", text).translate(_LIGATURES).split())


def _edge_lines(page: Page) -> Iterator[tuple[str, Line]]:
    for edge, lines in (("top", page.lines[:EDGE_LINES]), ("bottom", page.lines[-EDGE_LINES:])):
        # A line of a plain text file has no place on a sheet, so no edge either.
        yield from ((edge, line) for line in lines if line.box.right > line.box.left and _at(edge, line, page))


def _at(edge: str, line: Line, page: Page) -> bool:
    return line.box.bottom < EDGE * page.height if edge == "top" else line.box.top > (1 - EDGE) * page.height


def _ends(page: Page) -> tuple[Line, ...]:
    return (page.lines[0], page.lines[-1]) if len(page.lines) > 1 else ()


def _counted(line: Line, page: Page) -> int | None:
    """How far a line that is nothing but a number lies from the page's place in the file."""
    text = line.text.strip()
    return int(text) - page.number if text.isascii() and text.isdigit() and len(text) < 5 else None


def _signature(text: str) -> str:
    return re.sub(r"\d+", "#", " ".join(text.lower().split()))


def words_of(pages: Sequence[Page]) -> set[str]:
    """Every lower-case word of the file, hyphenated ones whole."""
    return {word for page in pages for line in page.lines for word in re.findall(r"\w+(?:-\w+)*", line.text.lower())}
