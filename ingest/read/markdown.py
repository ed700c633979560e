"""Markdown (CommonMark with tables) → headings, paragraphs, list items, tables and code, by markdown-it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.clean import clean_text
from ingest.documents import Block, BlockKind, ReadFile, table_block
from ingest.read.flow import in_pages
from ingest.read.format import Format
from ingest.read.limits import Limits
from ingest.read.pdf.title import plausible_title
from ingest.read.text import decoded

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
_TAG = re.compile(r"<!--.*?-->|<[^>\n]*>", re.DOTALL)


def read_markdown(
    path: Path, *, password: str | None, limits: Limits, each_page: Callable[[int, int], object]
) -> ReadFile:
    """A form feed ends a page; else pages end between blocks. Raises what `decoded` raises."""
    pages = in_pages(blocks_of(sheet) for sheet in decoded(path.read_bytes()).split("\f"))
    blocks = (block for page in pages for block in page.blocks)
    heading = next((block for block in blocks if block.kind is BlockKind.HEADING), None)
    title = heading.text if heading and heading.level == 0 else ""
    return ReadFile(title=plausible_title(title), pages=pages)


def blocks_of(source: str) -> Iterator[Block]:
    """Blocks in order, all on page 1. Links keep their words, and their address where it is one of the web."""
    from markdown_it import MarkdownIt

    if front := _FRONT_MATTER.match(source):
        yield from _block(BlockKind.CODE, front[1])
        source = source[front.end() :]
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    depth, marker = -1, ""
    for place, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "list_item_open":
            marker = f"{token.info}{token.markup} "
        elif token.type == "heading_open":
            yield from _block(BlockKind.HEADING, _words(tokens[place + 1]).replace("\n", " "), int(token.tag[1]) - 1)
        elif token.type == "paragraph_open":
            text = _words(tokens[place + 1])
            yield from (
                _block(BlockKind.LIST_ITEM, marker + text, depth) if marker else _block(BlockKind.PARAGRAPH, text)
            )
            marker = ""
        elif token.type in ("fence", "code_block"):
            yield from _block(BlockKind.CODE, token.content)
        elif token.type == "html_block":
            yield from _block(BlockKind.PARAGRAPH, _TAG.sub(" ", token.content))
        elif token.type == "table_open":
            yield from _table(tokens[place + 1 :])


def _block(kind: BlockKind, text: str, level: int = 0) -> Iterator[Block]:
    """The block, unless nothing is left of its text."""
    if lines := [line for line in map(clean_text, text.split("\n")) if line]:
        yield Block(kind=kind, text="\n".join(lines), page=1, level=level)


def _table(tokens: Sequence[Token]) -> Iterator[Block]:
    """The table whose tokens come first."""
    rows: list[list[str]] = []
    head = 0
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(clean_text(_words(token)))
        elif token.type == "thead_close":
            head = sum(map(any, rows))
    if rows := [row for row in rows if any(row)]:
        yield table_block(rows, page=1, head=head if head < len(rows) else 0)


def _words(inline: Token) -> str:
    """The text of a paragraph, heading or cell without its marks."""
    words: list[str] = []
    targets: list[str] = []
    for token in inline.children or ():
        if token.type in ("softbreak", "hardbreak"):
            words.append("\n")
        elif token.type == "link_open":
            targets.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            target = targets.pop()
            if target.startswith(("http://", "https://")) and not "".join(words).endswith(target):
                words.append(f" ({target})")
        elif token.type != "html_inline":
            words.append(token.content)  # of an image: its description
    return "".join(words)


FORMAT = Format(name="Markdown", endings=(".md", ".markdown"), version="markdown-2", read=read_markdown)
