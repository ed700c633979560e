"""Our cascade for other programs' texts.

They need not be in the library: they are encoded on the spot, late interaction narrows them, and the precise reranker
orders what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.documents import Chunk, Query
from ingest.protocols import Embedder
from rag.ranking import Candidate, Ranking
from rag.rerank.protocol import Reranker
from rag.stages import FAST, PRECISE

LONGEST_TEXT = 8_000  # characters of a text that are read; 512 word pieces, the most that a model reads, are fewer


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One text after reranking: its 0-based index in the input, and the precise reranker's own score."""

    index: int
    score: float


def rank_texts(
    question: str,
    texts: Sequence[str],
    *,
    embedder: Embedder,
    precise: Reranker,
    narrow_to: int | None = None,
) -> list[Ranked]:
    """Order `texts` by the precise reranker, best first.

    What that one cannot read is ordered by late interaction.

    narrow_to: with more texts than that, late interaction chooses which the precise reranker reads; only those are
    returned. None reads every text. Of each text the first LONGEST_TEXT characters are read: a model reads no more,
    but its tokenizer would. Raises RerankerFailed as the reranker does.
    """
    if not texts:
        return []
    texts = [text[:LONGEST_TEXT] for text in texts]
    query = Query(text=question, encoded=embedder.encode_question(question))
    ranking = Ranking(candidates=tuple(Candidate(chunk=_chunk(i, text)) for i, text in enumerate(texts)))
    if narrow_to is not None and len(texts) > narrow_to:
        ranking = ranking.reordered(FAST, text_similarities(query, texts, embedder)).top(narrow_to)
    values = precise.score(query, ranking.chunks).values
    if np.isnan(values).all():  # of a language that it does not read
        values = text_similarities(query, [chunk.text for chunk in ranking.chunks], embedder)
    ordered = ranking.reordered(PRECISE, np.nan_to_num(values, nan=-np.inf))
    return [
        Ranked(index=candidate.chunk.position, score=candidate.marks[-1].score)
        for candidate in ordered
        if np.isfinite(candidate.marks[-1].score)
    ]


def text_similarities(query: Query, texts: Sequence[str], embedder: Embedder) -> np.ndarray:
    """(n,) MaxSim of the question with each text, encoded on the spot: the mean over question tokens of the best
    cosine (Khattab and Zaharia 2020, ColBERT, divided by the number of question tokens)."""
    asked = _unit(query.encoded.tokens)
    return np.array(
        [
            float((asked @ _unit(encoded.tokens).T).max(axis=1).mean()) if len(encoded.tokens) else 0.0
            for encoded in embedder.encode_passages(list(texts))
        ]
    )


def _unit(tokens: np.ndarray) -> np.ndarray:
    rows = tokens.astype(np.float32)
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return unit


def _chunk(position: int, text: str) -> Chunk:
    return Chunk(id=str(position), document_id="", document_name="", position=position, page=1, section="", text=text)
