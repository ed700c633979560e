"""Our cascade as a LangChain document compressor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.documents.compressor import BaseDocumentCompressor
from rag.texts import RankedTexts


def langchain_compressor(rank: Callable[[str, Sequence[str]], RankedTexts], top_n: int = 5) -> BaseDocumentCompressor:
    """A LangChain `BaseDocumentCompressor` for ContextualCompressionRetriever.

    rank: question and texts → their order: the `rank_texts` of an engine (app/wiring.py opens one).
    Needs the extra `langchain`.
    """
    from langchain_core.callbacks import Callbacks
    from langchain_core.documents import Document
    from langchain_core.documents.compressor import BaseDocumentCompressor

    class SecondPassCompressor(BaseDocumentCompressor):
        rank: Callable[..., Any]
        top_n: int

        def compress_documents(
            self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
        ) -> Sequence[Document]:
            order = self.rank(query, [document.page_content for document in documents]).order[: self.top_n]
            return [
                Document(
                    page_content=documents[ranked.index].page_content,
                    metadata={**documents[ranked.index].metadata, "relevance_score": ranked.score},
                )
                for ranked in order
            ]

    return SecondPassCompressor(rank=rank, top_n=top_n)
