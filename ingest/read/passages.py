"""Passages that are cut already: a BEIR corpus, whose passages must be ranked as they are to be comparable."""

from __future__ import annotations

import json
from pathlib import Path

from ingest.clean import clean_text
from ingest.documents import Passage
from ingest.errors import NoTextFound

SUFFIX = ".passages.jsonl"


def read_passages(path: Path) -> list[Passage]:
    """`{"text", "title"?}` a line → passages in the same order; the line's number is the page, the title the section.

    Raises NoTextFound with the line that is no passage.
    """
    found = []
    for position, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        try:
            row = json.loads(line)
            text, title = clean_text(row["text"]), clean_text(row.get("title") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NoTextFound(f'line {position + 1} is no passage: expected {{"text", "title"}} in JSON') from None
        found.append(Passage(position=position, page=position + 1, section=title, text=text or "(empty)", boxes=()))
    return found
