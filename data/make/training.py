"""Writes training lists of our own: ``python -m data.make.training OUT.jsonl [--families N] [--reports N]``.

Each list is a question, the passage that answers it, and passages that only look as if: of the same document, of a
sibling (another year, model, party, section), of a stranger of the same genre. Everything is invented and repeatable
from the seed; ``data.make.examples`` writes the same questions with the place of the answer, and those without one.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from data.make.examples import Example, make_examples
from data.make.genres import GENRES
from rag.learn.train_cross_encoder import TrainingList, write_lists

REPORTS = ("company_report",)
FEWEST_WRONG = 5


def source_of(example: Example) -> str:
    """The source by which the recipes weigh it: reports, full of figures, or everything else."""
    return "synthetic-report" if example.source.removeprefix("invented/") in REPORTS else "synthetic-handbook"


def make_lists(
    *, families: int, seed: int, reports: int | None = None, genres: Sequence[str] = GENRES
) -> list[TrainingList]:
    """All lists of ``families`` families of each genre, in an order fixed by ``seed``; about 60 from a family.

    ``reports`` is the number of families of company reports, where it is another. Questions that nothing answers make
    no list, nor do those with fewer than five wrong passages.
    """
    others = [genre for genre in genres if genre not in REPORTS]
    examples = make_examples(families=families, seed=seed, genres=others)
    companies = [genre for genre in genres if genre in REPORTS]
    examples += make_examples(families=families if reports is None else reports, seed=seed, genres=companies)
    random.Random(seed).shuffle(examples)
    rng = random.Random(seed)
    lists = []
    for item in examples:
        if not item.answer or len(item.negatives) < FEWEST_WRONG:
            continue
        sections = rng.random() < 0.6  # a title stands above every passage, a section above all of a list or none
        headers = (item.header, *item.negative_headers)
        titles = (item.title, *(header.split(" · ")[0] for header in item.negative_headers))
        lists.append(
            TrainingList(
                source=source_of(item),
                question=item.question,
                passages=(item.passage, *item.negatives),
                headers=headers if sections else titles,
            )
        )
    return lists


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--families", type=int, default=20, help="of each genre")
    parser.add_argument("--reports", type=int, help="families of company reports (default: as many)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    lists = make_lists(families=options.families, reports=options.reports, seed=options.seed)
    write_lists(lists, options.out)
    print(f"{len(lists)} lists written to {options.out}")


if __name__ == "__main__":
    main()
