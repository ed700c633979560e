"""The words of a page → its lines in reading order.

Two things pull against each other. A *table* is read row by row, cell beside cell, so that a figure stays next to its
label; *columns of prose* are read one after the other and must not interleave. Both look like text, gap, text. What
tells them apart is the text on either side of the gap: wrapped prose has many words a line and most of its lines
begin in the middle of a sentence, with a small letter; cells do neither.

1. words that follow each other closely on a line become segments (what stands in a cell, or a line of prose)
2. segments that lie side by side as prose vote for a gutter; the page is cut there, between lines that cross it
3. within each piece, segments on one baseline become one line, each a cell of it where wide gaps part them

Coordinates are points from the top-left; text that is turned by quarter turns is laid out in its own frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Box
from ingest.read.pdf.lines import Line

BAR = " | "  # printed between words it parts cells as a wide gap does
CELL_GAP = 0.9  # in font sizes: a wider gap than this begins another cell (a word space is 0.25 to 0.6)
OVERLAP = 0.5  # share of the lower of two heights that must overlap for one line

_OPENING = {"$", "€", "£", "¥", "($", "(€", "(£", "($(", "-$", "US$", "A$", "C$", "(", "R$", "+", "+/-", "±", "#"}
_CLOSING = {")", "%", ")%", "%)", "x", "bps", "pts", "pp", "*", "**", "***", "†", "‡", ",", ";", ":", "(%)"}
MAX_DEPTH = 6
MOST_PROSE = 2000  # segments on one page: more is no page for people, and the search for columns is quadratic


@dataclass(frozen=True, kw_only=True)
class Words:
    """The n words of a page in the order in which the file paints them.

    boxes: (n, 4) left, top, right, bottom. baselines: (n, 2) the origin of the first character. sizes: (n,) points.
    turns: (n,) quarter turns clockwise of the direction of writing; 4 for text that is askew.
    """

    texts: list[str]
    boxes: NDArray[np.float64]
    baselines: NDArray[np.float64]
    sizes: NDArray[np.float64]
    bold: NDArray[np.bool_]
    turns: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text without a wide gap. `high` and `low` bound its capital letters: what line-finding compares."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    high: float
    low: float
    size: float
    bold: float
    prose: bool


def reading_order(words: Words, *, page: int, width: float, height: float) -> tuple[Line, ...]:
    """The lines of a page of `width` × `height` points. Words beyond its edges are dropped: nobody sees them."""
    boxes = words.boxes
    middle_x, middle_y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    seen = (middle_x > -2) & (middle_x < width + 2) & (middle_y > -2) & (middle_y < height + 2)
    lines: list[Line] = []
    directions, counts = np.unique(words.turns[seen], return_counts=True)
    for turn in directions[np.argsort(-counts, kind="stable")].tolist():
        chosen = np.flatnonzero(seen & (words.turns == turn))
        turned = _Turned(turn=turn % 4, width=width, height=height)
        segments = _segments(words, chosen, turned)
        lines += [_line(row, page, turned) for row in _rows_in_order(segments, 0)]
    return tuple(lines)


@dataclass(frozen=True, kw_only=True)
class _Turned:
    """Page coordinates ↔ coordinates in which text of this direction runs from left to right."""

    turn: int
    width: float
    height: float

    def upright(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.turn == 1:
            return y, self.width - x
        if self.turn == 2:
            return self.width - x, self.height - y
        if self.turn == 3:
            return self.height - y, x
        return x, y

    def back(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        if self.turn == 1:
            return self.width - bottom, left, self.width - top, right
        if self.turn == 2:
            return self.width - right, self.height - bottom, self.width - left, self.height - top
        if self.turn == 3:
            return top, self.height - right, bottom, self.height - left
        return left, top, right, bottom


def _segments(words: Words, chosen: NDArray[np.int64], turned: _Turned) -> list[Segment]:
    u0, v0 = turned.upright(words.boxes[chosen, 0], words.boxes[chosen, 1])
    u1, v1 = turned.upright(words.boxes[chosen, 2], words.boxes[chosen, 3])
    left, right, top, bottom = np.minimum(u0, u1), np.maximum(u0, u1), np.minimum(v0, v1), np.maximum(v0, v1)
    _, base = turned.upright(words.baselines[chosen, 0], words.baselines[chosen, 1])
    size = words.sizes[chosen]
    odd = ~np.isfinite(size) | (size <= 0.5) | (size > 4 * (bottom - top) + 4)
    size = np.where(odd, np.maximum(bottom - top, 1.0), size)
    base = np.where(np.isfinite(base) & (base > top - size) & (base < bottom + size), base, bottom - 0.2 * size)
    high, low = base - 0.7 * size, base

    # Does word i + 1 continue word i?
    em = np.maximum(size[:-1], size[1:])
    shared = np.minimum(low[:-1], low[1:]) - np.maximum(high[:-1], high[1:])
    level = shared >= OVERLAP * np.minimum(low[:-1] - high[:-1], low[1:] - high[1:])
    forward, backward = left[1:] - right[:-1], left[:-1] - right[1:]
    near = ((forward > -0.3 * em) & (forward < CELL_GAP * em)) | ((backward > -0.3 * em) & (backward < CELL_GAP * em))
    starts = np.flatnonzero(np.concatenate(([True], ~(level & near))))
    ends = np.append(starts[1:], len(chosen))

    lengths = np.array([len(words.texts[i]) for i in chosen.tolist()], np.float64)
    bold = np.add.reduceat(words.bold[chosen] * lengths, starts) / np.maximum(np.add.reduceat(lengths, starts), 1.0)
    tallest = np.maximum.reduceat(size, starts)
    texts = [words.texts[i] for i in chosen.tolist()]
    edges = zip(
        np.minimum.reduceat(left, starts).tolist(),
        np.minimum.reduceat(top, starts).tolist(),
        np.maximum.reduceat(right, starts).tolist(),
        np.maximum.reduceat(bottom, starts).tolist(),
        strict=True,
    )
    segments = []
    for i, (a, b, box) in enumerate(zip(starts.tolist(), ends.tolist(), edges, strict=True)):
        text = " ".join(texts[a:b])
        main = a + int(np.argmax(lengths[a:b] * size[a:b])) if b - a > 1 else a
        segments.append(
            Segment(
                text,
                *box,
                float(high[main]),
                float(low[main]),
                float(tallest[i]),
                float(bold[i]),
                _is_prose(text),
            )
        )
    return segments


def _is_prose(text: str) -> bool:
    """Could this be a line of running text, rather than a cell?"""
    if len(text) < 15:
        return False
    letters = sum(map(str.isalpha, text))
    return letters >= 0.6 * (len(text) - text.count(" ")) and (
        text.count(" ") >= 2 or (letters > 2 * len(text.encode()) // 5 and not text.isascii())
    )


def _begins_inside(text: str) -> bool:
    """Does this line begin in the middle of a sentence? Scripts without capitals cannot tell, and count as yes."""
    first = next((character for character in text if character.isalpha()), "")
    return bool(first) and not first.isupper()


# --- columns --------------------------------------------------------------------------------------------------------


def _rows_in_order(segments: list[Segment], depth: int) -> list[list[Segment]]:
    """Rows of segments in reading order: column after column where there are columns of prose."""
    gutter = _gutter(segments) if depth < MAX_DEPTH else None
    if gutter is None:
        return _rows(segments)
    crossing = [s for s in segments if s.left < gutter - 1 and s.right > gutter + 1]
    apart = [s for s in segments if not (s.left < gutter - 1 and s.right > gutter + 1)]
    edges = sorted((s.high + s.low) / 2 for s in crossing)
    bands: list[list[Segment]] = [[] for _ in range(len(edges) + 1)]
    for segment in apart:
        bands[int(np.searchsorted(edges, (segment.high + segment.low) / 2))].append(segment)
    ordered: list[list[Segment]] = []
    pending: list[Segment] = []  # what is read row by row, until columns begin
    crossing.sort(key=lambda s: (s.high + s.low) / 2)
    for place, band in enumerate(bands):
        for piece in _pieces(band, gutter):
            left = [s for s in piece if (s.left + s.right) / 2 < gutter]
            right = [s for s in piece if (s.left + s.right) / 2 >= gutter]
            if _are_columns(left, right):
                ordered += _rows(pending)
                pending = []
                ordered += _rows_in_order(left, depth + 1)
                ordered += _rows_in_order(right, depth + 1)
            else:
                pending += piece
        if place < len(crossing):
            pending.append(crossing[place])
    return ordered + _rows(pending)


def _gutter(segments: list[Segment]) -> float | None:
    """The x at which most pairs of side-by-side prose segments are parted; None when too few are."""
    prose = [s for s in segments if s.prose]
    if not 6 <= len(prose) <= MOST_PROSE:
        return None
    left = np.array([s.left for s in prose])
    right = np.array([s.right for s in prose])
    high = np.array([s.high for s in prose])
    low = np.array([s.low for s in prose])
    beside = (np.minimum(low[:, None], low) - np.maximum(high[:, None], high)) > -0.6 * np.minimum(
        low - high, (low - high)[:, None]
    )
    pairs = np.argwhere(beside & (right[:, None] < left[None, :]))
    if len(pairs) < 3:
        return None
    begin, end = right[pairs[:, 0]], left[pairs[:, 1]]
    middles = np.unique(np.round((begin + end) / 2))
    votes = ((begin <= middles[:, None]) & (end >= middles[:, None])).sum(axis=1)
    crossed = ((left < middles[:, None] - 1) & (right > middles[:, None] + 1)).sum(axis=1)
    best = int(np.argmax(votes - crossed))
    return float(middles[best]) if votes[best] >= 3 else None


def _pieces(band: list[Segment], gutter: float) -> list[list[Segment]]:
    """A band cut where rows without any prose begin or end, so that a table between columns stays whole."""
    pieces: list[list[Segment]] = []
    kinds: list[bool] = []
    for row in _rows(band):
        sides = {(s.left + s.right) / 2 < gutter for s in row}
        table = len(sides) == 2 and len(row) >= 3 and not any(s.prose for s in row)
        if pieces and kinds[-1] == table:
            pieces[-1] += row
        else:
            pieces.append(list(row))
            kinds.append(table)
    return pieces


def _are_columns(left: list[Segment], right: list[Segment]) -> bool:
    return _is_column(left) and _is_column(right)


def _is_column(side: list[Segment]) -> bool:
    prose = [s for s in side if s.prose]
    if len(prose) < 3:
        return False
    if sum(len(s.text) for s in prose) < 0.6 * sum(len(s.text) for s in side):
        return False
    widest = max(s.right - s.left for s in prose)
    filled = sum(s.right - s.left > 0.7 * widest for s in prose)
    inside = sum(_begins_inside(s.text) for s in prose)
    return filled >= 0.5 * len(prose) and inside >= 0.25 * len(prose)


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(segments: list[Segment]) -> list[list[Segment]]:
    """Segments on one baseline, left to right, from the top of the page to its bottom."""
    rows: list[list[Segment]] = []
    bounds: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda s: ((s.high + s.low) / 2, s.left)):
        for place in range(len(rows) - 1, max(-1, len(rows) - 4), -1):
            high, low = bounds[place]
            shared = min(low, segment.low) - max(high, segment.high)
            if shared >= OVERLAP * min(low - high, segment.low - segment.high):
                rows[place].append(segment)
                if segment.low - segment.high > low - high:
                    bounds[place] = (segment.high, segment.low)
                break
        else:
            rows.append([segment])
            bounds.append((segment.high, segment.low))
    for row in rows:
        row.sort(key=lambda s: s.left)
    return rows


def _line(row: list[Segment], page: int, turned: _Turned) -> Line:
    if len(row) > 1 and sum(map(_is_right_to_left, row)) * 2 > len(row):
        row = row[::-1]
    cells, spans = [row[0].text], [(row[0].left, row[0].right)]
    for before, segment in pairwise(row):
        gap = max(segment.left - before.right, before.left - segment.right)
        last = cells[-1].rsplit(" ", 1)[-1]
        if last in _OPENING or segment.text in _CLOSING:
            cells[-1] += segment.text
        elif gap < CELL_GAP * max(segment.size, before.size):
            cells[-1] += segment.text if gap < 0.08 * segment.size else " " + segment.text
        else:
            cells.append(segment.text)
            spans.append((segment.left, segment.right))
        spans[-1] = (min(spans[-1][0], segment.left), max(spans[-1][1], segment.right))
    left, top, right, bottom = turned.back(
        min(s.left for s in row), min(s.top for s in row), max(s.right for s in row), max(s.bottom for s in row)
    )
    characters = sum(len(s.text) for s in row)
    return Line(
        cells=tuple(part for cell in cells for part in cell.split(BAR)),
        spans=() if any(BAR in cell for cell in cells) else tuple(spans),
        box=Box(page=page, left=round(left, 1), top=round(top, 1), right=round(right, 1), bottom=round(bottom, 1)),
        font_size=round(max(s.size for s in row), 1),
        bold=sum(s.bold * len(s.text) for s in row) > 0.8 * characters,
    )


def _is_right_to_left(segment: Segment) -> bool:
    first = next((character for character in segment.text if character.isalpha()), "")
    return "\u0590" <= first <= "\u08ff" or "\ufb1d" <= first <= "\ufeff"
