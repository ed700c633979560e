"""A passage's text in units that can be quoted: whole sentences of prose, single lines of tables and lists.

Every unit is word for word from the text; only runs of white space are folded to one space, so that a reader of
`show/passage.py` finds it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    SENTENCE = "sentence"
    ROW = "row"
    ITEM = "item"
    HEADING = "heading"
    FRAGMENT = "fragment"  # a sentence without its beginning or its end: the passage was cut there


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A piece of a passage. `block` counts the paragraphs, lists and tables of the passage from 0."""

    text: str
    kind: Kind
    block: int


_NUMBER = re.compile(r"[-–—(]?[$€£¥]?\s?\d[\d.,]*\s?[%)]?|[-–—](?=\s|$)|\bn/?a\b", re.IGNORECASE)
_BULLET = re.compile(r"\s*(?:[•●▪◦‣·○■□–—*-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)")
_END = re.compile(r"""[.!?…。！？][")'”’»\]]*(?:\s?[\[(]\d[\d\s,;–-]*[\])])*$""")
_BREAK = re.compile(r"""(?P<end>[.!?…]+["”’')\]»]*(?:\s?[\[(]\d{1,3}(?:[\s,;–-]+\d{1,3})*[\])])*\s+|[。！？]+\s*)""")
_OPENS = re.compile(r"""["“‘'(\[«]*[A-Z0-9À-ÖØ-ÞΑ-ΩА-Я$€£§\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]""")
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof st no nos vs etc fig figs eq eqs sec secs ch chap vol vols pp p ed eds al cf ca approx inc corp
    co ltd llc plc bros dept est gen gov hon jr sr lt col sgt rev rep sen jan feb mar apr jun jul aug sep sept oct nov
    dec art arts para paras ref refs tab e.g i.e u.s u.k u.n a.m p.m ph.d viz resp incl excl max min temp tel spp
    subsp var""".split()
)


def units(text: str) -> list[Unit]:
    """The passage in reading order: sentences, table rows, list items, headings, and fragments at its cut ends."""
    found: list[Unit] = []
    for block, (kind, lines) in enumerate(_blocks(text)):
        if kind in (Kind.ROW, Kind.HEADING):
            found += [Unit(text=_folded(line), kind=kind, block=block) for line in lines]
        else:
            found += [
                Unit(text=sentence, kind=_whole(sentence, kind), block=block) for sentence in sentences(" ".join(lines))
            ]
    return found


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


def is_row(line: str) -> bool:
    """Whether a line is a row of a table: cells set apart by bars, tabs or wide gaps, or a label with its numbers."""
    stripped = line.strip()
    if stripped.count("|") >= 2 or " | " in stripped or re.search(r"\S(?:\t+|\s{3,})\S", stripped):
        return True
    words = stripped.split()
    if len(words) < 2 or (_END.search(stripped) and stripped[-1] not in ")]"):
        return False
    numbers = len(_NUMBER.findall(stripped))
    letters = sum(1 for word in words if sum(c.isalpha() for c in word) > 1)
    return numbers >= 2 and numbers * 3 >= letters


def _blocks(text: str) -> Iterator[tuple[Kind, list[str]]]:
    """Lines that belong together, each block with what it is. Wrapped lines of prose become one block."""
    lines = text.splitlines()
    pending: list[str] = []
    kind = Kind.SENTENCE
    for number, line in enumerate(lines):
        if not line.strip():
            if pending:
                yield kind, pending
            pending, kind = [], Kind.SENTENCE
            continue
        row, bullet = is_row(line), bool(_BULLET.match(line))
        heading = not row and not bullet and _is_heading(line, lines[number + 1 :], bool(pending))
        if row or bullet or heading:
            if pending and (not row or kind is not Kind.ROW):
                yield kind, pending
                pending = []
            if heading:
                yield Kind.HEADING, [line]
                kind = Kind.SENTENCE
            elif row:
                pending, kind = [*pending, line] if kind is Kind.ROW else [line], Kind.ROW
            else:
                pending, kind = [line], Kind.ITEM
        elif kind is Kind.ROW and pending:
            yield kind, pending
            pending, kind = [line], Kind.SENTENCE
        else:
            pending.append(line)
    if pending:
        yield kind, pending


def _is_heading(line: str, after: list[str], continues: bool) -> bool:
    """A short line without an end, set apart, before something that begins anew."""
    text = line.strip()
    if len(text) > 90 or text[-1] in ".,;?!" or len(text.split()) > 12:
        return False
    following = next((other.strip() for other in after if other.strip()), "")
    if following and not _OPENS.match(following) and not _BULLET.match(following):
        return False
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 3]
    titled = bool(words) and sum(word[0].isupper() for word in words) >= 0.6 * len(words)
    numbered = bool(re.match(r"\d+(?:\.\d+)*\.?\s+[A-Z]", text))
    blank_after = bool(after) and not after[0].strip()
    if continues and not (titled and (blank_after or numbered)):
        return False
    return titled or numbered or blank_after or not after


def _whole(sentence: str, kind: Kind) -> Kind:
    if kind is Kind.ITEM:
        return Kind.ITEM
    return Kind.SENTENCE if _OPENS.match(sentence) and _END.search(sentence) else Kind.FRAGMENT


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
