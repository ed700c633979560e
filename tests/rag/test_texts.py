"""Our cascade as a plain function and as a LangChain component."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from ingest.documents import Chunk, Query
from ingest.embed.transformer import TransformerEmbedder
from ingest.errors import RerankerFailed
from ingest.store.tokens.in_memory import TokensInMemory
from rag.engine import Options
from rag.fuse import read_fusion
from rag.langchain import langchain_compressor
from rag.rerank.options import RerankOptions
from rag.rerank.protocol import Scores
from rag.rerank.registry import Rerankers
from rag.texts import LONGEST_TEXT, RankedTexts, rank_texts, sentence_scores
from tests.places import MODELS

QUESTION = "When does the harbour gate close?"
TEXTS = [
    "Bread is baked at night and sold at six.",
    "The gate of the harbour closes at nine in the evening.",
    "The moon has no harbour and no gate.",
    "Reactor seven is cooled by sea water.",
]


@pytest.fixture(scope="module")
def embedder() -> TransformerEmbedder:
    return TransformerEmbedder(fast_model_dir=MODELS / "fast")


@pytest.fixture(scope="module")
def rank(embedder: TransformerEmbedder) -> Callable[..., RankedTexts]:
    rerankers = Rerankers(RerankOptions(precise_folder=MODELS / "precise"))
    return partial(
        rank_texts,
        embedder=embedder,
        tokens_of=lambda chunks: TokensInMemory(chunks, embedder.projection),
        reranker=lambda name: rerankers.get(name, cached=False),
        fusion=read_fusion(MODELS / "fusion.json"),
        stages=Options().cascade,
    )


@dataclass(frozen=True, kw_only=True)
class Backwards:
    """Puts the last passage first."""

    name: str = "builtin"
    fingerprint: str = "1"
    listwise: bool = False

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        return Scores(values=np.array([float(chunk.position) for chunk in chunks]))


@dataclass(frozen=True, kw_only=True)
class Broken(Backwards):
    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        raise RerankerFailed("it is out of order.")


def test_texts_are_ordered_and_every_one_is_returned_once(rank: Callable[..., RankedTexts]) -> None:
    ranked = rank(QUESTION, TEXTS)
    assert ranked.order[0].index == 1
    assert sorted(one.index for one in ranked.order) == [0, 1, 2, 3]
    assert ranked.warnings == ()
    assert rank(QUESTION, []).order == ()


def test_the_order_is_the_cascades_and_not_the_precise_rerankers_alone(rank: Callable[..., RankedTexts]) -> None:
    """Backwards would put the reactor first; the other signals outweigh it, and no score rises along the order."""
    ranked = rank(QUESTION, TEXTS, reranker=lambda name: Backwards())
    assert ranked.order[0].index == 1
    scores = [one.score for one in ranked.order]
    assert scores == sorted(scores, reverse=True)


def test_what_the_fast_stage_does_not_pass_on_follows_in_its_order(rank: Callable[..., RankedTexts]) -> None:
    ranked = rank(QUESTION, TEXTS, stages=Options(fast_keep=2).cascade)
    assert ranked.order[0].index == 1
    assert sorted(one.index for one in ranked.order) == [0, 1, 2, 3]


def test_a_reranker_that_fails_leaves_the_order_of_the_stage_before_it(rank: Callable[..., RankedTexts]) -> None:
    ranked = rank(QUESTION, TEXTS, reranker=lambda name: Broken())
    assert ranked.order[0].index == 1
    assert ranked.warnings == ("precise: it is out of order. The order is the previous stage's.",)


def test_only_the_beginning_of_a_text_is_read(rank: Callable[..., RankedTexts]) -> None:
    lengths: list[int] = []

    @dataclass(frozen=True, kw_only=True)
    class Measuring(Backwards):
        def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
            lengths.extend(len(chunk.text) for chunk in chunks)
            return Backwards.score(self, query, chunks)

    rank("q", ["x " * 1_000_000, "y"], reranker=lambda name: Measuring())
    assert sorted(lengths) == [1, LONGEST_TEXT]


def test_sentences_are_scored_by_late_interaction(embedder: TransformerEmbedder) -> None:
    tokens_of = partial(TokensInMemory, projection=embedder.projection)
    scores = sentence_scores(QUESTION, [*TEXTS, ""], embedder=embedder, tokens_of=tokens_of)
    assert int(np.argmax(scores)) == 1
    assert scores[-1] == 0.0
    assert np.abs(scores).max() <= 1.01


def test_a_langchain_retriever_is_compressed_by_our_cascade(rank: Callable[..., RankedTexts]) -> None:
    pytest.importorskip("langchain_core", reason="the langchain extra is not installed")
    from langchain_core.documents import Document

    compressor = langchain_compressor(rank, top_n=2)
    documents = [Document(page_content=text, metadata={"row": row}) for row, text in enumerate(TEXTS)]
    kept = compressor.compress_documents(documents, QUESTION)
    assert kept[0].metadata["row"] == 1
    assert len(kept) == 2
    assert kept[0].metadata["relevance_score"] >= kept[1].metadata["relevance_score"]
    assert all("relevance_score" not in document.metadata for document in documents)


def test_it_fits_langchains_own_retriever(rank: Callable[..., RankedTexts]) -> None:
    classic = pytest.importorskip("langchain_classic.retrievers", reason="the bench extra is not installed")
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever

    class Everything(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: object) -> list[Document]:
            return [Document(page_content=text) for text in TEXTS]

    compressor = langchain_compressor(rank, top_n=1)
    retriever = classic.ContextualCompressionRetriever(base_compressor=compressor, base_retriever=Everything())
    assert [document.page_content for document in retriever.invoke(QUESTION)] == [TEXTS[1]]
