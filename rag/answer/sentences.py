"""A passage in units that can be quoted: whole sentences of prose, rows of tables, list items, lines of code.

Every unit is word for word from the passage; only runs of white space are folded to one space, so that
`show/passage.py` finds it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingest.documents import Block, BlockKind, row_text


class Kind(StrEnum):
    SENTENCE = "sentence"
    ROW = "row"
    ITEM = "item"  # of a list, or a line of code
    HEADING = "heading"  # of a section, or of a table's columns
    FRAGMENT = "fragment"  # a sentence without its beginning or its end: the passage was cut there


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A piece of a passage. `block` is its block's place there, from 0. cells: a row's; columns: their names, or ()."""

    text: str
    kind: Kind
    block: int
    cells: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


_END = re.compile(r"""[.!?…。！？][")'”’»\]]*(?:\s?[\[(]\d[\d\s,;–-]*[\])])*$""")
_BREAK = re.compile(r"""(?P<end>[.!?…]+["”’')\]»]*(?:\s?[\[(]\d{1,3}(?:[\s,;–-]+\d{1,3})*[\])])*\s+|[。！？]+\s*)""")
_OPENS = re.compile(r"""["“‘'(\[«]*[A-Z0-9À-ÖØ-ÞΑ-ΩА-Я$€£§\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]""")
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof st no nos vs etc fig figs eq eqs sec secs ch chap vol vols pp p ed eds al cf ca approx inc corp
    co ltd llc plc bros dept est gen gov hon jr sr lt col sgt rev rep sen jan feb mar apr jun jul aug sep sept oct nov
    dec art arts para paras ref refs tab e.g i.e u.s u.k u.n a.m p.m ph.d viz resp incl excl max min temp tel spp
    subsp var""".split()
)


def units(blocks: Sequence[Block]) -> list[Unit]:
    """The passage in reading order: sentences, table rows, list items, headings, and fragments at its cut ends."""
    return [unit for place, block in enumerate(blocks) for unit in _units(block, place)]


def _units(block: Block, place: int) -> Iterator[Unit]:
    if block.kind is BlockKind.TABLE:
        columns = max(reversed(block.cells[: block.head]), key=len, default=())
        for number, cells in enumerate(block.cells):
            kind = Kind.HEADING if number < block.head else Kind.ROW
            yield Unit(text=row_text(cells), kind=kind, block=place, cells=cells, columns=columns)
    elif block.kind in (BlockKind.HEADING, BlockKind.CODE):
        kind = Kind.HEADING if block.kind is BlockKind.HEADING else Kind.ITEM
        yield from (Unit(text=_folded(line), kind=kind, block=place) for line in block.text.split("\n"))
    else:
        for sentence in sentences(block.text):
            whole = Kind.ITEM if block.kind is BlockKind.LIST_ITEM else Kind.SENTENCE
            yield Unit(text=sentence, kind=whole if _is_whole(sentence, whole) else Kind.FRAGMENT, block=place)


def sentences(text: str) -> list[str]:
    """Split prose at sentence ends; abbreviations, initials, decimals and section numbers do not end a sentence."""
    text = _folded(text)
    found, start = [], 0
    for match in _BREAK.finditer(text):
        end = match.end()
        if _ends_sentence(text[start : match.start()], match["end"].strip(), text[end:]):
            found.append(text[start:end].strip())
            start = end
    if text[start:].strip():
        found.append(text[start:].strip())
    return found


def _is_whole(sentence: str, kind: Kind) -> bool:
    return kind is Kind.ITEM or bool(_OPENS.match(sentence) and _END.search(sentence))


def _ends_sentence(before: str, mark: str, after: str) -> bool:
    if not after:
        return True
    if not _OPENS.match(after):
        return False
    if mark[0] != ".":
        return True
    word = before.split()[-1].lstrip("(\"'“[").lower() if before.split() else ""
    if word in _ABBREVIATIONS:
        # "Co. The" ends a sentence more often than "Co. Smith" begins a name; only clear openers do.
        return bool(re.match(r"(?:The|This|These|In|It|We|For|On|As|At|If|When|However)\b", after)) and word in _MAY_END
    return not re.fullmatch(r"[a-z]|(?:[a-z]\.)+[a-z]|\d{1,2}|[ivx]{1,4}", word) or word == "i"


_MAY_END = frozenset({"inc", "corp", "co", "ltd", "etc", "u.s", "u.k", "al", "a.m", "p.m", "llc", "plc", "max", "min"})


def _folded(text: str) -> str:
    return " ".join(text.split())
