"""Hundreds of odd, broken and encrypted files of a PDF viewer's tests: each is read, or refused with its reason.

`odd_pdfs.tsv` is the golden table (file, status, reason's first words, characters). A fifth of the files is read by
default, all of them with ALL_ODD_PDFS=1. After a change on purpose:
python -m tests.ingest.read.test_odd_pdfs writes the table anew.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from ingest.documents import BlockKind
from ingest.errors import FileRefused
from ingest.read.sandbox import Reader
from tests.places import SHARED

FOLDER = SHARED / "odd-pdfs"
TABLE = Path(__file__).with_name("odd_pdfs.tsv")
UNDERSTOOD = {
    "empty", "not a format that can be read", "damaged", "password needed", "wrong password", "too large",
    "too many pages", "too large when unpacked", "took too long", "the reader crashed", "no text found",
}  # fmt: skip


def outcome(reader: Reader, path: Path, password: str | None) -> tuple[str, str, int]:
    try:
        read = reader.read(path, name=path.name, password=password)
    except FileRefused as error:
        return "failed", error.reason, 0
    printed = (block for page in read.pages for block in page.blocks if block.kind is not BlockKind.BOOKMARK)
    return "ready", "", sum(len(line) for block in printed for line in block.text.split("\n"))


def rows() -> dict[str, tuple[str, str, int]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {name: (status, reason, int(size)) for name, status, reason, size in csv.reader(file, delimiter="\t")}


def passwords() -> dict[str, str]:
    return json.loads((FOLDER / "passwords.json").read_text(encoding="utf-8"))


def test_the_table_has_reasons_that_a_person_understands() -> None:
    table = rows()
    assert len(table) > 400
    for status, reason, size in table.values():
        assert (status == "ready" and not reason and size > 0) or (reason in UNDERSTOOD and size == 0)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the odd PDFs are not on this machine (../shared/data/odd-pdfs)")
def test_every_file_ends_as_the_table_says() -> None:
    table, known = rows(), passwords()
    every = sorted(table)
    chosen = every if os.environ.get("ALL_ODD_PDFS") else every[::5]
    with Reader() as reader:
        found = {name: outcome(reader, FOLDER / name, known.get(name)) for name in chosen}
    assert {name: row for name, row in found.items() if row != table[name]} == {}


def test_what_was_filled_into_a_form_is_read(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "form.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(40, 700, "Name of the applicant")
    canvas.acroForm.textfield(name="applicant", value="Ottilie Brandt", x=200, y=690, width=200, height=24)
    canvas.save()
    with Reader() as reader:
        read = reader.read(path, name="form.pdf")
    (table,) = read.pages[0].blocks
    assert table.cells == (("Name of the applicant", "Ottilie Brandt"),)


def write_table() -> None:
    known = passwords()
    with Reader() as reader, TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        for path in sorted(FOLDER.glob("*.pdf")):
            writer.writerow([path.name, *outcome(reader, path, known.get(path.name))])


if __name__ == "__main__":
    write_table()
