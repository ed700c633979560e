"""Citations in an answer: one spelling, none that was not given, each with the sentences it rests on.

The filter works on a stream: it holds back only an unfinished bracket, and cutting the stream anywhere gives the same
text and the same counts. Numbers are never renumbered: [2] in the answer is passage 2 of the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.documents import Block, Chunk
from ingest.language.detect import detect_of_passages
from ingest.language.sentences import sentences
from rag.answer.overlap import coverage, rarity, terms
from rag.answer.sentences import Kind, units
from rag.tracing import Citation

LONGEST_MARK = 60  # characters; a bracket still open after that is text
_GAP = r"[ \t\u00a0]{0,3}"
_WORDS = rf"(?:(?:sources?|passages?|ref(?:erence)?s?\.?|citations?|doc(?:ument)?s?\.?){_GAP})?"
_NUMBER = rf"{_WORDS}[#^]?(?:0|[1-9]\d{{0,2}})"
_NEXT = rf"{_GAP}(?:,|;|&|and|-|–|[ \t\u00a0]){_GAP}{_NUMBER}"
_PAGE = rf"(?:,?{_GAP}p(?:p|ages?)?\.?{_GAP}\d{{1,4}}(?:{_GAP}[-–]{_GAP}\d{{1,4}})?)?"
_BODY = rf"{_GAP}{_NUMBER}(?:{_NEXT})*{_PAGE}{_GAP}"
_MARK = re.compile(
    rf"(?P<blank>[ \t]{{0,3}})(?:\[(?P<ascii>{_BODY})\]|【(?P<wide>{_BODY}(?:†[^【】\n]{{0,40}})?)】)", re.IGNORECASE
)
_OPEN = re.compile(rf"[ \t]*(?:[\[【][^\[\]【】\n]{{0,{LONGEST_MARK - 1}}})?\Z")
_CITED = re.compile(r"\[(\d{1,3})\]")


class CitationFilter:
    """Feed it the pieces of an answer; what it gives back holds only citations [1]..[count].

    text: everything given back so far. removed: how many numbers were taken out because they were never given.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.removed = 0
        self._held = ""
        self._given: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._given)

    def feed(self, piece: str) -> str:
        """The part of the stream that is certain by now; may be empty."""
        self._held += piece
        match = _OPEN.search(self._held, max(0, self._last_open()))
        cut = match.start() if match else len(self._held)
        return self._give(cut)

    def close(self) -> str:
        """The rest, when the stream has ended or was cut."""
        return self._give(len(self._held))

    def _last_open(self) -> int:
        """Where the trailing blanks, or the blanks before the last bracket, begin."""
        stripped = len(self._held.rstrip(" \t"))
        bracket = max(self._held.rfind("["), self._held.rfind("【"))
        return min(stripped, len(self._held[:bracket].rstrip(" \t"))) if bracket >= 0 else stripped

    def _give(self, cut: int) -> str:
        certain, self._held = self._held[:cut], self._held[cut:]
        passed = _MARK.sub(self._checked, certain)
        self._given.append(passed)
        return passed

    def _checked(self, match: re.Match[str]) -> str:
        if len(match[0]) - len(match["blank"]) > LONGEST_MARK:
            return match[0]
        numbers = _numbers((match["ascii"] or match["wide"]).split("†")[0])
        known = list(dict.fromkeys(number for number in numbers if 1 <= number <= self.count))
        self.removed += sum(not 1 <= number <= self.count for number in numbers)
        return match["blank"] + "".join(f"[{number}]" for number in known) if known else ""


def cite(text: str, chunks: Sequence[Chunk]) -> tuple[Citation, ...]:
    """The citations of a finished, filtered answer, in order of first appearance.

    Citation n belongs to `chunks[n - 1]`. Its `sentences` are those of the passage that share most words and numbers
    with the sentences of the answer that cite it; empty where none shares enough to be sure.
    """
    claims: dict[int, list[str]] = {}
    for claim in claims_of(text):
        for number in claim.numbers:
            if 1 <= number <= len(chunks):
                claims.setdefault(number, []).append(claim.text)
    return tuple(
        Citation(
            number=number,
            chunk_id=chunks[number - 1].id,
            document=chunks[number - 1].document_name,
            page=chunks[number - 1].page,
            sentences=supporting(said, chunks[number - 1].content),
        )
        for number, said in claims.items()
    )


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of the answer without its marks, and the numbers it cites."""

    text: str
    numbers: tuple[int, ...]


def claims_of(text: str) -> list[Claim]:
    """The answer's sentences that cite something. A mark after the full stop belongs to the sentence before it."""
    found: list[Claim] = []
    for line in text.splitlines():
        said = ""
        for sentence in sentences(_marks_before_stop(" ".join(line.split()))):
            numbers = tuple(dict.fromkeys(int(number) for number in _CITED.findall(sentence)))
            bare = " ".join(_CITED.sub(" ", sentence).split())
            said = bare if any(c.isalnum() for c in bare) else said
            if numbers:
                found.append(Claim(text=said, numbers=numbers))
    return found


def supporting(
    claims: Sequence[str], passage: Sequence[Block], *, most: int = 3, least: float = 0.3
) -> tuple[str, ...]:
    """Up to `most` units of the passage that hold at least the share `least` of a claim's weighted terms, in reading
    order; for each claim its best one, and others that add terms which the best one lacks."""
    candidates = [unit.text for unit in units(passage) if unit.kind is not Kind.HEADING]
    language = detect_of_passages(candidates)
    weights = rarity([*candidates, *claims], language)
    chosen: dict[int, float] = {}
    for claim in claims:
        wanted = terms(claim, language)
        scores = [(coverage(wanted, text, weights, language), place) for place, text in enumerate(candidates)]
        left = list(wanted)
        for score, place in sorted(scores, key=lambda pair: (-pair[0], pair[1])):
            adds = coverage(left, candidates[place], weights, language) if left else 0.0
            if score < least or adds < least:
                continue
            chosen[place] = max(score, chosen.get(place, 0.0))
            held = set(terms(candidates[place], language))
            left = [term for term in left if term not in held]
    best = sorted(chosen, key=lambda place: -chosen[place])[:most]
    return tuple(candidates[place] for place in sorted(best))


def _marks_before_stop(line: str) -> str:
    """ "Text. [1] More" as "Text [1]. More", so that a mark stays with the sentence that it follows."""
    return re.sub(r"([.!?。！？؟۔।]+[\"”’」』)*_]*)((?:\s*\[\d{1,3}\])+)(?=\s|$)", r"\2\1", line)


def _numbers(body: str) -> list[int]:
    """The numbers of "1, 3", "1-3" or "source 1 and 2"; a page reference at the end is not one of them."""
    body = re.sub(r",?\s*\bp(?:p|ages?)?\.?\s*\d{1,4}(?:\s*[-–]\s*\d{1,4})?\s*$", "", body, flags=re.IGNORECASE)
    found: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\s*[-–]\s*[#^]?(\d+))?", body):
        low, high = int(first), int(last or first)
        found += range(low, high + 1) if low <= high <= low + 20 else [low, high]
    return found
