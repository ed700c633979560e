"""Invented documents with the evidence of each question: ``python -m data.make.examples OUT.jsonl [--families N]``.

A line holds a question, the passage that answers it, the answer as it stands there with its place, and passages that
only look as if. Where nothing in its document answers, ``answer`` is "", ``start`` -1, ``passage`` the nearest miss.
Everything is invented and repeatable from the seed.
"""

from __future__ import annotations

import argparse
import json
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from data.make.cut import Piece, cut, words
from data.make.genres import GENRES, documents
from data.make.invented import InventedDocument, InventedQuestion

LONGEST_ANSWER = 400  # characters: the cover of facts that lie further apart is no answer
NEGATIVES = 12
TYPOS = 0.05  # of the questions
FRAMES = (
    "{q} Please quote the passage.",
    "Can you look this up: {q}",
    "I could not find it myself. {q}",
    "Question: {q}",
    "{q} I only need the short answer.",
    "Somebody asked me: {q}",
)


@dataclass(frozen=True, kw_only=True)
class Book:
    """A document with its passages; those of one ``family`` are siblings."""

    family: int
    document: InventedDocument
    pieces: tuple[Piece, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class Example:
    """A question with its evidence; ``form`` is what the question was made from."""

    source: str
    lang: str
    title: str
    section: str
    question: str
    form: str
    kind: str
    passage: str
    answer: str
    start: int
    absent: str  # what the document lacks, where a question without an answer asks for one thing that it lacks
    negatives: tuple[str, ...]
    negative_headers: tuple[str, ...]

    @property
    def header(self) -> str:
        """What a reranker reads above the passage."""
        return f"{self.title} · {self.section}" if self.section else self.title


def books_of(genre: str, families: int, seed: int) -> list[Book]:
    """The documents of ``families`` families of one genre, cut; the same for the same seed."""
    rng = random.Random(f"{genre} {seed}")
    books = []
    for family in range(families):
        for document in documents(genre, rng):
            pieces = tuple(cut(document, rng))
            text = "\n".join([document.title, *(piece.text for piece in pieces)])
            books.append(Book(family=family, document=document, pieces=pieces, text=text))
    return books


def examples_of(books: Sequence[Book], rng: random.Random) -> Iterator[Example]:
    """Every question of the books with its evidence, or with its nearest miss. Books of one genre."""
    for book in books:
        siblings = [other for other in books if other.family == book.family and other is not book]
        strangers = [other for other in rng.sample(books, min(6, len(books))) if other.family != book.family]
        for question in book.document.questions:
            if made := example(question, book, siblings, strangers, rng):
                yield made
        for other in siblings:
            for question in other.document.questions:
                # The sibling's question names what this document never mentions: nothing here can answer it.
                missing = [name for name in question.names if not _mentions(book, name)]
                if missing and question.answers and rng.random() < 0.08:
                    moved = replace(question, answers=(), needs=(), kind="not here", absent=missing[0])
                    if made := example(moved, book, [], strangers, rng):
                        yield made


def _mentions(book: Book, name: str) -> bool:
    return name.lower() in book.text.lower()


def example(
    question: InventedQuestion,
    book: Book,
    siblings: Sequence[Book],
    strangers: Sequence[Book],
    rng: random.Random,
) -> Example | None:
    """The question with one passage that answers it (chance picks where several do) and its hardest wrong ones.

    None where the evidence is split over passages, or where what should be absent is in the document after all.
    """
    asked = words(question.text)
    right = [piece for piece in book.pieces if question.needs and set(question.needs) <= set(piece.spans)]
    if question.answers and not right:
        return None
    if question.absent and question.absent.lower() in book.text.lower():
        return None
    facts = {*question.answers, *question.needs}

    def states(piece: Piece) -> bool:
        return bool(facts & set(piece.spans))

    def looks(piece: Piece) -> bool:
        return any(key.split("|")[1].startswith(question.about) for key in piece.spans)

    own = [piece for piece in book.pieces if piece not in right and not states(piece)]
    # A stranger that bears all the names that the question gives might be meant by it just as well.
    others = [*siblings, *(b for b in strangers if not all(_mentions(b, name) for name in question.names))]
    others = others if question.names else [*siblings, *strangers]
    foreign = [p for other in others for p in other.pieces if not states(p)]
    if not question.names:
        foreign = [p for p in foreign if not looks(p)]
    else:
        foreign = [p for p in foreign if looks(p) or rng.random() < 0.1]

    def nearest(pieces: Sequence[Piece], count: int) -> list[Piece]:
        return sorted(pieces, key=lambda p: -2 * looks(p) - len(p.words & asked) - 3 * rng.random())[:count]

    if question.answers:
        good = rng.choice(right)
        spans = [good.spans[key] for key in question.answers]
        start, end = min(span[0] for span in spans), max(span[1] for span in spans)
        if end - start > LONGEST_ANSWER:
            return None
        answer = good.text[start:end]
    else:
        if not own:
            return None
        good, answer, start = nearest(own, 1)[0], "", -1
    wrong = nearest([p for p in own if p is not good], 7)
    wrong += nearest(foreign, NEGATIVES - len(wrong))
    seen = {good.text}
    wrong = [p for p in wrong if not (p.text in seen or seen.add(p.text))]  # type: ignore[func-returns-value]
    return Example(
        source=f"invented/{book.document.genre}",
        lang=book.document.lang,
        title=good.title,
        section=good.section,
        question=_as_typed(question, book.document.lang, rng),
        form=question.form,
        kind=question.kind,
        passage=good.text,
        answer=answer,
        start=start,
        absent=question.absent,
        negatives=tuple(p.text for p in wrong),
        negative_headers=tuple(p.header for p in wrong),
    )


def _as_typed(question: InventedQuestion, lang: str, rng: random.Random) -> str:
    """As people type it: mostly as it is, some without a question mark or capitals, framed, or with a slip."""
    text = " ".join(question.text.split())
    chance = rng.random()
    if lang != "en":
        return text
    if text.endswith("?") and chance < 0.08:
        return rng.choice(FRAMES).format(q=text)
    if chance < 0.2:
        text = text.rstrip("?")
    if 0.12 < chance < 0.22:
        text = text.lower()
    return with_slip(text, rng) if rng.random() < TYPOS else text


def with_slip(text: str, rng: random.Random) -> str:
    """One letter left out, doubled or swapped with the next in a long word without digits or capitals."""
    parts = text.split(" ")
    long = [i for i, part in enumerate(parts) if len(part) > 5 and part.isalpha() and part.islower()]
    if not long:
        return text
    i = rng.choice(long)
    part = parts[i]
    at = rng.randrange(1, len(part) - 2)
    parts[i] = rng.choice(
        (
            part[:at] + part[at + 1 :],
            part[:at] + part[at] + part[at:],
            part[:at] + part[at + 1] + part[at] + part[at + 2 :],
        )
    )
    return " ".join(parts)


def make_examples(*, families: int, seed: int, genres: Sequence[str] = GENRES) -> list[Example]:
    """All examples of ``families`` families of each genre, in an order fixed by ``seed``."""
    made: list[Example] = []
    for genre in genres:
        rng = random.Random(seed * 1_000_003 + zlib.crc32(genre.encode()))
        made += examples_of(books_of(genre, families, seed), rng)
    random.Random(seed).shuffle(made)
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--families", type=int, default=20, help="of each genre")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    made = make_examples(families=options.families, seed=options.seed)
    with options.out.open("w", encoding="utf-8") as file:
        for item in made:
            file.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")
    print(f"{len(made)} examples written to {options.out}")


if __name__ == "__main__":
    main()
