"""Our cascade for texts that are in no library: another program's passages, the sentences of an answer.

The whole of it: BM25 (rank-bm25) and vectors over the given list, fused, then every reranking stage. The precise
reranker's score alone is not the order that its card vouches for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, EncodedChunk, Query
from ingest.language.detect import detect
from ingest.language.profile import profile_of
from ingest.protocols import Embedder, TokenVectors
from rag.cascade import run_stages
from rag.english_only import EnglishOnly
from rag.fuse import LinearFusion, by_words
from rag.ranking import Candidate, Ranking, merged
from rag.rerank.late_interaction import LateInteraction
from rag.rerank.protocol import Reranker
from rag.stages import HYBRID, RETRIEVERS, Stage
from rag.tracing import Step

LONGEST_TEXT = 8_000  # characters of a text that are read; 512 word pieces, the most that a model reads, are fewer

Unreadable = Callable[[str, Sequence[str]], str]  # question, passages → why the models cannot read them, or ""
TokensOf = Callable[[Sequence[EncodedChunk]], TokenVectors]


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One text after reranking: its 0-based index in the input, and its score on the last stage's raw scale.

    Scores never rise along the order: where the stage's own and the fused order disagree, neighbours share the mean
    (isotonic regression, Barlow et al. 1972), so that a score still says how well a text answers, whatever the others.
    """

    index: int
    score: float


@dataclass(frozen=True, kw_only=True)
class RankedTexts:
    """Every text, best first. warnings: what a stage that failed says; the order is then the stage's before."""

    order: tuple[Ranked, ...]
    warnings: tuple[str, ...] = ()


def rank_texts(
    question: str,
    texts: Sequence[str],
    *,
    embedder: Embedder,
    tokens_of: TokensOf,
    reranker: Callable[[str], Reranker],
    fusion: LinearFusion,
    stages: Sequence[Stage],
    unreadable: Unreadable = lambda question, passages: "",
) -> RankedTexts:
    """Order `texts` as the library's passages are ordered.

    tokens_of: passages with their vectors → what late interaction asks. reranker: a stage's reranker by name.
    unreadable: where it gives a reason, BM25 alone merges. What a stage does not read (`keeps`) follows in its order.
    Of each text the first LONGEST_TEXT characters are read: a model reads no more, but its tokenizer would.
    """
    if not texts:
        return RankedTexts(order=())
    chunks = [_chunk(i, text[:LONGEST_TEXT]) for i, text in enumerate(texts)]
    query = Query(text=question, encoded=embedder.encode_question(question))
    encoded = embedder.encode_passages([chunk.text for chunk in chunks])
    made = [EncodedChunk(chunk=chunk, encoded=one) for chunk, one in zip(chunks, encoded, strict=True)]
    tokens = tokens_of(made)

    def make(name: str) -> Reranker:
        if name != "late-interaction":
            return reranker(name)
        late = LateInteraction(token_vectors=tokens)
        return EnglishOnly(inner=late) if unread else late

    unordered = Ranking(candidates=tuple(Candidate(chunk=chunk) for chunk in chunks))
    words = _bm25(question, [chunk.text for chunk in chunks])
    cosines = np.stack([one.vector for one in encoded]) @ query.encoded.vector
    recall = [unordered.reordered(*row) for row in zip(RETRIEVERS, (words, cosines), strict=True)]
    union = merged(recall)
    unread = unreadable(question, [chunk.text for chunk in recall[0].chunks])
    hybrid = union.reordered(HYBRID, by_words(union)) if unread else fusion.reorder(HYBRID, question, union)
    steps = run_stages(stages, query, hybrid, make, fusion, fold=False, gate_margin=None)
    ordered = _whole([hybrid, *(step.ranking for step in steps)])
    warnings = tuple(f"{step.name}: {step.note}" for step in steps if step.degraded)
    signals = {stage.name: stage.signal for stage in stages}
    return RankedTexts(order=_scored(ordered, steps, signals), warnings=warnings)


def sentence_scores(
    question: str, texts: Sequence[str], *, embedder: Embedder, tokens_of: TokensOf
) -> NDArray[np.float64]:
    """(n,) late interaction of the question with each text, in -1..1; 0 for a text without a word.

    Every question token counts alike: over single sentences IDF weights chose no better (of 264 training questions .678
    had the sentence with the answer first, .689 without weights).
    """
    chunks = [_chunk(i, text) for i, text in enumerate(texts)]
    encoded = embedder.encode_passages(list(texts))
    tokens = tokens_of([EncodedChunk(chunk=chunk, encoded=one) for chunk, one in zip(chunks, encoded, strict=True)])
    query = Query(text=question, encoded=embedder.encode_question(question))
    similarities, _ = tokens.max_similarities(query, chunks)
    return np.asarray(np.nan_to_num(similarities.mean(axis=1)), dtype=np.float64)


def _bm25(question: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """(n,) BM25+ of each text (Lv and Zhai 2011: its IDF is above 0 in a list of any length)."""
    from rank_bm25 import BM25Plus

    profile = profile_of(detect(" ".join(texts)[:LONGEST_TEXT]))
    words = [profile.terms(text) for text in texts]
    if not any(words):
        return np.zeros(len(texts))
    return np.asarray(BM25Plus(words).get_scores(profile.question_terms(question)), dtype=np.float64)


def _whole(rankings: Sequence[Ranking]) -> Ranking:
    """The last ranking, then what each one before it holds besides, from the last to the first."""
    latest: dict[str, Candidate] = {}
    for ranking in reversed(rankings):
        for candidate in ranking:
            latest.setdefault(candidate.chunk.id, candidate)
    return Ranking(candidates=tuple(latest.values()))


def _scored(ranking: Ranking, steps: Sequence[Step], signals: Mapping[str, str]) -> tuple[Ranked, ...]:
    """signals: the name of each stage's raw score."""
    from scipy.optimize import isotonic_regression

    stage = next((step.name for step in reversed(steps) if step.scored), HYBRID)
    marks = [candidate.mark(stage) for candidate in ranking]
    raw = np.array([mark.parts.get(signals.get(stage, ""), mark.score) if mark else np.nan for mark in marks])
    raw[np.isnan(raw)] = np.nanmin(raw)  # what the stage did not read stands below what it did
    scores = isotonic_regression(raw, increasing=False).x
    return tuple(
        Ranked(index=candidate.chunk.position, score=float(score))
        for candidate, score in zip(ranking, scores, strict=True)
    )


def _chunk(position: int, text: str) -> Chunk:
    return Chunk(id=str(position), document_id="", document_name="", position=position, page=1, section="", text=text)
