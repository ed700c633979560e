"""Which cells of a table's rows stand under each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ingest.read.pdf.lines import Line

_Span = tuple[float, float]  # left and right edge, in points


def aligned(rows: Sequence[Line]) -> list[tuple[str, ...]]:
    """The cells of each row, "" where a row has none in a column; rows of a single cell run over all columns.

    The rows with most cells say where the columns are. Where any other row does not fit them the cells stay as they
    are: a value in no column is better than one in a wrong column.
    """
    plain: list[tuple[str, ...]] = [row.cells for row in rows]
    width = max(map(len, plain))
    if width < 2 or any(len(row.cells) > 1 and len(row.spans) != len(row.cells) for row in rows):
        return plain
    widest = [row.spans for row in rows if len(row.cells) == width]
    columns = [
        (min(left for left, _ in spans), max(right for _, right in spans)) for spans in zip(*widest, strict=True)
    ]
    if any(before[1] >= after[0] for before, after in pairwise(columns)):
        return plain
    grid: list[tuple[str, ...]] = []
    for row in rows:
        if len(row.cells) == 1:
            grid.append(row.cells)
            continue
        places = [_column(span, columns) for span in row.spans]
        if any(before >= after for before, after in pairwise(places)):
            return plain
        cells = dict(zip(places, row.cells, strict=True))
        grid.append(tuple(cells.get(place, "") for place in range(width)))
    return grid


def _column(span: _Span, columns: Sequence[_Span]) -> int:
    """The column that shares most with the span, or lies nearest."""
    shared = [min(right, span[1]) - max(left, span[0]) for left, right in columns]  # below 0: the gap between them
    return max(range(len(columns)), key=lambda place: shared[place])
