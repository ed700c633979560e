"""Word documents: styles name headings and lists, tables keep their cells, and nothing in them reaches out."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.documents import Block, ReadFile
from ingest.errors import DamagedFile, TooLargeUnpacked
from ingest.read.limits import Limits
from ingest.read.registry import read_file
from tests.contracts.reader import ReaderContract


def saved(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def sample() -> Any:
    document = docx.Document()
    document.add_heading("Storage", 1)
    document.add_paragraph("Keep it cold at all times and away from light. Use it soon.")
    document.add_heading("Opening", 2)
    document.add_paragraph("in the dark", style="List Bullet")
    document.add_paragraph("upright", style="List Bullet")
    table = document.add_table(3, 2)
    for row, cells in zip(table.rows, [("Vaccine", "Hours"), ("Rubamor", "6"), ("Trivadex", "28")], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    return document


def changed(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """The package with one part's text changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w") as target:
        for item in source.infolist():
            content = source.read(item.filename)
            target.writestr(item, content.replace(old, new) if item.filename == part else content)
    return file.getvalue()


ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY file SYSTEM "file:///etc/passwd">]><w:document'
)


class TestDocx(ReaderContract):
    name = "storage.docx"
    hostile = (b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 500, b"PK\x05\x06" + b"\0" * 18)

    def sample(self) -> bytes:
        return saved(sample())


def read(data: bytes, folder: Path, **limits: int) -> ReadFile:
    path = folder / "a.docx"
    path.write_bytes(data)
    return read_file(path, name="a.docx", limits=Limits(**limits))


def blocks(data: bytes, folder: Path) -> list[Block]:
    return [block for page in read(data, folder).pages for block in page.blocks]


def test_text_in_content_controls_and_insertions_is_read_and_deleted_text_is_not(tmp_path: Path) -> None:
    document = docx.Document()
    for inner in (
        "<w:sdt {0}><w:sdtContent><w:p><w:r><w:t>Controlled</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        "<w:p {0}><w:ins><w:r><w:t>New</w:t></w:r></w:ins><w:del><w:r><w:delText>Old</w:delText></w:r></w:del></w:p>",
    ):
        document.element.body.insert(0, parse_xml(inner.format(nsdecls("w"))))
    assert [block.text for block in blocks(saved(document), tmp_path)] == ["New", "Controlled"]


def test_a_merged_cell_stands_once_and_a_table_inside_a_cell_is_the_cells_text(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(2, 3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Both"
    table.cell(0, 2).text = "One"
    inner = table.cell(1, 0).add_table(1, 1)
    inner.cell(0, 0).text = "Inside"
    (found,) = blocks(saved(document), tmp_path)
    assert found.cells == (("Both", "", "One"), ("Inside", "", ""))


def test_a_section_begins_a_page(tmp_path: Path) -> None:
    document = docx.Document()
    for name in ("One", "Two"):
        document.add_heading(name, 1)
        document.add_heading("Inner", 2)
        document.add_paragraph("Text.")
    assert [page.blocks[0].text for page in read(saved(document), tmp_path).pages] == ["One", "Two"]


def test_entities_are_neither_resolved_nor_multiplied(tmp_path: Path) -> None:
    data = changed(saved(sample()), "word/document.xml", b"<w:document", ENTITIES)
    data = changed(data, "word/document.xml", b">upright<", b">upright &c;&file;<")
    text = "\n".join(block.text for block in blocks(data, tmp_path))
    assert "upright" in text
    assert "root:" not in text
    assert "aaaa" not in text


def test_a_file_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO(saved(sample()))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/media/bomb.xml", b"0" * 40_000_000)
    assert len(file.getvalue()) < 200_000
    with pytest.raises(TooLargeUnpacked):
        read(file.getvalue(), tmp_path, memory_mb=100)


def test_a_document_with_macros_is_refused(tmp_path: Path) -> None:
    kind = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    macros = b"application/vnd.ms-word.document.macroEnabled.main+xml"
    with pytest.raises(DamagedFile):
        read(changed(saved(sample()), "[Content_Types].xml", kind, macros), tmp_path)


def test_a_linked_template_or_picture_is_not_fetched(tmp_path: Path, unvisited: str) -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    link = f'<Relationship Id="rX" Type="{kind}" Target="{unvisited}" TargetMode="External"/></Relationships>'
    data = changed(saved(sample()), "word/_rels/document.xml.rels", b"</Relationships>", link.encode())
    assert len(blocks(data, tmp_path)) == 6
