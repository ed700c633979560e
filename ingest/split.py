"""Pages → passages: paragraphs and table rows packed up to a target length, each with its section and its boxes.

A passage never crosses a page, so its page is certain; the last line or two of a passage open the next one of the
same page as overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from statistics import median

from ingest.documents import Heading, Line, Page, Passage, ReadFile

FINGERPRINT = "split-1"
HARD_LIMIT = 230  # word pieces; the embedding model reads 256 with the header and special tokens
LONGEST_SECTION = 80  # characters
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u00ad]")


def split(
    read: ReadFile, *, count_tokens: Callable[[str], int], target: int = 200, overlap: int = 40
) -> list[Passage]:
    """Passages in reading order. target, overlap: in what `count_tokens` counts; no passage is empty.

    Lines are kept whole (a table's row stays together) unless a single line is longer than a passage may be.
    """
    passages: list[Passage] = []
    body = _body_size(read.pages)
    for page in read.pages:
        section = _section_at(read.outline, page.number)
        pieces: list[tuple[Line, int]] = []
        total = 0
        for line in _short_lines(page, count_tokens, min(target, HARD_LIMIT)):
            tokens = count_tokens(line.text)
            heading = _is_heading(line, body)
            if pieces and (total + tokens > target or (heading and total > target // 3)):
                passages.append(_passage(len(passages), page.number, section, pieces))
                pieces = [] if heading else _tail(pieces, overlap)
                total = sum(count for _, count in pieces)
                if total + tokens > HARD_LIMIT:
                    pieces, total = [], 0
            if heading and not read.outline:
                section = line.text[:LONGEST_SECTION]
            pieces.append((line, tokens))
            total += tokens
        if pieces:
            passages.append(_passage(len(passages), page.number, section, pieces))
    return passages


def _passage(position: int, page: int, section: str, pieces: Sequence[tuple[Line, int]]) -> Passage:
    return Passage(
        position=position,
        page=page,
        section=section,
        text="\n".join(line.text for line, _ in pieces),
        boxes=tuple(line.box for line, _ in pieces),
    )


def _tail(pieces: Sequence[tuple[Line, int]], overlap: int) -> list[tuple[Line, int]]:
    kept: list[tuple[Line, int]] = []
    total = 0
    for line, tokens in reversed(pieces[1:]):
        if total + tokens > overlap:
            break
        kept.insert(0, (line, tokens))
        total += tokens
    return kept


def _short_lines(page: Page, count_tokens: Callable[[str], int], limit: int) -> list[Line]:
    found: list[Line] = []
    for line in page.lines:
        text = " ".join(_CONTROL.sub("", line.text).split())
        waiting = [text] if text else []
        while waiting:
            piece = waiting.pop(0)
            if len(piece) > 40 and count_tokens(piece) > limit:
                middle = piece.rfind(" ", 1, len(piece) // 2 + 1)
                cut = middle if middle > 0 else len(piece) // 2
                waiting[:0] = [part for part in (piece[:cut].strip(), piece[cut:].strip()) if part]
            else:
                found.append(Line(text=piece, box=line.box, font_size=line.font_size, bold=line.bold))
    return found


def _body_size(pages: Sequence[Page]) -> float:
    sizes = [line.font_size for page in pages for line in page.lines if len(line.text) > 40]
    return median(sizes) if sizes else 0.0


def _is_heading(line: Line, body: float) -> bool:
    if len(line.text) > 120 or not any(character.isalpha() for character in line.text):
        return False
    return body > 0 and line.font_size >= body * 1.15


def _section_at(outline: Sequence[Heading], page: int) -> str:
    """The outline's last entry at or before the page, with its parent."""
    path: dict[int, str] = {}
    for entry in outline:
        if entry.page > page:
            break
        path = {level: title for level, title in path.items() if level < entry.level} | {entry.level: entry.title}
    return " › ".join(list(path.values())[-2:])[:LONGEST_SECTION]
