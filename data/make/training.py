"""Writes training lists of our own: ``python -m data.make.training OUT.jsonl [--companies N] [--seed N]``.

Each list is a question, the passage that answers it, and passages that only look as if: another statement of the same
report, the contents page, a paragraph that names the word without the figure, the same statement of another year or
another company.
Everything is invented and repeatable from the seed.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.make.training_handbooks import family
from data.make.training_reports import (
    FILLER,
    Company,
    InventedDocument,
    InventedQuestion,
    annual_report,
    current_report,
    event_questions,
    report_questions,
)
from rag.learn.train_cross_encoder import TrainingList, write_lists


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A passage cut from an invented document; ``tags`` are those of its lines."""

    document: InventedDocument
    section: str
    text: str
    tags: frozenset[str]
    words: frozenset[str]


def cut(document: InventedDocument, rng: random.Random) -> list[Piece]:
    """Passages of about 90-190 words, cut at lines; sections run on into each other, as they do on a page.

    A third of them get a sentence of the kind that fills reports, so that what answers stands among what does not.
    """
    pieces: list[Piece] = []
    limit = rng.randint(100, 175)
    texts: list[str] = []
    tags: set[str] = set()
    first = ""

    def close() -> None:
        if sum(t.count(" ") + 1 for t in texts) < limit / 2 and rng.random() < 0.5:
            texts.insert(rng.randint(0, len(texts)), rng.choice(FILLER))
        if texts:
            text = ("\n" if rng.random() < 0.6 else " ").join(texts)
            pieces.append(Piece(document=document, section=first, text=text, tags=frozenset(tags), words=_words(text)))
            texts.clear()
            tags.clear()

    for section in document.sections:
        if rng.random() < 0.35:
            close()
        if not texts:
            first = section.heading
        if rng.random() < 0.7:
            texts.append(section.heading)
        for text, line_tags in section.lines:
            if sum(t.count(" ") + 1 for t in texts) + text.count(" ") > limit:
                close()
                first = section.heading
            texts.append(text)
            tags |= line_tags
    close()
    return pieces


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]{3,}", text.lower()))


def lists_for(
    question: InventedQuestion,
    own: Sequence[Piece],
    siblings: Sequence[Piece],
    strangers: Sequence[Piece],
    source: str,
    rng: random.Random,
) -> list[TrainingList]:
    """One list for each passage that answers the question (at most two), with up to 12 wrong ones, hardest first."""
    right = [p for p in own if p.tags & question.answers]
    accepted = question.answers | question.also
    asked = _words(question.text)

    def hardest(pieces: Sequence[Piece], count: int) -> list[Piece]:
        return sorted(pieces, key=lambda p: -len(p.words & asked) - 3 * rng.random())[:count]

    wrong = hardest([p for p in own if not p.tags & accepted], 6)
    wrong += hardest([p for p in siblings if p.tags & question.answers], 2)
    wrong += hardest([p for p in siblings if not p.tags & question.answers], 1)
    wrong += hardest([p for p in strangers if p.tags & question.answers], 2)
    wrong += hardest([p for p in strangers if not p.tags & question.answers], 1)
    rng.shuffle(wrong)
    header_style = rng.random()

    def header(piece: Piece) -> str:
        return f"{piece.document.title} · {piece.section}" if header_style < 0.6 else piece.document.title

    # of several passages that answer in part, the one with most of the asked line items comes first
    right = sorted(right, key=lambda p: -len(p.tags & question.answers))[:2]
    return [
        TrainingList(
            source=source,
            question=question.text,
            passages=(good.text, *(p.text for p in wrong)),
            headers=(header(good), *(header(p) for p in wrong)),
        )
        for good in right
        if len(wrong) >= 5
    ]


def make_lists(*, companies: int, families: int, seed: int) -> list[TrainingList]:
    """All lists, in an order fixed by ``seed``; about 55 from a company and 18 from a family."""
    rng = random.Random(seed)
    lists: list[TrainingList] = []
    made = [Company(rng) for _ in range(companies)]
    reports: dict[tuple[int, int], list[Piece]] = {}
    questions: list[tuple[int, int, InventedQuestion]] = []
    for i, company in enumerate(made):
        for year in range(company.first, company.first + 4):
            annual = annual_report(company, year, rng)
            reports[i, year] = cut(annual, rng)
            if rng.random() < 0.7:
                questions += [(i, year, q) for q in report_questions(company, year, annual, rng)]
        year = company.first + 5
        event = current_report(company, year, rng)
        reports[i, year] = cut(event, rng)
        questions += [(i, year, q) for q in event_questions(company, year, event, rng)]
    for i, year, question in questions:
        siblings = [p for (j, y), pieces in reports.items() if j == i and y != year for p in pieces]
        others = [key for key in reports if key[0] != i and abs(key[1] - year) <= 1]
        strangers = [p for key in rng.sample(others, min(3, len(others))) for p in reports[key]]
        lists += lists_for(question, reports[i, year], siblings, strangers, "synthetic-report", rng)
    books = [[(document, cut(document, rng), asked) for document, asked in family(rng)] for _ in range(families)]
    for i, members in enumerate(books):
        strangers = [
            p
            for other in rng.sample(books[:i] + books[i + 1 :], min(4, families - 1))
            for _, pieces, _ in other
            for p in pieces
        ]
        for document, pieces, asked in members:
            siblings = [p for other, others_pieces, _ in members if other is not document for p in others_pieces]
            for question in asked:
                named = document.title.split()[0].lower() in question.text.lower()
                lists += lists_for(
                    question,
                    pieces,
                    siblings if named else [],
                    strangers if named else [p for p in strangers if not p.tags & question.answers],
                    "synthetic-handbook",
                    rng,
                )
    rng.shuffle(lists)
    return lists


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--companies", type=int, default=130)
    parser.add_argument("--families", type=int, default=130)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    lists = make_lists(companies=options.companies, families=options.families, seed=options.seed)
    write_lists(lists, options.out)
    print(f"{len(lists)} lists written to {options.out}")


if __name__ == "__main__":
    main()
