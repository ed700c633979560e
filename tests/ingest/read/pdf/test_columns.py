"""Cells under each other: an empty one stays empty, and where that is unsure nothing is moved."""

from __future__ import annotations

from ingest.documents import Box
from ingest.read.pdf.columns import aligned
from ingest.read.pdf.lines import Line


def row(*cells: tuple[str, float, float]) -> Line:
    box = Box(page=1, left=0, top=0, right=500, bottom=10)
    texts, spans = tuple(cell[0] for cell in cells), tuple((left, right) for _, left, right in cells)
    return Line(cells=texts, spans=spans, box=box, font_size=10)


def test_a_row_without_a_value_leaves_its_column_empty() -> None:
    rows = [
        row(("2018", 210, 230), ("2017", 310, 330)),
        row(("Net sales", 50, 100), ("32,765", 205, 235), ("31,657", 305, 335)),
        row(("Other", 50, 80), ("12", 320, 335)),
    ]
    assert aligned(rows) == [("", "2018", "2017"), ("Net sales", "32,765", "31,657"), ("Other", "", "12")]


def test_a_row_of_a_single_cell_runs_over_all_columns() -> None:
    rows = [row(("Operating activities:", 50, 150)), row(("Net income", 50, 100), ("5", 300, 310))]
    assert aligned(rows) == [("Operating activities:",), ("Net income", "5")]


def test_columns_that_run_into_each_other_stay_as_they_are() -> None:
    rows = [row(("a", 50, 200), ("b", 210, 230)), row(("c", 50, 60), ("d", 150, 180))]
    assert aligned(rows) == [("a", "b"), ("c", "d")]


def test_a_row_that_fits_the_columns_only_by_force_keeps_all_as_they_are() -> None:
    rows = [
        row(("a", 50, 60), ("b", 200, 210), ("c", 300, 310)),
        row(("d", 305, 306), ("e", 308, 312)),
    ]
    assert aligned(rows) == [("a", "b", "c"), ("d", "e")]


def test_cells_without_known_places_are_not_moved() -> None:
    box = Box(page=1, left=0, top=0, right=9, bottom=9)
    assert aligned([Line(cells=("a", "b"), box=box, font_size=9), Line(cells=("c",), box=box, font_size=9)]) == [
        ("a", "b"),
        ("c",),
    ]
