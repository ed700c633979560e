"""Word documents (.docx) → headings, paragraphs, list items and tables with their cells, by python-docx and lxml.

python-docx opens the package and knows its styles; the text is walked here, because what stands in content controls
or was inserted as a tracked change is no paragraph to it. Nothing is fetched or run: relationships are not followed,
entities are not resolved, macros are not looked at.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.clean import clean_text
from ingest.documents import Block, BlockKind, ReadFile, table_block
from ingest.errors import DamagedFile, NoTextFound, TooLargeUnpacked
from ingest.read.flow import in_pages, sections
from ingest.read.format import Format
from ingest.read.limits import Limits
from ingest.read.pdf.title import plausible_title
from ingest.read.table_head import head_rows

if TYPE_CHECKING:
    from docx.document import Document

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # a second copy, for old programs
_AROUND = {f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")}
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
UNPACKED_SHARE = 4  # of the memory that a file may cost: trees take several times the size of their text


def read_docx(path: Path, *, password: str | None, limits: Limits, each_page: Callable[[int, int], object]) -> ReadFile:
    """A page is a section: what stands under a heading of the outermost level. Raises a FileRefused."""
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(path) as package:
            size = sum(part.file_size for part in package.infolist())
        if size > limits.memory_mb * 2**20 // UNPACKED_SHARE:
            raise TooLargeUnpacked(f"it unpacks to {size / 2**20:.0f} MB")
        document = docx.Document(str(path))
        pages = in_pages(sections(_blocks(document)))
        title = plausible_title(document.core_properties.title or "")
    except (OpcError, LxmlError, zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, EOFError) as error:
        raise DamagedFile(f"it is no Word document that can be opened ({type(error).__name__})") from None
    if not any(character.isalnum() for page in pages for block in page.blocks for character in block.text):
        raise NoTextFound("it has no letters or digits")
    return ReadFile(title=title, pages=pages)


def _blocks(document: Document) -> Iterator[Block]:
    styles = {style.style_id: style for style in document.styles}
    for element in _inner(document.element.body):
        if element.tag == f"{_W}tbl":
            yield from _table(element)
        elif lines := [line for line in map(clean_text, _text(element).split("\n")) if line]:
            kind, level = _kind(element, styles)
            text = " ".join(lines) if kind is BlockKind.HEADING else "\n".join(lines)
            yield Block(kind=kind, text=text, page=1, level=level)


def _inner(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, also those in content controls and tracked insertions."""
    for child in parent:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in _AROUND:
            yield from _inner(child)


def _kind(paragraph: Any, styles: dict[str, Any]) -> tuple[BlockKind, int]:
    """By the paragraph's style and numbering, and those of the styles that its own is based on."""
    name = paragraph.find(f"{_W}pPr/{_W}pStyle")
    style = styles.get(name.get(f"{_W}val")) if name is not None else None
    numbering = paragraph.find(f"{_W}pPr/{_W}numPr")
    for _ in range(9):  # styles may be based on each other in a circle
        if style is None:
            break
        if heading := _HEADING.fullmatch(style.name or ""):
            return BlockKind.HEADING, int(heading[1])
        if style.name == "Title":
            return BlockKind.HEADING, 0
        if numbering is None:
            numbering = style.element.find(f"{_W}pPr/{_W}numPr")
        style = getattr(style, "base_style", None)
    if numbering is None:
        return BlockKind.PARAGRAPH, 0
    level = numbering.find(f"{_W}ilvl")
    return BlockKind.LIST_ITEM, int(level.get(f"{_W}val", "0")) if level is not None else 0


def _text(element: Any) -> str:
    """What is printed of an element: deleted text and second copies are not."""
    parts: list[str] = []
    for node in element.iter():
        if next(node.iterancestors(_FALLBACK), None) is not None:
            continue
        if node.tag == f"{_W}t":
            parts.append(node.text or "")
        elif node.tag in (f"{_W}br", f"{_W}cr") or (node.tag == f"{_W}p" and parts):
            parts.append("\n")
        elif node.tag == f"{_W}tab":
            parts.append(" ")
        elif node.tag == f"{_W}noBreakHyphen":
            parts.append("-")
    return "".join(parts)


def _table(table: Any) -> Iterator[Block]:
    """Rows with a cell for each column of the grid; a cell that runs over several stands in the first."""
    rows: list[list[str]] = []
    marked = 0
    for row in table.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is not table:
            continue  # of a table within a cell, whose text is the cell's
        cells: list[str] = []
        for cell in row.iter(f"{_W}tc"):
            if next(cell.iterancestors(f"{_W}tr")) is row:
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                over = min(int(span.get(f"{_W}val", "1")), 63) if span is not None else 1
                cells += [clean_text(_text(cell)), *[""] * (over - 1)]
        if any(cells):
            marked += marked == len(rows) and row.find(f"{_W}trPr/{_W}tblHeader") is not None
            rows.append(cells)
    if rows:
        head = marked or head_rows([list(filter(None, row)) for row in rows])
        yield table_block(rows, page=1, head=head if head < len(rows) else 0)


FORMAT = Format(name="Word", endings=(".docx",), magic=b"PK\x03\x04", version="docx-1", read=read_docx)
