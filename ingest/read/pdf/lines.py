"""What layout gives: the lines of a page, with what they look like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ingest.documents import Box, row_text


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line as it stands on the page. font_size: of its largest font, in points. cells: more than one where wide
    gaps or printed bars part it. spans: left and right edge of each cell, in points of the text's own direction; ()
    where they are not known.
    """

    cells: tuple[str, ...]
    box: Box
    font_size: float
    bold: bool = False
    spans: tuple[tuple[float, float], ...] = ()

    @cached_property
    def text(self) -> str:
        return row_text(self.cells)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page of a PDF as lines in reading order; what a `Page` is before its lines became blocks."""

    number: int
    label: str
    width: float
    height: float
    lines: tuple[Line, ...]
