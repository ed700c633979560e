"""Markdown: what its marks say, without the marks."""

from __future__ import annotations

from ingest.documents import BlockKind
from ingest.read.markdown import blocks_of
from tests.contracts.reader import ReaderContract


class TestMarkdown(ReaderContract):
    name = "storage.md"
    hostile = (
        b"> " * 5000 + b"x",
        b"- " * 5000 + b"x",
        b"[" * 20000,
        b"![x](http://127.0.0.1:1/x.png)",
        b"<" * 9999,
        b"| a |\n|---|\n" + b"| b | c | d |\n" * 50,
        b"---\ntitle: x\n---\n",
        b"a\x07b **c",
    )

    def sample(self) -> bytes:
        return (
            b"# Storage\n\nKeep it **cold** at all times and away from light.\nUse it soon.\n\n"
            b"## Opening\n\n- in the *dark*\n- upright\n\n"
            b"| Vaccine | Hours |\n|---------|------:|\n| Rubamor | 6 |\n| Trivadex | 28 |\n"
        )


def kinds(source: str) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, block.text) for block in blocks_of(source)]


def test_code_keeps_its_lines_and_a_mark_inside_it_is_no_heading() -> None:
    assert kinds("```sh\n# not a heading\nmake run\n```") == [("code", 0, "# not a heading\nmake run")]


def test_nested_lists_have_levels_and_numbers_stay() -> None:
    assert kinds("1. first\n2. second\n   - inner\n\nAfter.") == [
        ("list item", 0, "1. first"),
        ("list item", 0, "2. second"),
        ("list item", 1, "- inner"),
        ("paragraph", 0, "After."),
    ]


def test_links_keep_their_words_and_an_address_of_the_web() -> None:
    ((_, _, text),) = kinds(
        "See [the page](https://example.org/a), [below](#b), <https://example.org> and ![a map](m.png)."
    )
    assert text == "See the page (https://example.org/a), below, https://example.org and a map."


def test_an_empty_cell_stays_in_its_column() -> None:
    (table,) = blocks_of("| a | b | c |\n|---|---|---|\n| 1 |  | 3 |\n|  |  |  |")
    assert table.cells == (("a", "b", "c"), ("1", "", "3"))
    assert table.text == "a | b | c\n1 | 3"


def test_html_inside_is_text_without_its_tags_and_front_matter_is_no_heading() -> None:
    assert kinds("---\ntitle: A\n---\n<p>Keep <b>cold</b></p>\n<!-- hidden -->\n") == [
        ("code", 0, "title: A"),
        ("paragraph", 0, "Keep cold"),
    ]


def test_the_first_heading_of_the_first_level_is_the_title(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from ingest.read.registry import read_file

    path = tmp_path / "a.md"
    path.write_text("# Cold chain handbook\n\nText.")
    read = read_file(path, name="a.md")
    assert read.title == "Cold chain handbook"
    assert [block.kind for block in read.pages[0].blocks] == [BlockKind.HEADING, BlockKind.PARAGRAPH]
