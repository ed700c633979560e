"""PDF: headings by size and outline, tables by columns, and the place of every line."""

from __future__ import annotations

import io
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from ingest.documents import BlockKind
from ingest.read.registry import format_of, read_file
from tests.contracts.reader import ReaderContract


def canvas_with_sample(outline: bool = False) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(600, 800))
    y = 740.0

    def line(text: str, size: float = 10, x: float = 60, step: float = 13) -> None:
        nonlocal y
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, y, text)
        y -= step

    line("Storage", 20, step=30)
    line("Keep it cold at all times and away from light. Use it soon.", step=30)
    line("Opening", 14, step=20)
    line("• in the dark")
    line("• upright", step=40)
    for label, value in (("Vaccine", "Hours"), ("Rubamor", "6"), ("Trivadex", "28")):
        line(label, step=0)
        line(value, x=300)
    if outline:
        canvas.bookmarkPage("a")
        canvas.bookmarkPage("b")
        canvas.addOutlineEntry("The storage", "a", 0)
        canvas.addOutlineEntry("OPENING", "b", 1)
    canvas.save()
    return file.getvalue()


class TestPdf(ReaderContract):
    name = "storage.pdf"
    hostile = (
        b"%PDF-1.7\n",
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>endobj\ntrailer<</Root 1 0 R>>",
    )

    def sample(self) -> bytes:
        return canvas_with_sample()


def test_every_line_has_its_box_also_those_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(canvas_with_sample())
    (page,) = read_file(path, name="a.pdf").pages
    for block in page.blocks:
        assert len(block.boxes) == len(block.text.split("\n"))
    tops = [box.top for block in page.blocks for box in block.boxes]
    assert tops == sorted(tops)


def test_the_outline_names_sections_in_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(canvas_with_sample(outline=True))
    (page,) = read_file(path, name="a.pdf").pages
    named = [(block.kind, block.text, block.level) for block in page.blocks[:5]]
    assert named == [
        (BlockKind.BOOKMARK, "The storage", 0),
        (BlockKind.HEADING, "Storage", 2),
        (BlockKind.PARAGRAPH, "Keep it cold at all times and away from light. Use it soon.", 0),
        (BlockKind.BOOKMARK, "OPENING", 1),
        (BlockKind.HEADING, "Opening", 1),
    ]


def test_a_pdf_is_one_whatever_its_name_says() -> None:
    assert format_of("report", b"\n%PDF-1.4").name == "PDF"
    assert format_of("report.doc", b"%PDF-1.4").name == "PDF"
