import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from app.show.passage import badges, final_mark, heading, movement, number, passage_html, short
from ingest.documents import Block, BlockKind, row_text, table_block
from tests.fakes.fake_application import a_chunk, a_trace


def paragraph(text: str) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=1)


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""
        self.marked = ""
        self._in_mark = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"dir", "style", "colspan"}
        self._in_mark = tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._in_mark = False

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if self._in_mark else ""


def read(html: str) -> Read:
    reader = Read()
    reader.feed(html)
    reader.close()
    return reader


hostile = st.text() | st.sampled_from(
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</div><b>", "a & b < c", "&lt;b&gt;", "<mark>"]
)


@given(hostile, st.lists(hostile, max_size=3))
def test_a_passage_shows_its_text_unchanged_and_no_tag_of_its_own(text: str, sentences: list[str]) -> None:
    found = read(passage_html([paragraph(text)], sentences))
    assert found.text == text
    assert found.tags <= {"div", "mark"}


@given(st.lists(st.lists(hostile, min_size=1, max_size=3), min_size=1, max_size=3), st.integers(0, 2))
def test_a_table_shows_its_cells_unchanged_and_no_tag_of_theirs(rows: list[list[str]], head: int) -> None:
    found = read(passage_html([table_block(rows, page=1, head=head)], [row_text(rows[0])]))
    assert found.text == "".join(cell for row in rows for cell in row)
    assert found.tags <= {"div", "mark", "table", "tr", "td", "th"}


def test_a_cited_row_is_marked_in_its_table_and_no_other() -> None:
    table = table_block([["Year", "Sales"], ["2018", "32"], ["2017", "31"]], page=1, head=1)
    found = read(passage_html([paragraph("Sales rose."), table], ["2018 | 32"]))
    assert found.marked == "201832"
    assert {"table", "tr", "th", "td"} <= found.tags


def test_a_cited_sentence_is_marked_also_when_a_line_breaks_inside_it() -> None:
    found = read(passage_html([paragraph("Keep cold.\nUse within\n6 hours. Then discard.")], ["Use within 6 hours."]))
    assert found.marked == "Use within\n6 hours."


def test_sentences_that_overlap_are_marked_once_and_unknown_ones_not_at_all() -> None:
    found = read(passage_html([paragraph("one two three four")], ["one two three", "two three four", "five"]))
    assert found.marked == "one two three four"
    assert read(passage_html([paragraph("one")], ["two"])).tags == {"div"}


def test_movement_says_both_ranks_and_the_direction() -> None:
    assert movement(7, 1) == ":green-badge[\\#7 → \\#1 ▲ 6]"
    assert movement(1, 4) == ":red-badge[\\#1 → \\#4 ▼ 3]"
    assert movement(2, 2) == ":gray-badge[stayed \\#2]"
    assert movement(None, 2) == ""


def test_badges_name_every_stage_with_rank_and_raw_score_latest_first() -> None:
    candidate = a_trace("q", [a_chunk(0), a_chunk(1)]).evidence.candidates[0]
    text = badges(candidate)
    mark = candidate.mark("precise")
    assert mark is not None
    assert text.startswith(f":blue-badge[\\#1 precise {number(mark.score)}]")
    assert [text.index(name) for name in ("precise", "fast", "hybrid", "dense", "BM25")] == sorted(
        text.index(name) for name in ("precise", "fast", "hybrid", "dense", "BM25")
    )


def test_the_final_mark_is_the_fast_one_when_the_precise_stage_gave_none() -> None:
    trace = a_trace("q", [a_chunk(0), a_chunk(1)])
    fast = trace.step("fast")
    assert fast is not None
    mark = final_mark(fast.ranking.candidates[0])
    assert mark is not None
    assert mark.stage == "fast"


def test_a_score_is_never_rescaled_only_rounded() -> None:
    assert [number(v) for v in (4.2345, -3.1, 0.0123, 123.4)] == ["4.23", "-3.1", "0.0123", "123"]


def test_a_file_name_cannot_become_an_image_a_link_or_a_heading() -> None:
    text = heading(a_chunk(0, document="![x](http://evil/x.png)<img src=x>.pdf"), evidence_number=2)
    assert text.startswith("\\[2\\] ")
    assert not re.search(r"(?<!\\)(?:!(?=\[)|<)", text), "only escaped, as text"


@given(st.text(), st.integers(10, 100))
def test_a_shortened_text_never_exceeds_its_length_and_keeps_its_ends(text: str, length: int) -> None:
    found = short(text, length)
    assert len(found) <= length
    flat = " ".join(text.split())
    assert found == flat or (found[0] == flat[0] and found[-1] == flat[-1] and "…" in found)
