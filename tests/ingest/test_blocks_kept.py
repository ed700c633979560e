"""A passage comes back from the library with its blocks, so that an answer can show a real table."""

from __future__ import annotations

from pathlib import Path

from ingest.documents import BlockKind, Chunk
from tests.fakes.library_run import open_library, open_stores
from tests.ingest.read import test_docx, test_html


def test_a_table_of_a_word_and_of_an_html_file_is_one_in_the_passages_that_are_kept(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        for name, data in (("a.docx", test_docx.saved(test_docx.sample())), ("b.html", test_html.TestHtml().sample())):
            library.wait_for(library.add(data, name).document.id)
    stores = open_stores(tmp_path)
    try:
        documents = stores.sql.documents.documents()
        assert len(documents) == 2
        for document in documents:
            blocks = [block for chunk in stores.sql.documents.document_chunks(document.id) for block in chunk.content]
            (table,) = [block for block in blocks if block.kind is BlockKind.TABLE]
            assert table.cells == (("Vaccine", "Hours"), ("Rubamor", "6"), ("Trivadex", "28"))
            assert table.names == (("Vaccine", "Hours"),)
    finally:
        stores.close()


def test_a_passage_of_before_has_a_paragraph_for_each_line() -> None:
    chunk = Chunk(
        id="a-0", document_id="a", document_name="a.pdf", position=0, page=3, section="", text="One.\n\nTwo | 2\n"
    )
    assert [(block.kind, block.text, block.page) for block in chunk.content] == [
        (BlockKind.PARAGRAPH, "One.", 3),
        (BlockKind.PARAGRAPH, "Two | 2", 3),
    ]
