"""Plain text: what blank lines, bullets, capitals and columns tell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import BlockKind
from ingest.read.flow import LONGEST_PAGE, in_pages
from ingest.read.text import blocks_of
from tests.contracts.reader import ReaderContract


class TestText(ReaderContract):
    name = "storage.txt"
    hostile = (
        b"\xff\xfea\x00b\x00",
        "ﬁ\u200bne \ud83d".encode("utf-8", "surrogatepass"),
        b"a\r\rb" * 9,
        b"\f" * 99 + b"x",
    )

    def sample(self) -> bytes:
        return (
            b"Storage\n=======\n\nKeep it cold at all times and away from light.\nUse it soon.\n\n"
            b"Opening\n-------\n- in the dark\n- upright\n\n"
            b"Vaccine    Hours\nRubamor    6\nTrivadex   28\n"
        )


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind.value, block.text) for block in blocks_of(text)]


def test_a_line_in_capitals_is_a_heading_and_wrapped_lines_are_one_paragraph() -> None:
    assert kinds("STORAGE OF VACCINES\nKeep it\ncold.\n\nUse it.") == [
        ("heading", "STORAGE OF VACCINES"),
        ("paragraph", "Keep it\ncold."),
        ("paragraph", "Use it."),
    ]


def test_bars_and_tabs_part_cells_and_drawn_rules_are_no_rows() -> None:
    drawn = "+----+----+\n| a  | b  |\n+----+----+\n| c  | 4  |\n+----+----+"
    (table,) = blocks_of(drawn)
    assert table.cells == (("a", "b"), ("c", "4"))
    (table,) = blocks_of("Year\tSales\n2018\t32")
    assert (table.cells, table.head) == ((("Year", "Sales"), ("2018", "32")), 1)


def test_a_single_wide_gap_makes_no_table() -> None:
    assert kinds("Dear Sir,   and Madam,\nwe write to you.") == [
        ("paragraph", "Dear Sir, and Madam,\nwe write to you.")
    ]


@given(st.text("ab Z1-|\t\n=.", max_size=200))
def test_no_letter_is_lost_and_none_is_added(text: str) -> None:
    read = "".join(block.text for block in blocks_of(text))
    assert "".join(filter(str.isalnum, read)) == "".join(filter(str.isalnum, text))


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=9))
def test_pages_hold_every_line_once_and_none_is_far_too_long(lengths: list[int]) -> None:
    text = "\n\n".join("\n".join(["x" * 99] * (length // 99 + 1)) for length in lengths)
    pages = in_pages([blocks_of(text)])
    assert sum(block.text.count("x" * 99) for page in pages for block in page.blocks) == text.count("x" * 99)
    assert all(sum(len(block.text) for block in page.blocks) <= LONGEST_PAGE for page in pages)
    assert all(block.page == page.number for page in pages for block in page.blocks)


def test_a_long_table_goes_on_over_pages_with_its_head_on_each() -> None:
    rows = "\n".join(f"Item number {i}\t{i}00" for i in range(1000))
    pages = in_pages([blocks_of(f"Name of the item\tPrice\n{rows}")])
    assert len(pages) > 2
    tables = [block for page in pages for block in page.blocks]
    assert all(table.kind is BlockKind.TABLE and table.cells[0] == ("Name of the item", "Price") for table in tables)
    assert sum(len(table.cells) - 1 for table in tables) == 1000
