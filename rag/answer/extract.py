"""An answer without a language model: the best sentences of the evidence, quoted word for word with citations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk
from rag.answer.overlap import coverage, rarity, terms
from rag.answer.sentences import Kind, units

NAME = "quoted from the passages"
MOST_SENTENCES = 3
OVERLAP_WEIGHT = 0.5  # beside a cosine-like score of about 0..1
LOSS_PER_RANK = 0.03  # a passage further down must hold a clearly better sentence


def extract(
    question: str,
    chunks: Sequence[Chunk],
    score_sentences: Callable[[str, Sequence[str]], NDArray[np.floating]],
    *,
    most: int = MOST_SENTENCES,
) -> str:
    """One to `most` quoted sentences or table rows, each followed by its citation [n]; "" when there is nothing.

    score_sentences: question and n sentences → (n,) similarity. Quotations keep the order of the evidence.
    """
    found = [
        (number, place, unit)
        for number, chunk in enumerate(chunks, start=1)
        for place, unit in enumerate(units(chunk.text))
        if unit.kind not in (Kind.HEADING, Kind.FRAGMENT) and len(unit.text) > 15
    ]
    if not found:
        return ""
    texts = [unit.text for _, _, unit in found]
    asked, rare = terms(question), rarity(texts)
    scores = np.asarray(score_sentences(question, texts), dtype=np.float64)
    scores = scores + OVERLAP_WEIGHT * np.array([coverage(asked, text, rare) for text in texts])
    scores -= LOSS_PER_RANK * np.array([number - 1 for number, _, _ in found])
    chosen: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        if len(chosen) == most or (chosen and scores[i] < 0.75 * scores[chosen[0]]):
            break
        if all(texts[i] != texts[j] for j in chosen):
            chosen.append(i)
    lines = [f"{texts[i]} [{found[i][0]}]" for i in sorted(chosen, key=lambda i: found[i][:2])]
    return "\n\n".join(lines)
