"""Passages: whole sentences and rows, sections from headings, pages that are right, nothing lost."""

import itertools
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.documents import Block, BlockKind, Box, Page, ReadFile, table_block
from ingest.read.pdf.blocks import Bookmark, pages_of
from ingest.read.pdf.lines import Line, Sheet
from ingest.split import HARD_LIMIT, split


def count(text: str) -> int:
    return len(text.split())


def page(number: int, *lines: str | tuple[str, float, bool]) -> Sheet:
    """Lines 12 points apart; a blank one is a gap; (text, size, bold) is a line that looks like a heading."""
    made, top = [], 40.0
    for one in lines:
        text, size, bold = one if isinstance(one, tuple) else (one, 10.0, False)
        if text:
            box = Box(page=number, left=50, top=top, right=500, bottom=top + size)
            made.append(Line(cells=tuple(text.split(" | ")), box=box, font_size=size, bold=bold))
        top += 12.0
    return Sheet(number=number, label=str(number), width=600, height=800, lines=tuple(made))


def read(*sheets: Sheet, outline: tuple[Bookmark, ...] = ()) -> ReadFile:
    return ReadFile(title="", pages=pages_of(sheets, outline))


def flowing(*blocks: Block) -> ReadFile:
    """One page of a format whose blocks have no places."""
    return ReadFile(title="", pages=(Page(number=1, label="1", blocks=blocks),))


def paragraph(text: str) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=1)


def prose(words: int, start: int = 0) -> list[str]:
    return [f"Sentence {start + i} says that item {start + i} is kept cold." for i in range(words)]


def test_a_passage_ends_with_a_sentence_and_the_next_begins_with_the_last_ones_of_it() -> None:
    passages = split(read(page(1, *prose(20))), count_tokens=count, target=40, overlap=12)
    assert len(passages) > 3
    for before, after in itertools.pairwise(passages):
        assert before.text.endswith("cold.")
        last = before.text.rsplit("Sentence", 1)[1]
        assert after.text.startswith(f"Sentence{last}")


def test_lines_of_a_script_without_spaces_are_joined_without_one_and_cut_at_its_sentence_ends() -> None:
    lines = ["东京塔高三百三十三", "米，建于一九五八年。它是日", "本的地标！你知道吗？"]
    (passage,) = split(read(page(1, *lines)), count_tokens=len)
    assert passage.text == "".join(lines)
    short = split(read(page(1, *lines)), count_tokens=lambda text: 5 * len(text), target=100, overlap=0)
    assert [one.text[-1] for one in short] == ["。", "？"]


def test_a_sentence_of_a_script_without_case_is_whole_over_a_page_break() -> None:
    passages = split(
        read(page(1, "تأسست الشركة في"), page(2, "القاهرة عام 1998.", "", "مقرها الآن في لندن.")), count_tokens=count
    )
    assert [passage.text for passage in passages] == ["تأسست الشركة في القاهرة عام 1998.", "مقرها الآن في لندن."]


def test_lines_of_a_paragraph_become_one_text_and_a_word_cut_at_the_line_end_is_mended() -> None:
    (passage,) = split(read(page(1, "The refrig-", "erator is well-", "known and well-known.")), count_tokens=count)
    assert passage.text == "The refrigerator is well-known and well-known."


def test_a_heading_names_the_section_of_what_follows_and_opens_a_passage() -> None:
    body = read(page(1, ("Storage", 16, True), *prose(6), "", ("Transport", 16, True), *prose(6, 50)))
    passages = split(body, count_tokens=count, target=60)
    assert {passage.section for passage in passages if "item 2 " in passage.text} == {"Storage"}
    (moved,) = {passage.section for passage in passages if "item 52 " in passage.text}
    assert moved == "Transport"
    assert next(p for p in passages if p.section == "Transport").text.startswith("Transport\n")


def test_a_bold_heading_under_a_larger_one_makes_a_path() -> None:
    body = read(page(1, ("Vaccines", 16, True), *prose(5), "", ("Measles", 10, True), *prose(5, 30)))
    assert split(body, count_tokens=count, target=50)[-1].section == "Vaccines › Measles"


def test_a_subheading_keeps_the_chapter_that_it_belongs_to() -> None:
    body = read(
        page(1, ("Measles", 18, True), "", ("1.1 Storage", 14, True), *prose(5), "", ("1.2 Opening", 14, True)),
        page(2, *prose(5, 30), "", ("Polio", 18, True), *prose(5, 60)),
    )
    sections = [passage.section for passage in split(body, count_tokens=count, target=50)]
    assert list(dict.fromkeys(sections)) == ["Measles › 1.1 Storage", "Measles › 1.2 Opening", "Polio"]


def test_the_outline_names_the_section_from_the_line_that_it_points_to() -> None:
    outline = (Bookmark(title="Part one", page=1, level=0), Bookmark(title="Part two", page=1, level=0))
    body = read(page(1, ("Part one", 10, True), *prose(5), "", ("Part two", 10, True), *prose(5, 40)), outline=outline)
    passages = split(body, count_tokens=count, target=50)
    assert passages[0].section == "Part one"
    assert passages[-1].section == "Part two"


def test_a_table_that_is_cut_repeats_its_head() -> None:
    rows = [f"Item {i} | {i}00 | {i}50" for i in range(1, 30)]
    body = read(page(1, "(Millions) | 2018 | 2017", *rows))
    passages = split(body, count_tokens=count, target=60)
    assert len(passages) > 2
    for passage in passages:
        assert passage.text.startswith("(Millions) | 2018 | 2017\nItem ")
        assert all(re.fullmatch(r"Item \d+ \| \d+00 \| \d+50", row) for row in passage.text.split("\n")[1:])


def test_a_sentence_over_a_page_break_stays_whole_and_has_boxes_on_both_pages() -> None:
    body = read(page(1, *prose(5), "The shelf life of the opened vial"), page(2, "is six hours.", "", *prose(5, 60)))
    passages = split(body, count_tokens=count, target=100)
    whole = next(passage for passage in passages if "opened vial is six hours." in passage.text)
    assert whole.page == 1
    assert {box.page for box in whole.boxes} == {1, 2}
    assert [passage.page for passage in passages] == [1, 2]


def test_a_table_that_fits_into_one_passage_is_not_cut() -> None:
    rows = [f"Item {i} | {i}00" for i in range(1, 9)]
    passages = split(read(page(1, *prose(7), "", *rows)), count_tokens=count, target=80)
    assert [sum(f"Item {i} |" in passage.text for i in range(1, 9)) for passage in passages] == [0, 8]


WORDS = st.text("abcdefgh XYZ.!?|0123456789-()é漢", min_size=0, max_size=60)


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.tuples(WORDS, st.sampled_from([8.0, 10.0, 14.0]), st.booleans()), max_size=12), max_size=4),
    st.integers(8, 120),
    st.integers(0, 30),
)
def test_no_word_is_lost_and_no_passage_is_too_long_or_empty(pages: list, target: int, overlap: int) -> None:
    sheets = [page(number, *lines) for number, lines in enumerate(pages, start=1)]
    body = read(*sheets)
    passages = split(body, count_tokens=count, target=target, overlap=overlap)
    assert [passage.position for passage in passages] == list(range(len(passages)))
    assert [passage.page for passage in passages] == sorted(passage.page for passage in passages)
    for passage in passages:
        assert passage.text.strip()
        assert passage.boxes
        assert count(passage.text) <= HARD_LIMIT
        assert passage.page in {box.page for box in passage.boxes}
    kept = {re.sub(r"[\s-]", "", passage.text) for passage in passages}
    together = "".join(sorted(kept))
    for one in sheets:
        for line in one.lines:
            for word in line.text.split():
                assert re.sub(r"[\s-]", "", word) in together


def test_a_megabyte_without_a_space_is_cut_into_passages() -> None:
    passages = split(read(page(1, "x" * 1_000_000)), count_tokens=count, target=200, overlap=0)
    assert "".join(passage.text.replace(" ", "") for passage in passages) == "x" * 1_000_000
    assert max(len(passage.text) for passage in passages) <= 230 * 12


def test_a_passage_holds_the_blocks_it_was_packed_from_and_their_texts_are_its_text() -> None:
    rows = [["Year", "Sales"], *([f"20{i}", f"{i} million"] for i in range(10, 40))]
    body = flowing(
        Block(kind=BlockKind.HEADING, text="Sales", page=1),
        *(paragraph(f"They rose in {i}. They fell after that.") for i in range(5)),
        table_block(rows, page=1, head=1),
    )
    passages = split(body, count_tokens=count, target=40)
    for passage in passages:
        assert passage.text == "\n".join(block.text for block in passage.blocks)
        assert passage.section == "Sales"
    tables = [block for passage in passages for block in passage.blocks if block.kind is BlockKind.TABLE]
    assert len(tables) > 1
    assert all(table.cells[0] == ("Year", "Sales") and table.head == 1 for table in tables)
    assert [row for table in tables for row in table.cells[1:]] == [tuple(row) for row in rows[1:]]


def test_two_sentences_that_are_alike_are_both_kept_where_a_small_rest_joins_the_passage_before() -> None:
    body = flowing(*(paragraph("Go. Stop. Go. Stop. Go.") for _ in range(3)))
    together = " ".join(passage.text for passage in split(body, count_tokens=count, target=6, overlap=0))
    assert together.split().count("Go.") == 9


def test_a_row_longer_than_a_passage_is_cut_and_loses_no_word() -> None:
    body = flowing(
        table_block([["Name", "What it is"], ["Pump", " ".join(f"word{i}" for i in range(99))]], page=1, head=1)
    )
    passages = split(body, count_tokens=count, target=30)
    words = [
        word
        for passage in passages
        for block in passage.blocks
        for row in block.cells
        for cell in row
        for word in cell.split()
    ]
    assert {f"word{i}" for i in range(99)} <= set(words)


def test_code_keeps_its_lines() -> None:
    body = flowing(Block(kind=BlockKind.CODE, text="if ready:\nanswer()", page=1))
    (passage,) = split(body, count_tokens=count)
    assert passage.text == "if ready:\nanswer()"


def test_a_passage_of_a_corpus_is_neither_cut_nor_joined_and_its_title_is_its_section() -> None:
    long = "One sentence. " * 400
    pages = tuple(
        Page(
            number=number,
            label=str(number),
            blocks=(
                Block(kind=BlockKind.BOOKMARK, text=title, page=number),
                Block(kind=BlockKind.PASSAGE, text=text, page=number),
            ),
        )
        for number, (title, text) in enumerate([("T" * 300, long), ("", "Short."), ("B", "Short.")], start=1)
    )
    passages = split(ReadFile(title="", pages=pages), count_tokens=count)
    assert [(one.page, one.section, one.text) for one in passages] == [
        (1, "T" * 300, long),
        (2, "", "Short."),
        (3, "B", "Short."),
    ]
