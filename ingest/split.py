"""Pages → passages: headings name the section, sentences and table rows stay whole, a table's head is repeated.

A page becomes pieces (a heading, a sentence, a table row), and pieces are packed up to the target length. A passage
stays on its page, except for a sentence that runs over the page break.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from ingest.clean import words_of
from ingest.documents import Box, Heading, Line, Page, Passage, ReadFile

FINGERPRINT = "split-4"
HARD_LIMIT = 230  # word pieces; the embedding model reads 256 with the header and special tokens
LONGEST_SECTION = 100  # characters
LONGEST_HEADING = 120
LONGEST_TABLE_HEAD = 60  # word pieces: a longer head is not worth repeating
LONGEST_PIECE = 12  # letters: words of a language are cut into shorter word pieces
SMALL = 30  # word pieces: a rest this small joins the passage before it
CELL = " | "  # what the reader puts between the cells of a row

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")
_UNFINISHED = re.compile(r"[^.!?:;\"”’)\]]\s*$")
_BULLET = re.compile(r"^(?:[•▪◦●‣∙*–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])\s+")
_VALUE = re.compile(r"^[($€£¥+-]*\s?\d[\d.,]*\s?[)%]*$|^[—–-]$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """What is never cut (unless it is longer than a passage may be): a heading, a sentence or a table row."""

    kind: str  # "heading", "text" or "row"
    text: str
    boxes: tuple[Box, ...]
    page: int
    tokens: int
    opens: bool  # the first of its paragraph or table
    section: str
    rest: int = 0  # word pieces of its whole paragraph or table, on the piece that opens it
    head: tuple[_Piece, ...] = ()  # a row's table head


def split(read: ReadFile, *, count_tokens: Callable[[str], int], target: int = 200, overlap: int = 40) -> list[Passage]:
    """Passages in reading order. target, overlap: in what `count_tokens` counts; no passage is empty.

    The last sentences of a passage open the next one of the same page as overlap; a table that goes on opens with
    its head instead.
    """
    target = min(target, HARD_LIMIT)

    def size(text: str) -> int:
        # A word of more than 100 letters counts as a single unknown word piece, so letters are counted too.
        return max(count_tokens(text), len(text) // LONGEST_PIECE)

    packed: list[list[_Piece]] = []
    for piece in _pieces(read, size, target):
        now = packed[-1] if packed else []
        if not now or _starts_anew(now, piece, target):
            packed.append([*_carried(now, piece, overlap, target), piece])
        else:
            now.append(piece)
    return [_passage(position, pieces) for position, pieces in enumerate(_without_small_rests(packed))]


def _starts_anew(now: Sequence[_Piece], piece: _Piece, target: int) -> bool:
    total = sum(one.tokens for one in now)
    if piece.page != now[-1].page or total + piece.tokens > target:
        return True
    if piece.kind == "heading":
        return now[-1].kind != "heading" and total > target // 3
    # A paragraph or table that would be cut here but fits into a passage of its own gets one.
    fits_alone = total + piece.rest > target >= piece.rest
    return piece.opens and now[-1].kind != "heading" and total > target // 2 and fits_alone


def _carried(now: Sequence[_Piece], piece: _Piece, overlap: int, target: int) -> list[_Piece]:
    """What the new passage repeats of the one before."""
    if not now or now[-1].page != piece.page:
        return []
    if piece.kind == "row":
        fits = sum(one.tokens for one in piece.head) + piece.tokens <= target
        return list(piece.head) if fits and not piece.opens and piece not in piece.head else []
    if piece.kind == "heading" or now[-1].kind != "text":
        return []
    kept: list[_Piece] = []
    room = min(overlap, target - piece.tokens)
    for one in reversed(now[1:]):
        room -= one.tokens
        if one.kind != "text" or room < 0:
            break
        kept.insert(0, one)
    return kept


def _without_small_rests(packed: Sequence[list[_Piece]]) -> Iterator[list[_Piece]]:
    waiting: list[_Piece] | None = None
    for pieces in packed:
        if waiting is not None:
            size, together = sum(p.tokens for p in pieces), sum(p.tokens for p in [*waiting, *pieces])
            if size < SMALL and pieces[0].page == waiting[-1].page and together <= HARD_LIMIT:
                waiting = [*waiting, *(piece for piece in pieces if piece not in waiting)]
                continue
            yield waiting
        waiting = pieces
    if waiting is not None:
        yield waiting


def _passage(position: int, pieces: Sequence[_Piece]) -> Passage:
    text = pieces[0].text
    for piece in pieces[1:]:
        text += (" " if piece.kind == "text" and not piece.opens else "\n") + piece.text
    boxes = tuple(dict.fromkeys(box for piece in pieces for box in piece.boxes))
    content = next((piece for piece in pieces if piece.kind != "heading"), pieces[-1])
    return Passage(position=position, page=pieces[-1].page, section=content.section, text=text, boxes=boxes)


def _pieces(read: ReadFile, count_tokens: Callable[[str], int], limit: int) -> Iterator[_Piece]:
    vocabulary = words_of(read.pages)
    sections = _Sections(read.outline)
    body = _body_size(read.pages)
    for page, groups in _joined_over_breaks([(page, _groups(page, body)) for page in read.pages]):
        sections.turn_to(page)
        for kind, lines in groups:
            if kind == "heading":
                sections.enter(lines, top=lines[0] is page.lines[0], body=body)
            text_of = _sentences if kind == "text" else _rows
            parts = [
                _Piece(
                    kind=kind,
                    text=text,
                    boxes=boxes,
                    page=page.number,
                    tokens=count_tokens(text),
                    opens=False,
                    section=sections.name,
                )
                for whole, boxes in text_of(lines, vocabulary)
                for text in _short(whole, count_tokens, limit)
            ]
            if not parts:
                continue
            head = _table_head(parts) if kind == "row" else ()
            parts = [replace(part, head=head) for part in parts] if head else parts
            yield replace(parts[0], opens=True, rest=sum(part.tokens for part in parts))
            yield from parts[1:]


class _Sections:
    """The section that the text is in: the last two of a path, from the outline and from the headings' looks."""

    def __init__(self, outline: Sequence[Heading]) -> None:
        self._outline = list(outline)
        self._path: dict[int, str] = {}
        self._coming: list[Heading] = []
        self._looks: list[tuple[float, str]] = []

    def turn_to(self, page: Page) -> None:
        """Enter what the outline says of the pages so far; an entry that this page prints waits for its line."""
        printed = {_key(line.text) for line in page.lines}
        reached = [entry for entry in self._outline if entry.page <= page.number]
        self._outline = [entry for entry in self._outline if entry.page > page.number]
        for entry in [*self._coming, *reached]:
            if entry.page == page.number and _key(entry.title) in printed:
                continue
            self._follow(entry)
        self._coming = [e for e in reached if e.page == page.number and _key(e.title) in printed]

    def enter(self, lines: Sequence[Line], *, top: bool, body: float) -> None:
        """A heading stands below every larger one before it; at body size, the first of a page is the larger."""
        title = " ".join(line.text.replace(CELL, " ") for line in lines).rstrip(":")
        keys = {_key(title), *(_key(line.text) for line in lines)}
        met = [entry for entry in self._coming if _key(entry.title) in keys]
        for entry in met:
            self._follow(entry)
            self._coming.remove(entry)
        if met:
            return
        size = max(line.font_size for line in lines)
        if top:
            size = max(size, 1.1 * body)
        while self._looks and self._looks[-1][0] <= size + 0.2:
            self._looks.pop()
        self._looks.append((size, title))

    def _follow(self, entry: Heading) -> None:
        self._path = {level: title for level, title in self._path.items() if level < entry.level}
        self._path[entry.level] = entry.title
        self._looks = []

    @property
    def name(self) -> str:
        path = dict.fromkeys([*self._path.values(), *(title for _, title in self._looks)])
        return " › ".join(list(path)[-2:])[:LONGEST_SECTION].strip(" ›")


def _key(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _groups(page: Page, body: float) -> list[tuple[str, list[Line]]]:
    """The page's lines as headings, paragraphs and tables, in reading order."""
    pitch = _pitch(page)
    rows = _row_places(page, pitch)
    bold = sum(len(line.text) for line in page.lines if line.bold)
    mostly_bold = bold * 2 > sum(len(line.text) for line in page.lines)
    groups: list[tuple[str, list[Line]]] = []
    for place, line in enumerate(page.lines):
        kind = "row" if place in rows else "heading" if _is_heading(line, body, mostly_bold) else "text"
        if groups and groups[-1][0] == kind and _goes_on(groups[-1][1][-1], line, kind, pitch):
            groups[-1][1].append(line)
        else:
            groups.append((kind, [line]))
    return groups


def _goes_on(before: Line, line: Line, kind: str, pitch: float) -> bool:
    step = line.box.top - before.box.top
    if kind == "row":
        return step < 4 * pitch if pitch else True
    if kind == "heading":
        return 0 <= step <= 2 * max(pitch, before.font_size) and abs(line.font_size - before.font_size) < 2.5
    if _BULLET.match(line.text) or abs(line.font_size - before.font_size) > 0.15 * max(before.font_size, 1):
        return False
    if step < 0:  # the next column
        return bool(_UNFINISHED.search(before.text)) and line.text[:1].islower()
    return step <= 1.4 * pitch if pitch else True


def _pitch(page: Page) -> float:
    """The usual distance of two lines, in points; 0 when the page has too few to tell."""
    steps = [b.box.top - a.box.top for a, b in zip(page.lines, page.lines[1:], strict=False)]
    usual = [step for step, line in zip(steps, page.lines, strict=False) if 0 < step < 2.5 * max(line.font_size, 4.0)]
    return median(usual) if usual else 0.0


def _row_places(page: Page, pitch: float) -> set[int]:
    """Which lines are rows: those with cells, and the few lines between two of them (a wrapped label, a subhead)."""
    cells = [place for place, line in enumerate(page.lines) if CELL in line.text]
    rows = set(cells)
    for first, second in itertools.pairwise(cells):
        between = range(first, second + 1)
        steps = [page.lines[i + 1].box.top - page.lines[i].box.top for i in between[:-1]]
        if len(steps) <= 4 and all(-pitch <= step <= 2.2 * pitch for step in steps):
            rows.update(between)
    lonely = {place for place in cells if not {place - 1, place + 1} & rows}
    return {place for place in rows if place not in lonely or not _is_prose(page.lines[place].text)}


def _is_prose(text: str) -> bool:
    """A wide gap in a running line (justified text) makes no table row."""
    words = text.replace(CELL, " ").split()
    return len(words) > 8 and sum(any(c.isdigit() for c in word) for word in words) * 4 < len(words)


def _is_heading(line: Line, body: float, mostly_bold: bool) -> bool:
    text = line.text
    if len(text) > LONGEST_HEADING or sum(c.isalpha() for c in text) < 3 or text[:1].islower():
        return False
    if body and line.font_size >= body * 1.15:
        return True
    if text.endswith((".", ",", ";")) and len(text) > 40:
        return False
    return (line.bold and not mostly_bold) or (text.isupper() and len(text.split()) > 1)


def _table_head(rows: Sequence[_Piece]) -> tuple[_Piece, ...]:
    """The rows before the first one that holds a value (years are no values), when they are few and short."""
    head: list[_Piece] = []
    for row in rows[:5]:
        cells = [cell.strip() for cell in row.text.split(CELL.strip())]
        if any(_VALUE.match(cell) and not _YEAR.match(cell) for cell in cells[1:] or cells):
            break
        head.append(row)
    while head and CELL not in head[-1].text and not re.search(r"\d{4}", head[-1].text):
        head.pop()  # a subhead such as "Operating activities:" belongs to the rows that follow it
    return tuple(head) if len(head) < len(rows) and sum(row.tokens for row in head) <= LONGEST_TABLE_HEAD else ()


def _rows(lines: Sequence[Line], vocabulary: set[str]) -> Iterator[tuple[str, tuple[Box, ...]]]:
    for line in lines:
        yield line.text, (line.box,)


def _sentences(lines: Sequence[Line], vocabulary: set[str]) -> Iterator[tuple[str, tuple[Box, ...]]]:
    """The paragraph's sentences, each with the boxes of the lines that it touches."""
    text, starts = "", []
    for line in lines:
        if text.endswith("-") and text[-2:-1].isalpha() and line.text[:1].islower():
            first, rest = text.rsplit(" ", 1)[-1].lower(), re.match(r"\w*", line.text)
            if rest and f"{first}{rest[0].lower()}" not in vocabulary:
                text = text[:-1]  # a word cut at the line's end, unless the file spells it with its hyphen elsewhere
        elif text:
            text += " "
        starts.append(len(text))
        text += line.text
    begin = 0
    for end in [*(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]:
        sentence = text[begin:end].strip()
        if sentence:
            ends = [*starts[1:], len(text)]
            touched = [line.box for line, a, b in zip(lines, starts, ends, strict=True) if a < end and b > begin]
            yield sentence, tuple(touched)
        begin = end


def _short(text: str, count_tokens: Callable[[str], int], limit: int) -> Iterator[str]:
    """The text in parts that each fit into a passage; most texts are one part."""
    waiting = [text]
    while waiting:
        part = waiting.pop(0)
        if len(part) > 40 and (len(part) > LONGEST_PIECE * limit or count_tokens(part) > limit):
            middle = part.rfind(" ", 1, len(part) // 2 + 1)
            cut = middle if middle > 0 else len(part) // 2
            waiting[:0] = [half for half in (part[:cut].strip(), part[cut:].strip()) if half]
        else:
            yield part


def _joined_over_breaks(
    pages: Sequence[tuple[Page, list[tuple[str, list[Line]]]]],
) -> Iterator[tuple[Page, list[tuple[str, list[Line]]]]]:
    """A sentence that runs over a page break moves whole to the page on which it begins."""
    for (_, before), (_, after) in itertools.pairwise(pages):
        if not before or not after or before[-1][0] != "text" or after[0][0] != "text":
            continue
        last, lines = before[-1][1], after[0][1]
        if not _UNFINISHED.search(last[-1].text) or not lines[0].text[:1].islower():
            continue
        place = next((i for i, line in enumerate(lines) if re.search(r"[.!?][\"”’)]*(?:\s|$)", line.text)), None)
        if place is not None and place < 4:
            last.extend(lines[: place + 1])
            del lines[: place + 1]
            if not lines:
                del after[0]
    yield from pages


def _body_size(pages: Sequence[Page]) -> float:
    sizes = [line.font_size for page in pages for line in page.lines if len(line.text) > 40]
    return median(sizes) if sizes else 0.0
