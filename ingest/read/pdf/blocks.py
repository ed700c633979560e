"""The lines of a PDF → headings, paragraphs, list items and tables, by what the lines look like and where they stand.

A heading is larger than the text, bold where the text is not, or in capitals. Its level comes from the outline
(bookmarks) where that names it; else it stands below every larger heading before it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import regex

from ingest.documents import Block, BlockKind, Page, table_block
from ingest.language.sentences import ends_sentence, goes_on, sentence_ends
from ingest.read.pdf.columns import aligned
from ingest.read.pdf.lines import Line, Sheet
from ingest.read.table_head import head_rows

LONGEST_HEADING = 120  # characters

_FINISHED = regex.compile(r"[:;：；\"'\p{Pe}\p{Pf}]\s*$")
_BULLET = regex.compile(r"^(?:[•▪◦●‣∙*–—-]|\(?(?:\d{1,2}|\p{L}|[ivx]{1,4})[.)])\s+")
_HEADING_WORDS = regex.compile(r"(?:\p{L}.*){3}|\p{Ideographic}{2}")
_SENTENCE_PART = regex.compile(r"[.,;。，、；।۔،؛]$")


@dataclass(frozen=True, kw_only=True)
class Bookmark:
    """An outline entry: where a section begins. `level` 0 is the outermost."""

    title: str
    page: int
    level: int


_Group = tuple[BlockKind, list[Line]]


def pages_of(sheets: Sequence[Sheet], outline: Sequence[Bookmark] = ()) -> tuple[Page, ...]:
    """Pages of blocks in reading order. A sentence that runs over a page break is whole on the page where it begins."""
    body = _body_size(sheets)
    levels = _Levels(outline)
    return tuple(
        Page(
            number=sheet.number,
            label=sheet.label,
            width=sheet.width,
            height=sheet.height,
            blocks=tuple(_blocks(sheet, groups, levels, body)),
        )
        for sheet, groups in _joined_over_breaks([(sheet, _groups(sheet, body)) for sheet in sheets])
    )


def _blocks(sheet: Sheet, groups: Sequence[_Group], levels: _Levels, body: float) -> Iterator[Block]:
    yield from levels.turn_to(sheet)
    for kind, lines in groups:
        boxes = tuple(line.box for line in lines)
        if kind is BlockKind.TABLE:
            head = head_rows([line.cells for line in lines])
            yield table_block(aligned(lines), page=sheet.number, head=head, boxes=boxes)
            continue
        level = 0
        if kind is BlockKind.HEADING:
            bookmarks, level = levels.enter(lines, sheet.number, top=lines[0] is sheet.lines[0], body=body)
            yield from bookmarks
        elif _BULLET.match(lines[0].text):
            kind = BlockKind.LIST_ITEM
        text = "\n".join(line.text for line in lines)
        yield Block(kind=kind, text=text, page=sheet.number, level=level, boxes=boxes)


class _Levels:
    """How deep each heading stands: where the outline has it, or below all that the outline names, by its size."""

    def __init__(self, outline: Sequence[Bookmark]) -> None:
        self._outline = list(outline)
        self._below_outline = 1 + max((entry.level for entry in outline), default=-1)
        self._coming: list[Bookmark] = []
        self._sizes: list[float] = []  # of the headings that the text is in, each smaller than the one before

    def turn_to(self, sheet: Sheet) -> Iterator[Block]:
        """What the outline says of the pages so far; an entry that this page prints waits for its line."""
        printed = {_key(line.text) for line in sheet.lines}
        reached = [entry for entry in self._outline if entry.page <= sheet.number]
        self._outline = [entry for entry in self._outline if entry.page > sheet.number]
        for entry in [*self._coming, *reached]:
            if entry.page != sheet.number or _key(entry.title) not in printed:
                yield self._outlined(entry, sheet.number)
        self._coming = [e for e in reached if e.page == sheet.number and _key(e.title) in printed]

    def enter(self, lines: Sequence[Line], page: int, *, top: bool, body: float) -> tuple[list[Block], int]:
        """The bookmarks that belong to a heading and its level. At body size, the first of a page is the larger."""
        keys = {_key(" ".join(line.text for line in lines)), *(_key(line.text) for line in lines)}
        met = [entry for entry in self._coming if _key(entry.title) in keys]
        if met:
            self._coming = [entry for entry in self._coming if entry not in met]
            return [self._outlined(entry, page) for entry in met], met[-1].level
        size = max(line.font_size for line in lines)
        if top:
            size = max(size, 1.1 * body)
        while self._sizes and self._sizes[-1] <= size + 0.2:
            self._sizes.pop()
        self._sizes.append(size)
        level = self._below_outline + len(self._sizes) - 1
        if all(len(line.cells) == 1 for line in lines):
            return [], level
        # "ITEM 5. | MARKET FOR …": the number stands apart on the page, and not in the section's name.
        title = " ".join(cell for line in lines for cell in line.cells).rstrip(":")
        return [Block(kind=BlockKind.BOOKMARK, text=title, page=page, level=level)], level

    def _outlined(self, entry: Bookmark, page: int) -> Block:
        self._sizes = []
        return Block(kind=BlockKind.BOOKMARK, text=entry.title, page=page, level=entry.level)


def _key(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _groups(sheet: Sheet, body: float) -> list[_Group]:
    """The page's lines as headings, paragraphs and tables, in reading order."""
    pitch = _pitch(sheet)
    rows = _row_places(sheet, pitch)
    bold = sum(len(line.text) for line in sheet.lines if line.bold)
    mostly_bold = bold * 2 > sum(len(line.text) for line in sheet.lines)
    groups: list[_Group] = []
    for place, line in enumerate(sheet.lines):
        heading = place not in rows and _is_heading(line, body, mostly_bold)
        kind = BlockKind.TABLE if place in rows else BlockKind.HEADING if heading else BlockKind.PARAGRAPH
        if groups and groups[-1][0] is kind and _goes_on(groups[-1][1][-1], line, kind, pitch):
            groups[-1][1].append(line)
        else:
            groups.append((kind, [line]))
    return groups


def _goes_on(before: Line, line: Line, kind: BlockKind, pitch: float) -> bool:
    step = line.box.top - before.box.top
    if kind is BlockKind.TABLE:
        return step < 4 * pitch if pitch else True
    if kind is BlockKind.HEADING:
        return 0 <= step <= 2 * max(pitch, before.font_size) and abs(line.font_size - before.font_size) < 2.5
    if _BULLET.match(line.text) or abs(line.font_size - before.font_size) > 0.15 * max(before.font_size, 1):
        return False
    if step < 0:  # the next column
        return _unfinished(before.text) and goes_on(line.text)
    return step <= 1.4 * pitch if pitch else True


def _pitch(sheet: Sheet) -> float:
    """The usual distance of two lines, in points; 0 when the page has too few to tell."""
    steps = [b.box.top - a.box.top for a, b in itertools.pairwise(sheet.lines)]
    usual = [step for step, line in zip(steps, sheet.lines, strict=False) if 0 < step < 2.5 * max(line.font_size, 4.0)]
    return median(usual) if usual else 0.0


def _row_places(sheet: Sheet, pitch: float) -> set[int]:
    """Which lines are rows: those with cells, and the few lines between two of them (a wrapped label, a subhead)."""
    several = [place for place, line in enumerate(sheet.lines) if len(line.cells) > 1]
    rows = set(several)
    for first, second in itertools.pairwise(several):
        between = range(first, second + 1)
        steps = [sheet.lines[i + 1].box.top - sheet.lines[i].box.top for i in between[:-1]]
        if len(steps) <= 4 and all(-pitch <= step <= 2.2 * pitch for step in steps):
            rows.update(between)
    lonely = {place for place in several if not {place - 1, place + 1} & rows}
    return {place for place in rows if place not in lonely or not _is_prose(sheet.lines[place])}


def _is_prose(line: Line) -> bool:
    """A wide gap in a running line (justified text) makes no table row."""
    words = [word for cell in line.cells for word in cell.split()]
    return len(words) > 8 and sum(any(c.isdigit() for c in word) for word in words) * 4 < len(words)


def _is_heading(line: Line, body: float, mostly_bold: bool) -> bool:
    text = line.text
    if len(text) > LONGEST_HEADING or not _HEADING_WORDS.search(text) or text[:1].islower():
        return False
    if body and line.font_size >= body * 1.15:
        return True
    if _SENTENCE_PART.search(text) and len(text) > 40:
        return False
    return (line.bold and not mostly_bold) or (text.isupper() and len(text.split()) > 1)


def _joined_over_breaks(pages: Sequence[tuple[Sheet, list[_Group]]]) -> Iterator[tuple[Sheet, list[_Group]]]:
    """A sentence that runs over a page break moves whole to the page on which it begins."""
    for (_, before), (_, after) in itertools.pairwise(pages):
        if not before or not after or {before[-1][0], after[0][0]} != {BlockKind.PARAGRAPH}:
            continue
        last, lines = before[-1][1], after[0][1]
        if not _unfinished(last[-1].text) or not goes_on(lines[0].text):
            continue
        place = next((i for i, line in enumerate(lines) if _holds_end(line.text)), None)
        if place is not None and place < 4:
            last.extend(lines[: place + 1])
            del lines[: place + 1]
            if not lines:
                del after[0]
    yield from pages


def _unfinished(text: str) -> bool:
    """Whether a line breaks off in the middle of a sentence."""
    return not ends_sentence(text.rstrip()) and not _FINISHED.search(text)


def _holds_end(text: str) -> bool:
    return ends_sentence(text.rstrip()) or len(sentence_ends(text)) > 1


def _body_size(sheets: Sequence[Sheet]) -> float:
    sizes = [line.font_size for sheet in sheets for line in sheet.lines if len(line.text) > 40]
    return median(sizes) if sizes else 0.0
