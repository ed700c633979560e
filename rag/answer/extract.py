"""An answer without a language model: the sentences of the evidence that answer best, quoted word for word.

A sentence is scored with the question in two ways: late interaction (the callable that is given, MaxSim over the
tokens of question and sentence) and weighted overlap of words and numbers. Nothing is worded anew, so nothing can be
made up; what this answer can be is beside the point, and the passages stand below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, row_text
from ingest.language.detect import detect_of_passages
from ingest.language.words import words
from rag.answer.overlap import coverage, rarity, terms
from rag.answer.prompt import own_marks_in_parentheses
from rag.answer.sentences import Kind, Unit, units
from rag.tracing import Answer, Citation, Outcome

ScoreSentences = Callable[[str, Sequence[str]], NDArray[np.float64]]

QUOTED = "quoted from the passages"  # the answer's byline, in a model's place
MOST_SENTENCES = 4
MOST_PASSAGES = 3
LONGEST_QUOTE = 700  # characters of a single quotation
# How much of the best sentence's score another one must reach to be quoted as well.
ALSO = 0.7
RANK_COST = 0.02  # per place of the passage in the evidence

_LEANS = re.compile(
    r"(?:It|Its|They|Their|These|Those|This|That|He|She|His|Her|Such|However|Therefore|Thus|Instead|Otherwise|Both|"
    r"Also|In addition|As a result|For example|For instance)\b"
)
_ASKS_NUMBER = re.compile(r"\b(?:how (?:much|many|long|old|far|often|large|big|high)|when|what (?:year|date|percent\w*|"
                          r"number|amount|temperature|time|ratio|rate|size)|which year)\b", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Scored:
    chunk: int
    place: int
    unit: Unit
    score: float


def extract(question: str, chunks: Sequence[Chunk], score_sentences: ScoreSentences) -> Answer:
    """One to four sentences or table rows of the passages, each with its citation [n] for `chunks[n - 1]`.

    score_sentences: (question, texts) → (len(texts),), higher is better, on any scale. The outcome is
    not_in_documents, with no text, when the passages hold nothing that can be quoted.
    """
    pieces = [units(chunk.content) for chunk in chunks]
    language = detect_of_passages([chunk.text for chunk in chunks])
    ranked = _ranked(question, pieces, [chunk.header for chunk in chunks], score_sentences, language)
    chosen = _chosen(ranked, language)
    if not chosen:
        return Answer(text="", outcome=Outcome.NOT_IN_DOCUMENTS, generator=QUOTED)
    quotes: list[str] = []
    citations: list[Citation] = []
    for chunk in dict.fromkeys(scored.chunk for scored in chosen):
        places = _with_context({scored.place for scored in chosen if scored.chunk == chunk}, pieces[chunk])
        quotes.append(_quotation(places, pieces[chunk], chunk + 1))
        citations.append(
            Citation(
                number=chunk + 1,
                chunk_id=chunks[chunk].id,
                document=chunks[chunk].document_name,
                page=chunks[chunk].page,
                sentences=tuple(pieces[chunk][place].text for place in places),
            )
        )
    return Answer(text="\n\n".join(quotes), outcome=Outcome.ANSWERED, citations=tuple(citations), generator=QUOTED)


def _ranked(
    question: str,
    pieces: Sequence[Sequence[Unit]],
    headers: Sequence[str],
    score_sentences: ScoreSentences,
    language: str,
) -> list[_Scored]:
    """Every unit that can be quoted, best first; score in about 0..1 of the best possible."""
    places = [
        (chunk, place) for chunk, found in enumerate(pieces) for place, unit in enumerate(found) if _quotable(unit)
    ] or [(chunk, place) for chunk, found in enumerate(pieces) for place, unit in enumerate(found) if unit.text]
    if not places:
        return []
    texts = [_in_context(headers[chunk], pieces[chunk], place) for chunk, place in places]
    late = _scaled(np.asarray(score_sentences(question, texts), dtype=np.float64))
    weights, wanted = rarity(texts, language), terms(question, language)
    asks_number = bool(_ASKS_NUMBER.search(question))
    scored = []
    for (chunk, place), text, nearness in zip(places, texts, late, strict=True):
        unit = pieces[chunk][place]
        shared = coverage(wanted, text, weights, language)
        number = 0.08 if asks_number and re.search(r"\d", unit.text) else 0.0
        score = 0.75 * float(nearness) + 0.25 * shared + number - RANK_COST * chunk
        scored.append(_Scored(chunk=chunk, place=place, unit=unit, score=score))
    return sorted(scored, key=lambda one: -one.score)


def _chosen(ranked: Sequence[_Scored], language: str) -> list[_Scored]:
    """The best unit, then others nearly as good that say something else; best first."""
    chosen: list[_Scored] = []
    said: list[frozenset[str]] = []
    for one in ranked:
        content = frozenset(terms(one.unit.text, language))
        if chosen and one.score < ALSO * chosen[0].score:
            break
        if any(len(content & other) >= 0.8 * min(len(content), len(other)) for other in said):
            continue
        passages = {other.chunk for other in chosen}
        if one.chunk not in passages and len(passages) == MOST_PASSAGES:
            continue
        chosen.append(one)
        said.append(content)
        if len(chosen) == MOST_SENTENCES:
            break
    return chosen


def _with_context(places: set[int], found: Sequence[Unit]) -> list[int]:
    """The chosen places in reading order, with the sentence before one that leans on it ("It is kept …")."""
    wider = set(places)
    for place in places:
        before = place - 1
        if (
            found[place].kind is Kind.SENTENCE
            and _LEANS.match(found[place].text)
            and before >= 0
            and found[before].kind is Kind.SENTENCE
            and found[before].block == found[place].block
            and len(wider) < MOST_SENTENCES
        ):
            wider.add(before)
    return sorted(wider)


def _quotation(places: Sequence[int], found: Sequence[Unit], number: int) -> str:
    """Sentences that follow each other as one quotation, gaps marked; then the rows of each table as a table."""
    prose: list[str] = []
    tables: dict[int, list[Unit]] = {}
    last = -2
    for place in places:
        unit = found[place]
        if unit.cells:
            tables.setdefault(unit.block, []).append(unit)
        elif prose and last == place - 1 and not found[last].cells:
            prose[-1] += f" {own_marks_in_parentheses(unit.text)}"
        else:
            prose.append(own_marks_in_parentheses(unit.text))
        last = place
    quotation = ["“" + " … ".join(prose) + f"” [{number}]"] if prose else []
    return "\n\n".join([*quotation, *(_table(rows, number) for rows in tables.values())])


def _table(rows: Sequence[Unit], number: int) -> str:
    """Rows of one table as a Markdown table under the names of their columns; each row ends with its citation."""
    columns = rows[0].columns
    width = max(len(columns), *(len(row.cells) for row in rows))
    # Names that are fewer than the cells are those of the last columns: the first one holds labels.
    head = [*[""] * (width - len(columns)), *columns]
    cited = [[*row.cells, *[""] * (width - len(row.cells))] for row in rows]
    for cells in cited:
        cells[:] = map(own_marks_in_parentheses, cells)
        cells[-1] = f"{cells[-1]} [{number}]".lstrip()
    return "\n".join([_markdown_row(head), _markdown_row(["---"] * width), *map(_markdown_row, cited)])


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _quotable(unit: Unit) -> bool:
    telling = [word for word in words(unit.text) if len(word) > 1 and not word[0].isdigit()]
    if unit.kind is Kind.SENTENCE:
        return len(telling) >= 3 and len(unit.text) <= LONGEST_QUOTE
    return unit.kind in (Kind.ROW, Kind.ITEM) and len(telling) >= 1 and len(unit.text) <= LONGEST_QUOTE


def _in_context(section: str, found: Sequence[Unit], place: int) -> str:
    """What is scored: with the section, which alone may say what "it" is, and a row with its table's header."""
    columns = row_text(found[place].columns) if found[place].kind is Kind.ROW else ""
    return " ".join(filter(None, (section, columns, found[place].text)))


def _scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores moved to 0..1 over these candidates (any scale in); all 1 when they are equal."""
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.ones_like(scores)
