"""Families of documents in other languages: a kind of paper in a few topics, and what sets its siblings apart."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data.make.draw import draw, style
from data.make.invented import InventedDocument, compose, read_topics


@dataclass(frozen=True, kw_only=True)
class Kind:
    """``title`` and ``of`` hold {mark}; ``marks`` is a slot's spec or a choice of names that tell siblings apart."""

    title: str
    of: tuple[str, ...]
    marks: str
    topics: str


def family(
    rng: random.Random, *, genre: str, lang: str, kinds: Sequence[Kind], numbering: Sequence[str] = ("{n}. {h}", "{h}")
) -> Iterator[InventedDocument]:
    """Two or three siblings of one kind."""
    kind, shared = rng.choice(list(kinds)), style(rng, lang)
    marks = dict.fromkeys(draw(kind.marks, rng, shared) for _ in range(3))
    for mark in marks:
        yield compose(
            rng,
            genre=genre,
            lang=lang,
            title=kind.title.format(mark=mark),
            topics=read_topics(kind.topics),
            context={**shared, "mark": mark},
            of=tuple(form.format(mark=mark) for form in kind.of),
            names=(mark,),
            numbering=numbering,
        )
