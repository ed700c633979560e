"""Invented documents → passages, as the product's splitter makes them: whole sentences and rows, heads repeated."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from data.make.invented import Block, InventedDocument, unmarked

SPACED = re.compile(r"[぀-ヿ一-鿿]")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A passage; ``spans`` says where each fact that it states stands in ``text``."""

    title: str
    section: str
    text: str
    spans: dict[str, tuple[int, int]]
    words: frozenset[str]

    @property
    def header(self) -> str:
        """What a reranker reads above the text."""
        return f"{self.title} · {self.section}" if self.section else self.title


def word_pieces(text: str) -> int:
    """About as many as a tokenizer makes: four letters each, a digit or a CJK sign is nearly one."""
    digits = sum(c.isdigit() for c in text)
    wide = len(SPACED.findall(text))
    return int((len(text) - digits - wide) / 4.6 + digits / 2 + wide * 0.9) + 1


def words(text: str) -> frozenset[str]:
    """Lower-case words of three letters or more, and single CJK signs."""
    return frozenset(re.findall(r"[぀-ヿ一-鿿]|[^\W_]{3,}", text.lower()))


def cut(document: InventedDocument, rng: random.Random) -> list[Piece]:
    """Passages of about 90 to 230 word pieces; sections run on into each other, as they do on a page.

    A passage that goes on in the same paragraph repeats the last sentence of the one before at times; a table that is
    cut repeats its head.
    """
    target = rng.randint(130, 220)
    pieces: list[Piece] = []
    now: list[str] = []
    section = ""
    size = 0
    overlaps = rng.random() < 0.5
    joint = "\n" if rng.random() < 0.5 else " "

    def close() -> None:
        nonlocal now, size
        if now:
            text, spans = unmarked("".join(now).strip())
            pieces.append(Piece(title=document.title, section=section, text=text, spans=spans, words=words(text)))
        now, size = [], 0

    def add(line: str, joined: str) -> None:
        nonlocal size
        now.append((joined if now else "") + line)
        size += word_pieces(unmarked(line)[0])

    for part in document.sections:
        starts = size > target / 3 and rng.random() < 0.6
        if starts:
            close()
        if not now:
            section = part.heading
        add(part.heading, "\n")
        last = ""
        for block in part.blocks:
            for place, (line, joined) in enumerate(_lines(block, joint)):
                length = word_pieces(unmarked(line)[0])
                if size + length > target and now and not _only_heads(now, part.heading, block):
                    repeated = list(block.head) if block.is_table and place >= len(block.head) else []
                    if not block.is_table and overlaps and last and word_pieces(unmarked(last)[0]) < 40:
                        repeated = [last]
                    close()
                    section = part.heading
                    for head in repeated:
                        add(head, "\n")
                add(line, joined)
                last = "" if block.is_table else line
    close()
    return pieces


def _lines(block: Block, joint: str) -> list[tuple[str, str]]:
    if block.is_table:
        return [(line, "\n") for line in (*block.head, *block.lines)]
    return [(line, "\n" if i == 0 else joint) for i, line in enumerate(block.lines)]


def _only_heads(now: list[str], heading: str, block: Block) -> bool:
    """A passage never ends with a heading alone."""
    return all(line.strip() in {heading, *block.head} for line in now)
