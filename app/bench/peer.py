"""The pipeline that most tutorials build, for comparison: LangChain's BM25 and Chroma, merged, then a cross-encoder.

It is given the same passages, the same vectors, the same models and the same number of candidates as ours, and is
called as its documentation shows: EnsembleRetriever inside a ContextualCompressionRetriever with CrossEncoderReranker.
Needs the `bench` extra.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import SecondPassError
from rag.rerank.extras import missing_extra

_AT_ONCE = 5000  # Chroma refuses larger batches


class LangChainPipeline:
    """Built once; `ask` gives the texts of the best `top` passages, best first.

    texts: the passages. vectors: (len(texts), d) of the same embedding model, so that building does not embed again.
    embedding, cross_encoder: folders in the Hugging Face layout. candidates: from each of BM25 and Chroma.
    Raises SecondPassError where the `bench` extra is not installed.
    """

    def __init__(
        self,
        *,
        texts: Sequence[str],
        vectors: NDArray[np.float32],
        embedding: Path,
        cross_encoder: Path,
        candidates: int = 100,
        top: int = 5,
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._retriever = _build(list(texts), vectors, str(embedding), str(cross_encoder), candidates, top)

    def ask(self, question: str) -> list[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [document.page_content for document in self._retriever.invoke(question)]


def _build(
    texts: list[str], vectors: NDArray[np.float32], embedding: str, cross_encoder: str, candidates: int, top: int
) -> Any:
    try:
        from chromadb import EphemeralClient
        from chromadb.config import Settings
        from langchain_chroma import Chroma
        from langchain_classic.retrievers import ContextualCompressionRetriever, EnsembleRetriever
        from langchain_classic.retrievers.document_compressors import CrossEncoderReranker
        from langchain_community.cross_encoders import HuggingFaceCrossEncoder
        from langchain_community.retrievers import BM25Retriever
        from langchain_core.embeddings import Embeddings
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise SecondPassError(
            f"The comparison with LangChain needs {missing_extra('bench')} ({error.name} is missing)."
        ) from None

    model = SentenceTransformer(embedding)

    class Encoder(Embeddings):  # what LangChain's HuggingFaceEmbeddings does, whose package holds other packages back
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vector.tolist() for vector in model.encode(texts)]

        def embed_query(self, text: str) -> list[float]:
            return [float(value) for value in model.encode(text)]

    client = EphemeralClient(settings=Settings(anonymized_telemetry=False))
    store = Chroma(client=client, collection_name="bench", embedding_function=Encoder())
    for start in range(0, len(texts), _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, len(texts)))
        store._collection.upsert(
            ids=[str(i) for i in some], embeddings=vectors[some.start : some.stop], documents=[texts[i] for i in some]
        )
    merged = EnsembleRetriever(
        retrievers=[
            BM25Retriever.from_texts(texts, k=candidates),
            store.as_retriever(search_kwargs={"k": candidates}),
        ],
        weights=[0.5, 0.5],
    )
    reranker = CrossEncoderReranker(model=HuggingFaceCrossEncoder(model_name=cross_encoder), top_n=top)
    return ContextualCompressionRetriever(base_compressor=reranker, base_retriever=merged)
