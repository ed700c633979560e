"""Our cascade as a plain function and as a LangChain component."""

from __future__ import annotations

from functools import partial

import pytest

from ingest.embed.transformer import TransformerEmbedder
from rag.langchain import langchain_compressor
from rag.rerank.options import RerankOptions
from rag.rerank.registry import Rerankers
from rag.texts import rank_texts
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
def precise():
    return Rerankers(RerankOptions(precise_folder=MODELS / "precise")).get("builtin", cached=False)


def test_texts_are_ordered_and_every_one_is_returned_once(embedder: TransformerEmbedder, precise) -> None:
    order = rank_texts(QUESTION, TEXTS, embedder=embedder, precise=precise)
    assert order[0].index == 1
    assert sorted(ranked.index for ranked in order) == [0, 1, 2, 3]
    assert [ranked.score for ranked in order] == sorted((ranked.score for ranked in order), reverse=True)


def test_late_interaction_narrows_to_what_the_precise_reranker_reads(embedder: TransformerEmbedder, precise) -> None:
    order = rank_texts(QUESTION, TEXTS, embedder=embedder, precise=precise, narrow_to=2)
    assert len(order) == 2
    assert order[0].index == 1
    assert rank_texts(QUESTION, [], embedder=embedder, precise=precise) == []


def test_a_langchain_retriever_is_compressed_by_our_cascade(embedder: TransformerEmbedder, precise) -> None:
    pytest.importorskip("langchain_core", reason="the langchain extra is not installed")
    from langchain_core.documents import Document

    compressor = langchain_compressor(partial(rank_texts, embedder=embedder, precise=precise), top_n=2)
    documents = [Document(page_content=text, metadata={"row": row}) for row, text in enumerate(TEXTS)]
    kept = compressor.compress_documents(documents, QUESTION)
    assert kept[0].metadata["row"] == 1
    assert len(kept) == 2
    assert kept[0].metadata["relevance_score"] > kept[1].metadata["relevance_score"]
    assert all("relevance_score" not in document.metadata for document in documents)


def test_it_fits_langchains_own_retriever(embedder: TransformerEmbedder, precise) -> None:
    classic = pytest.importorskip("langchain_classic.retrievers", reason="the bench extra is not installed")
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever

    class Everything(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: object) -> list[Document]:
            return [Document(page_content=text) for text in TEXTS]

    compressor = langchain_compressor(partial(rank_texts, embedder=embedder, precise=precise), top_n=1)
    retriever = classic.ContextualCompressionRetriever(base_compressor=compressor, base_retriever=Everything())
    assert [document.page_content for document in retriever.invoke(QUESTION)] == [TEXTS[1]]
