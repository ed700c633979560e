"""Plain text and Markdown → pages with lines and headings."""

from __future__ import annotations

import re

from ingest.documents import Box, Heading, Line, Page, ReadFile
from ingest.errors import (
    NotAPdf,
    NoTextFound,
)
from ingest.read.pdf.title import plausible_title

PLAIN_TEXT = {".txt", ".text", ".md", ".markdown"}
PLAIN_PAGE_CHARS = 3000


def _read_plain(raw: bytes, *, markdown: bool) -> ReadFile:
    """Text as pages of about 3,000 characters that end between paragraphs; a form feed ends a page too.

    Lines have no place on a sheet, so their boxes have no extent (the page picture does not exist for them either).
    """
    text = _decode(raw)
    if not any(character.isalnum() for character in text):
        raise NoTextFound("it has no letters or digits")
    pages: list[Page] = []
    lines: list[Line] = []
    outline: list[Heading] = []
    used, fenced = 0, False

    def turn_page() -> None:
        nonlocal lines, used
        if lines:
            number = len(pages) + 1
            pages.append(Page(number=number, label=str(number), width=612.0, height=792.0, lines=tuple(lines)))
        lines, used = [], 0

    for place, sheet in enumerate(text.split("\f")):
        if place:
            turn_page()
        y = 0.0
        for source in sheet.split("\n"):
            line = source.rstrip()
            if not line:
                y += 12.0  # an empty line shows as a gap, which is what ends a paragraph
                if used >= PLAIN_PAGE_CHARS:
                    turn_page()
                    y = 0.0
                continue
            if used + len(line) > 2 * PLAIN_PAGE_CHARS:
                turn_page()
                y = 0.0
            size, bold = 10.0, False
            if markdown and line.lstrip().startswith(("```", "~~~")):
                fenced = not fenced
            heading = re.match(r"(#{1,6})\s+(.+?)\s*#*$", line) if markdown and not fenced else None
            if heading:
                level, line = len(heading[1]) - 1, heading[2]
                size, bold = 20.0 - 1.5 * level, True
                outline.append(Heading(title=line[:200], page=len(pages) + 1, level=level))
            box = Box(page=len(pages) + 1, left=0.0, top=y, right=0.0, bottom=y + 10.0)
            lines.append(Line(text=line, box=box, font_size=size, bold=bold))
            y += 12.0
            used += len(line)
    turn_page()
    title = outline[0].title if outline and outline[0].level == 0 else ""
    return ReadFile(title=plausible_title(title), pages=tuple(pages), outline=tuple(outline))


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
        if text.count("\0") > len(text) / 100:
            raise NotAPdf("it is not text either: it holds binary data")
    return text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
