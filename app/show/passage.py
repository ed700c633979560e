"""A passage in words: where it stands, how far it moved, what each stage said of it, and its text with marks.

Pure functions from values to text. Whatever comes from a document (its name, its text) is escaped here, once.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from app.safe_text import plain
from ingest.documents import Block, BlockKind, Chunk, row_text
from rag.ranking import Candidate, Mark
from rag.stages import Kind, kind_of


def stage_name(stage: str) -> str:
    return "BM25" if stage == "bm25" else stage


def place(chunk: Chunk) -> str:
    """ "storage.pdf · p. 3", for plain-text places (charts, tables, file names)."""
    return f"{chunk.document_name} · p. {chunk.page}"


def final_mark(candidate: Candidate) -> Mark | None:
    """The mark of the latest stage that scored the candidate."""
    return candidate.marks[-1] if candidate.marks else None


def movement(before: int | None, now: int | None) -> str:
    """How a rank changed, as a Markdown badge of our own: "#7 → #1 ▲ 6". Ranks count from 1."""
    if before is None or now is None:
        return ""
    if before == now:
        return f":gray-badge[stayed \\#{now}]"
    arrow, colour = ("▲", "green") if now < before else ("▼", "red")
    return f":{colour}-badge[\\#{before} → \\#{now} {arrow} {abs(before - now)}]"


def number(value: float) -> str:
    """A raw score, short: three significant digits, no rescaling."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def badges(candidate: Candidate) -> str:
    """ "#1 precise 4.2 | #1 fast 0.81 | #7 dense 0.63 | #3 BM25 11.4" as Markdown badges, latest stage first.

    Rerankers stand out, the last one most.
    """
    badges = []
    colour = "blue"  # the theme's primary colour in light; in dark it is pale enough to be read on a badge
    for mark in reversed(candidate.marks):
        colour = "gray" if kind_of(mark.stage) is not Kind.RERANK else colour
        badges.append(f":{colour}-badge[\\#{mark.rank} {plain(stage_name(mark.stage))} {number(mark.score)}]")
        colour = "orange"
    return " ".join(badges)


def heading(chunk: Chunk, *, evidence_number: int | None = None) -> str:
    """A card's header as Markdown: its number, the file's name (escaped) and the page."""
    prefix = f"\\[{evidence_number}\\] " if evidence_number else ""
    return f"{prefix}{plain(short(chunk.document_name))}, page {chunk.page}"


def short(text: str, length: int = 80) -> str:
    """At most `length` characters, cut in the middle, so that a name keeps its ending."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    head = (length - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def passage_html(blocks: Sequence[Block], sentences: Sequence[str] = ()) -> str:
    """The passage as the generator was given it, escaped, tables as tables, with the cited sentences in <mark>.

    The only tags in the result are <div>, <mark> and those of tables. Sentences that do not occur are left out.
    """
    rows = {" ".join(sentence.split()) for sentence in sentences}
    inside = (
        _table_html(block, rows)
        if block.kind is BlockKind.TABLE
        else f'<div dir="auto" style="{_LOOKS.get(block.kind, "")}">'
        f"{_marked(block.text, _spans(block.text, sentences))}</div>"
        for block in blocks
    )
    return f'<div style="{_BODY}">{"".join(inside)}</div>'


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces.append(html.escape(text[at:start]))
        pieces.append(f'<mark style="{_HIGHLIGHTER}">{html.escape(text[start:end])}</mark>')
        at = end
    return "".join(pieces) + html.escape(text[at:])


def _table_html(table: Block, cited_rows: set[str]) -> str:
    width = max(map(len, table.cells))
    rows = []
    for number, cells in enumerate(table.cells):
        tag = "th" if number < len(table.names) else "td"
        cited = row_text(cells) in cited_rows
        alone = f' colspan="{width}"' if len(cells) == 1 < width else ""
        shown = cells if alone else [*cells, *[""] * (width - len(cells))]
        rows.append(
            "".join(
                f'<{tag} style="{_CELL}"{alone}>{_marked(cell, [(0, len(cell))] if cited and cell else [])}</{tag}>'
                for cell in shown
            )
        )
    body = "".join(f'<tr style="{_ROW}">{row}</tr>' for row in rows)
    return f'<table dir="auto" style="{_TABLE}">{body}</table>'


# A highlighter that can be read on paper and on a dark page: the text keeps the theme's colour.
_HIGHLIGHTER = "background: rgba(240, 180, 20, 0.32); color: inherit; padding: 0.05em 0; border-radius: 2px"
_BODY = "white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; font-size: 0.95rem"
_TABLE = "border-collapse: collapse; margin: 0.4em 0; max-width: 100%"
_ROW = "border-bottom: 1px solid rgba(128, 128, 128, 0.3)"
_CELL = "padding: 0.15em 0.9em 0.15em 0; text-align: left; vertical-align: top"
_LOOKS = {
    BlockKind.HEADING: "font-weight: 600",
    BlockKind.CODE: "font-family: monospace",
    BlockKind.LIST_ITEM: "padding-left: 1em",
}


def _spans(text: str, sentences: Sequence[str]) -> list[tuple[int, int]]:
    """Sorted, merged (start, end) of every sentence in the text; any run of white space matches any other."""
    spans = []
    for sentence in sentences:
        words = [re.escape(word) for word in sentence.split()]
        if words and (match := re.search(r"\s+".join(words), text)):
            spans.append(match.span())
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
