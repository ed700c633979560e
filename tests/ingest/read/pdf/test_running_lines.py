"""Running headers and footers go; what only looks like one stays."""

from ingest.documents import Box
from ingest.read.pdf.lines import Line, Sheet
from ingest.read.pdf.running_lines import without_running_lines


def line(text: str, page: int, top: float) -> Line:
    return Line(cells=(text,), box=Box(page=page, left=50, top=top, right=400, bottom=top + 10), font_size=10)


def page(number: int, *texts: tuple[str, float]) -> Sheet:
    lines = tuple(line(text, number, top) for text, top in texts)
    return Sheet(number=number, label=str(number), width=600, height=800, lines=lines)


def texts(*sheets: Sheet) -> list[list[str]]:
    return [[line.text for line in sheet.lines] for sheet in without_running_lines(sheets)]


def test_a_line_that_most_pages_carry_at_their_edge_goes_with_the_page_number() -> None:
    pages = (
        page(n, ("Travel policy 2025", 20), (f"Rule {'abcdefgh'[n]} is this.", 300), (f"Page {n} of 8", 770))
        for n in range(1, 8)
    )
    assert texts(*pages) == [[f"Rule {'abcdefgh'[n]} is this."] for n in range(1, 8)]


def test_the_same_line_in_the_middle_of_the_pages_stays() -> None:
    pages = tuple(page(n, (f"Chapter {n}", 200), ("Keep cold", 400), (f"Text {n}.", 500)) for n in range(1, 8))
    assert texts(*pages) == [[f"Chapter {n}", "Keep cold", f"Text {n}."] for n in range(1, 8)]


def test_a_heading_at_the_top_of_two_pages_in_twelve_is_no_running_line() -> None:
    pages = tuple(
        page(n, ("Balance sheet" if n in (3, 4) else f"Heading {'abcdefghijklm'[n]}", 20), ("Text.", 300))
        for n in range(1, 13)
    )
    assert [page[0] for page in texts(*pages)][2:4] == ["Balance sheet"] * 2


def test_a_number_that_counts_along_goes_even_where_the_text_ends_early() -> None:
    pages = tuple(page(n, ("Some text.", 100), ("More text.", 200), (str(n + 4), 320)) for n in range(1, 9))
    assert texts(*pages) == [["Some text.", "More text."]] * 8


def test_a_number_that_does_not_count_along_stays() -> None:
    pages = tuple(page(n, ("Doses", 100), ("per vial:", 200), (str(10 * n), 320)) for n in range(1, 9))
    assert [page[-1] for page in texts(*pages)] == [str(10 * n) for n in range(1, 9)]


def test_a_page_that_holds_only_running_lines_keeps_them() -> None:
    pages = tuple(page(n, ("Contents", 20)) for n in range(1, 6))
    assert texts(*pages) == [["Contents"]] * 5


def test_a_line_without_a_letter_left_goes_and_so_does_a_cell() -> None:
    box = Box(page=1, left=0, top=300, right=9, bottom=310)
    lines = (Line(cells=("\u00ad",), box=box, font_size=10), Line(cells=("\x07", "ﬁle"), box=box, font_size=10))
    (sheet,) = without_running_lines([Sheet(number=1, label="1", width=600, height=800, lines=lines)])
    assert [line.cells for line in sheet.lines] == [("file",)]
