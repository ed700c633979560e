"""Passages that are cut already: a BEIR corpus, whose passages must be ranked as they are to be comparable."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ingest.clean import clean_text
from ingest.documents import Block, BlockKind, Page, ReadFile
from ingest.errors import NoTextFound
from ingest.read.format import Format
from ingest.read.limits import Limits

SUFFIX = ".passages.jsonl"


def read_passages(
    path: Path, *, password: str | None, limits: Limits, each_page: Callable[[int, int], object]
) -> ReadFile:
    """`{"text", "title"?}` a line → a page for each, with the title as its section.

    Raises NoTextFound with the line that is no passage.
    """
    pages = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            text, title = clean_text(row["text"]), clean_text(row.get("title") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NoTextFound(f'line {number} is no passage: expected {{"text", "title"}} in JSON') from None
        blocks = (
            Block(kind=BlockKind.BOOKMARK, text=title, page=number),
            Block(kind=BlockKind.PASSAGE, text=text or "(empty)", page=number),
        )
        pages.append(Page(number=number, label=str(number), blocks=blocks))
    return ReadFile(title="", pages=tuple(pages))


FORMAT = Format(name="passages", endings=(SUFFIX,), version="passages-1", read=read_passages, offered=False)
