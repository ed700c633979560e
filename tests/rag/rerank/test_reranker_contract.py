"""Every kind of local reranker keeps to the contract; hosted ones and servers are held to it by their own tests."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from ingest.documents import EncodedChunk, Query
from ingest.embed.transformer import TransformerEmbedder
from ingest.store.tokens.in_memory import TokensInMemory
from rag.english_only import EnglishOnly
from rag.rerank.budget import Budgeted
from rag.rerank.cache import CachedReranker
from rag.rerank.cross_encoder import builtin, hub_cross_encoder
from rag.rerank.late_interaction import LateInteraction
from rag.rerank.previous_order import PreviousOrder
from rag.rerank.protocol import Reranker
from tests.contracts.reranker import TEXTS, RerankerContract
from tests.fakes.passages import chunks
from tests.fakes.tiny_models import save_cross_encoder
from tests.places import MODELS


@lru_cache(maxsize=1)
def shipped() -> Reranker:
    return builtin(folder=MODELS / "precise", device="cpu", precision="fp32")


class ScoresInMemory:
    def __init__(self) -> None:
        self.scores: dict[str, float] = {}

    def get_scores(self, keys: list[str]) -> dict[str, float]:
        return {key: self.scores[key] for key in keys if key in self.scores}

    def put_scores(self, scores: dict[str, float]) -> None:
        self.scores |= scores


class TestNone(RerankerContract):
    def make(self) -> Reranker:
        return PreviousOrder()


class TestBuiltin(RerankerContract):
    alike = 1e-3

    def make(self) -> Reranker:
        return shipped()


class TestEnglishOnly(TestBuiltin):
    def make(self) -> Reranker:
        return EnglishOnly(inner=shipped())


class TestBudgeted(TestBuiltin):
    def make(self) -> Reranker:
        return Budgeted(inner=shipped(), budget_ms=1e6)


class TestCached(TestBuiltin):
    def make(self) -> Reranker:
        return CachedReranker(inner=shipped(), cache=ScoresInMemory())


class TestHub(RerankerContract):
    alike = 1e-3

    @pytest.fixture(autouse=True)
    def saved(self, tmp_path: Path) -> None:
        self.folder = save_cross_encoder(tmp_path)

    def make(self) -> Reranker:
        return hub_cross_encoder(str(self.folder), device="cpu", precision="fp32")


@lru_cache(maxsize=1)
def embedder() -> TransformerEmbedder:
    return TransformerEmbedder(fast_model_dir=MODELS / "fast")


class TestLateInteraction(RerankerContract):
    alike = 1e-2  # int8 vectors of passages that were encoded in batches of other lengths

    def make(self) -> Reranker:
        pairs = zip(chunks(TEXTS), embedder().encode_passages(TEXTS), strict=True)
        made = [EncodedChunk(chunk=chunk, encoded=one) for chunk, one in pairs]
        return LateInteraction(token_vectors=TokensInMemory(made, embedder().projection))

    def asked(self, text: str = "When does the harbour gate close?") -> Query:
        return Query(text=text, encoded=embedder().encode_question(text))
