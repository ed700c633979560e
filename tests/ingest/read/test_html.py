"""Web pages kept as files: their structure, without what they hide, run or fetch."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.documents import Block
from ingest.errors import NoTextFound
from ingest.read.registry import read_file
from tests.contracts.reader import ReaderContract


class TestHtml(ReaderContract):
    name = "storage.html"
    hostile = (
        b"<div>" * 50_000 + b"deep",
        b"<table>" * 2_000 + b"<tr><td>x<td>y",
        b"<?xml version='1.0' encoding='utf-16'?><p>x",
        b"<meta charset=idna><p>x",
        b"<meta charset=zlib><p>x",
        b"<p>a&#0;b&#xD800;c\xe2\x80\x8b",
        b"<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><p>&f;</p>",
        b"<td colspan=99999999999>x<td>y",
    )

    def sample(self) -> bytes:
        return (
            b"<!doctype html><title>Storage of vaccines</title><body><h1>Storage</h1>"
            b"<p>Keep it <b>cold</b> at all times\nand away from light. Use it soon.</p><h2>Opening</h2>"
            b"<ul><li>in the dark<li>upright</ul>"
            b"<table><tr><th>Vaccine<th>Hours<tr><td>Rubamor<td>6<tr><td>Trivadex<td>28</table>"
        )


def blocks(source: str, folder: Path) -> list[Block]:
    path = folder / "a.html"
    path.write_text(source)
    return [block for page in read_file(path, name="a.html").pages for block in page.blocks]


def kinds(source: str, folder: Path) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, block.text) for block in blocks(source, folder)]


def test_what_the_page_hides_or_runs_is_not_read(tmp_path: Path) -> None:
    source = (
        "<script>evil()</script><p hidden>a</p><p style='display: none'>b</p><style>p {}</style>Seen<!-- c -->"
        "<noscript>d</noscript>"
    )
    assert kinds(source, tmp_path) == [("paragraph", 0, "Seen")]


def test_nested_lists_have_levels_and_code_keeps_its_lines(tmp_path: Path) -> None:
    source = "<ol><li>one<ul><li>two</ul>more</ol><pre>if x:\n  y()</pre>one<br>two"
    assert kinds(source, tmp_path) == [
        ("list item", 0, "one"),
        ("list item", 1, "two"),
        ("list item", 0, "more"),
        ("code", 0, "if x:\ny()"),
        ("paragraph", 0, "one\ntwo"),
    ]


def test_a_table_that_only_lays_out_the_page_is_none(tmp_path: Path) -> None:
    source = "<table><tr><td><h2>Menu</h2></td><td><p>Text</p></td></tr></table>"
    assert [kind for kind, _, _ in kinds(source, tmp_path)] == ["heading", "paragraph"]


def test_a_cell_over_two_columns_leaves_the_second_empty(tmp_path: Path) -> None:
    source = "<table><thead><tr><td colspan=2>Both<td>c</thead><tr><td>1<td>2<td>3</table>"
    (table,) = blocks(source, tmp_path)
    assert (table.cells, table.head) == ((("Both", "", "c"), ("1", "2", "3")), 1)


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251", "shift_jis"])
def test_the_encoding_that_a_page_names_is_used(tmp_path: Path, encoding: str) -> None:
    word = {"utf-8": "Größe", "windows-1251": "Правило", "shift_jis": "規則"}[encoding]
    path = tmp_path / "a.html"
    path.write_bytes(f'<meta charset="{encoding}"><p>{word}'.encode(encoding))
    (page,) = read_file(path, name="a.html").pages
    assert page.blocks[0].text == word


def test_a_page_of_scripts_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoTextFound):
        blocks("<script>a()</script>", tmp_path)


def test_nothing_that_a_page_names_is_fetched(tmp_path: Path, unvisited: str) -> None:
    source = f"<link rel=stylesheet href={unvisited}><img src={unvisited} alt='A map'><iframe src={unvisited}></iframe>"
    assert kinds(source, tmp_path) == [("paragraph", 0, "A map")]
