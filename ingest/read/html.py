"""Web pages kept as files (.html) → headings, paragraphs, list items, tables and code, by lxml.

Nothing is fetched and no script is run; what the page hides is not read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ingest.clean import clean_text
from ingest.documents import Block, BlockKind, ReadFile, table_block
from ingest.errors import NoTextFound
from ingest.read.flow import in_pages, sections
from ingest.read.format import Format
from ingest.read.limits import Limits
from ingest.read.pdf.title import plausible_title
from ingest.read.text import decoded

_UNREAD = {"script", "style", "noscript", "template", "head", "iframe", "object", "svg", "math", "select", "button"}
_INLINE = set(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike
    strong sub sup time tt u var wbr""".split()
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)


def read_html(path: Path, *, password: str | None, limits: Limits, each_page: Callable[[int, int], object]) -> ReadFile:
    """A page is a section: what stands under a heading of the outermost level. Raises a FileRefused."""
    from lxml import etree, html

    source = re.sub(r"^\s*<\?xml[^>]*>", "", _decoded(path.read_bytes()))
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(source.replace("\0", ""), parser=parser)
    except etree.ParserError:
        raise NoTextFound("there is no element in it") from None
    title = plausible_title(root.findtext(".//title") or "")
    pages = in_pages(sections(_blocks(root)))
    if not any(character.isalnum() for page in pages for block in page.blocks for character in block.text):
        raise NoTextFound("it has no letters or digits outside of its scripts")
    return ReadFile(title=title, pages=pages)


def _decoded(raw: bytes) -> str:
    """By the encoding that the page names, or as plain text is."""
    if named := _CHARSET.search(raw[:4096]):
        try:
            return codecs.decode(raw, named[1].decode("ascii"))
        except (LookupError, UnicodeError, TypeError):
            return decoded(raw)
    return decoded(raw)


def _blocks(root: Any) -> Iterator[Block]:
    """Blocks in order, all on page 1: text between two elements that begin a line is one paragraph."""
    kind, level, words = BlockKind.PARAGRAPH, 0, [""]

    def ended() -> Iterator[Block]:
        lines = [line for line in map(clean_text, "".join(words).split("\n")) if line]
        if lines:
            yield Block(kind=kind, text=(" " if kind is BlockKind.HEADING else "\n").join(lines), page=1, level=level)
        words.clear()

    # A stack of our own: what a page nests is not limited by what Python can.
    waiting: list[Any] = [root]
    while waiting:
        step = waiting.pop()
        if isinstance(step, str):
            words.append(re.sub(r"\s+", " ", step))
            continue
        if isinstance(step, tuple):  # an element's end
            yield from ended()
            kind, level = step
            continue
        tag = step.tag
        if not isinstance(tag, str) or tag in _UNREAD or _is_hidden(step):
            continue
        if tag == "br":
            words.append("\n")
        elif tag == "img":
            words.append(step.get("alt") or "")
        elif tag == "pre":
            yield from ended()
            if lines := [line for line in map(clean_text, step.text_content().split("\n")) if line]:
                yield Block(kind=BlockKind.CODE, text="\n".join(lines), page=1)
        elif tag == "table" and _is_table(step):
            yield from ended()
            yield from _table(step)
        else:
            if tag not in _INLINE:
                yield from ended()
                waiting.append((kind, level))
                kind, level = _kind_of(step, kind, level)
            for child in reversed(step):
                if child.tail:
                    waiting.append(child.tail)
                waiting.append(child)
            if step.text:
                waiting.append(step.text)
    yield from ended()


def _kind_of(element: Any, kind: BlockKind, level: int) -> tuple[BlockKind, int]:
    if re.fullmatch(r"h[1-6]", element.tag):
        return BlockKind.HEADING, int(element.tag[1]) - 1
    if element.tag in ("li", "dd"):
        depth = sum(1 for _ in element.iterancestors("ul", "ol", "dl", "menu"))
        return BlockKind.LIST_ITEM, max(0, depth - 1)
    if element.tag in ("ul", "ol", "dl", "table", "blockquote", "section", "article"):
        return BlockKind.PARAGRAPH, 0
    return kind, level


def _is_hidden(element: Any) -> bool:
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style") or ""))


def _is_table(table: Any) -> bool:
    """Not one that only lays out the page: it has several columns, and neither tables nor headings inside."""
    inside = any(True for _ in table.iterdescendants("table", "h1", "h2", "h3"))
    return not inside and any(len(row.findall("td")) + len(row.findall("th")) > 1 for row in table.iter("tr"))


def _table(table: Any) -> Iterator[Block]:
    """Rows; the first ones that are marked as head, or hold nothing but heading cells, name the columns."""
    caption = clean_text(" ".join(text.text_content() for text in table.iter("caption")))
    if caption:
        yield Block(kind=BlockKind.PARAGRAPH, text=caption, page=1)
    rows: list[list[str]] = []
    head = 0
    for row in table.iter("tr"):
        cells: list[str] = []
        names = [cell for cell in row if cell.tag in ("td", "th")]
        for cell in names:
            over = cell.get("colspan") or "1"
            cells += [clean_text(cell.text_content()), *[""] * (min(int(over), 63) - 1 if over.isdecimal() else 0)]
        if any(cells):
            is_head = row.getparent().tag == "thead" or all(cell.tag == "th" for cell in names)
            head += is_head and head == len(rows)
            rows.append(cells)
    if rows:
        yield table_block(rows, page=1, head=head if head < len(rows) else 0)


FORMAT = Format(name="HTML", endings=(".html", ".htm"), version="html-1", read=read_html)
