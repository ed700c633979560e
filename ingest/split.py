"""Blocks → passages: headings name the section, sentences and table rows stay whole, a table's head is repeated.

A block becomes pieces (a heading, a sentence, a table row), and pieces are packed up to the target length. A passage
stays on its page, except for a sentence that runs over the page break.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.documents import Block, BlockKind, Box, Page, Passage, ReadFile, row_text, table_block
from ingest.language.sentences import gap, sentence_ends

FINGERPRINT = "split-6"
HARD_LIMIT = 230  # word pieces; the embedding model reads 256 with the header and special tokens
LONGEST_SECTION = 100  # characters
LONGEST_TABLE_HEAD = 60  # word pieces: a longer head is not worth repeating
LONGEST_PIECE = 12  # letters: words of a language are cut into shorter word pieces
SMALL = 30  # word pieces: a rest this small joins the passage before it
_PROSE = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)  # what is made of sentences


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """What is never cut (unless it is longer than a passage may be): a line of a heading, a sentence or a table row."""

    order: int
    source: Block
    text: str
    boxes: tuple[Box, ...]
    tokens: int
    section: str
    row: int  # of its table
    opens: bool = False  # the first of its block
    rest: int = 0  # word pieces of its whole block, on the piece that opens it
    head: tuple[_Piece, ...] = ()  # a row's table head

    @property
    def kind(self) -> BlockKind:
        return self.source.kind

    @property
    def page(self) -> int:
        return self.source.page


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
    if piece.kind is BlockKind.HEADING:
        return now[-1].kind is not BlockKind.HEADING and total > target // 3
    # A paragraph or table that would be cut here but fits into a passage of its own gets one.
    fits_alone = total + piece.rest > target >= piece.rest
    return piece.opens and now[-1].kind is not BlockKind.HEADING and total > target // 2 and fits_alone


def _carried(now: Sequence[_Piece], piece: _Piece, overlap: int, target: int) -> list[_Piece]:
    """What the new passage repeats of the one before."""
    if not now or now[-1].page != piece.page:
        return []
    if piece.kind not in (*_PROSE, BlockKind.HEADING):
        fits = sum(one.tokens for one in piece.head) + piece.tokens <= target
        return list(piece.head) if fits and not piece.opens and piece not in piece.head else []
    if piece.kind is BlockKind.HEADING or now[-1].kind not in _PROSE:
        return []
    kept: list[_Piece] = []
    room = min(overlap, target - piece.tokens)
    for one in reversed(now[1:]):
        room -= one.tokens
        if one.kind not in _PROSE or room < 0:
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
    content = next((piece for piece in pieces if piece.kind is not BlockKind.HEADING), pieces[-1])
    blocks = tuple(_block(list(some)) for _, some in itertools.groupby(pieces, key=lambda piece: id(piece.source)))
    return Passage(position=position, page=pieces[-1].page, section=content.section, blocks=blocks)


def _block(pieces: Sequence[_Piece]) -> Block:
    """What a passage holds of one block."""
    source = pieces[0].source
    boxes = tuple(dict.fromkeys(box for piece in pieces for box in piece.boxes))
    if source.kind is BlockKind.TABLE:
        rows = [source.cells[piece.row] if _is_whole(piece) else (piece.text,) for piece in pieces]
        head = sum(1 for _ in itertools.takewhile(lambda piece: piece.row < source.head, pieces))
        return table_block(rows, page=source.page, head=head, boxes=boxes)
    text = pieces[0].text
    for piece in pieces[1:]:
        text += (gap(text, piece.text) if source.kind in _PROSE else "\n") + piece.text
    return replace(source, text=text, boxes=boxes)


def _is_whole(piece: _Piece) -> bool:
    return piece.text == row_text(piece.source.cells[piece.row])


def _pieces(read: ReadFile, count_tokens: Callable[[str], int], limit: int) -> Iterator[_Piece]:
    vocabulary = _words_of(read.pages)
    sections = _Sections()
    order = itertools.count()
    for block in (block for page in read.pages for block in page.blocks):
        if block.kind in (BlockKind.HEADING, BlockKind.BOOKMARK):
            sections.enter(block)
        sections.pass_over(block)
        if block.kind is BlockKind.BOOKMARK:
            continue
        whole = block.kind is BlockKind.PASSAGE
        section = sections.name if whole else sections.name[:LONGEST_SECTION].strip(" ›")
        lines = (_sentences if block.kind in _PROSE else _lines)(block, vocabulary)
        parts = [
            _Piece(
                order=next(order),
                source=block,
                text=text,
                boxes=boxes,
                tokens=count_tokens(text),
                section=section,
                row=row,
            )
            for row, (line, boxes) in enumerate(lines)
            for text in ([line] if whole else _short(line, count_tokens, limit))
        ]
        if not parts:
            continue
        head = tuple(part for part in parts if part.row < block.head)
        if head and sum(part.tokens for part in head) <= LONGEST_TABLE_HEAD:
            parts = [replace(part, head=head) for part in parts]
        yield replace(parts[0], opens=True, rest=sum(part.tokens for part in parts))
        yield from parts[1:]


class _Sections:
    """The section that the text is in: the last two of the path of headings above it."""

    def __init__(self) -> None:
        self._path: list[tuple[int, str]] = []
        self._named_ahead = False  # by the bookmark just before

    def enter(self, block: Block) -> None:
        """A heading or bookmark closes all of its own level and deeper. A bookmark's words stand for its heading's."""
        if self._named_ahead and block.kind is BlockKind.HEADING and block.level == self._path[-1][0]:
            return
        while self._path and self._path[-1][0] >= block.level:
            self._path.pop()
        title = block.text.replace("\n", " ")
        self._path.append((block.level, title if block.kind is BlockKind.BOOKMARK else title.rstrip(":")))

    def pass_over(self, block: Block) -> None:
        self._named_ahead = block.kind is BlockKind.BOOKMARK

    @property
    def name(self) -> str:
        path = dict.fromkeys(title for _, title in self._path if title)
        return " › ".join(list(path)[-2:])


def _lines(block: Block, vocabulary: set[str]) -> Iterator[tuple[str, tuple[Box, ...]]]:
    """The block's lines, each with its box."""
    lines = block.text.split("\n")
    return zip(lines, ((box,) for box in block.boxes) if block.boxes else itertools.repeat(()), strict=False)


def _sentences(block: Block, vocabulary: set[str]) -> Iterator[tuple[str, tuple[Box, ...]]]:
    """The paragraph's sentences, each with the boxes of the lines that it touches."""
    text, starts = "", []
    for line in block.text.split("\n"):
        if text.endswith("-") and text[-2:-1].isalpha() and line[:1].islower():
            first, rest = text.rsplit(" ", 1)[-1].lower(), re.match(r"\w*", line)
            if rest and f"{first}{rest[0].lower()}" not in vocabulary:
                text = text[:-1]  # a word cut at the line's end, unless the file spells it with its hyphen elsewhere
        elif text:
            text += gap(text, line)
        starts.append(len(text))
        text += line
    begin = 0
    for end in sentence_ends(text):
        sentence = text[begin:end].strip()
        if sentence:
            ends = [*starts[1:], len(text)]
            places = zip(block.boxes, starts, ends, strict=True) if block.boxes else ()
            yield sentence, tuple(box for box, a, b in places if a < end and b > begin)
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


def _words_of(pages: Sequence[Page]) -> set[str]:
    """Every lower-case word of the file, hyphenated ones whole."""
    blocks = (block for page in pages for block in page.blocks if block.kind is not BlockKind.BOOKMARK)
    return {word for block in blocks for word in re.findall(r"\w+(?:-\w+)*", block.text.lower())}
