"""Running headers and footers go; what only looks like one stays."""

from ingest.clean import clean, clean_text
from ingest.documents import Box, Line, Page, ReadFile


def line(text: str, page: int, top: float) -> Line:
    return Line(text=text, box=Box(page=page, left=50, top=top, right=400, bottom=top + 10), font_size=10)


def page(number: int, *texts: tuple[str, float]) -> Page:
    lines = tuple(line(text, number, top) for text, top in texts)
    return Page(number=number, label=str(number), width=600, height=800, lines=lines)


def texts(read: ReadFile) -> list[list[str]]:
    return [[line.text for line in page.lines] for page in read.pages]


def test_a_line_that_most_pages_carry_at_their_edge_goes_with_the_page_number() -> None:
    read = ReadFile(
        title="",
        pages=tuple(
            page(n, ("Travel policy 2025", 20), (f"Rule {'abcdefgh'[n]} is this.", 300), (f"Page {n} of 8", 770))
            for n in range(1, 8)
        ),
    )
    assert texts(clean(read)) == [[f"Rule {'abcdefgh'[n]} is this."] for n in range(1, 8)]


def test_the_same_line_in_the_middle_of_the_pages_stays() -> None:
    pages = tuple(page(n, (f"Chapter {n}", 200), ("Keep cold", 400), (f"Text {n}.", 500)) for n in range(1, 8))
    assert texts(clean(ReadFile(title="", pages=pages))) == [
        [f"Chapter {n}", "Keep cold", f"Text {n}."] for n in range(1, 8)
    ]


def test_a_heading_at_the_top_of_two_pages_in_twelve_is_no_running_line() -> None:
    pages = tuple(
        page(n, ("Balance sheet" if n in (3, 4) else f"Heading {'abcdefghijklm'[n]}", 20), ("Text.", 300))
        for n in range(1, 13)
    )
    assert [page[0] for page in texts(clean(ReadFile(title="", pages=pages)))][2:4] == ["Balance sheet"] * 2


def test_a_number_that_counts_along_goes_even_where_the_text_ends_early() -> None:
    pages = tuple(page(n, ("Some text.", 100), ("More text.", 200), (str(n + 4), 320)) for n in range(1, 9))
    assert texts(clean(ReadFile(title="", pages=pages))) == [["Some text.", "More text."]] * 8


def test_a_number_that_does_not_count_along_stays() -> None:
    pages = tuple(page(n, ("Doses", 100), ("per vial:", 200), (str(10 * n), 320)) for n in range(1, 9))
    assert [page[-1] for page in texts(clean(ReadFile(title="", pages=pages)))] == [str(10 * n) for n in range(1, 9)]


def test_a_page_that_holds_only_running_lines_keeps_them() -> None:
    pages = tuple(page(n, ("Contents", 20)) for n in range(1, 6))
    assert texts(clean(ReadFile(title="", pages=pages))) == [["Contents"]] * 5


def test_a_plain_text_file_has_no_edges() -> None:
    flat = Box(page=1, left=0, top=0, right=0, bottom=10)
    pages = tuple(
        Page(number=n, label=str(n), width=612, height=792, lines=(Line(text="Again", box=flat, font_size=10),) * 2)
        for n in range(1, 6)
    )
    assert texts(clean(ReadFile(title="", pages=pages))) == [["Again", "Again"]] * 5


def test_control_characters_ligatures_and_lone_surrogates_are_mended() -> None:
    assert clean_text("eﬃcient\x00 ﬁle\u00ad s\ud800 \t two") == "efficient file s two"
