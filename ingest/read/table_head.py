"""Which rows of a table name its columns, where the file itself does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_ROWS = 5

_VALUE = re.compile(r"^[($€£¥+-]*\s?\d[\d.,]*\s?[)%]*$|^[—–-]$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")


def head_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand before the first one that holds a value (years are none); 0 when all or none do.

    rows: the cells of each. A first cell is a label, so it counts as a value only where it is alone.
    """
    head = 0
    for cells in rows[:MOST_ROWS]:
        if any(_VALUE.match(cell) and not _YEAR.match(cell) for cell in cells[1:] or cells):
            break
        head += 1
    while head and len(rows[head - 1]) == 1 and not re.search(r"\d{4}", rows[head - 1][0]):
        head -= 1  # a subhead such as "Operating activities:" belongs to the rows that follow it
    return head if head < len(rows) else 0
