"""What a reranker may need besides its name. Comes from the settings; see app/wiring.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ingest.embed.options import ModelOptions
from ingest.protocols import ScoreCache, TokenVectors
from rag.answer.endpoint import ChatEndpoint
from rag.rerank.vendors import Vendors


@dataclass(frozen=True, kw_only=True)
class RerankOptions:
    """token_vectors: where late interaction finds the passages' vectors. precise_folder: the built-in weights.

    models: what local models run on. chat: the endpoint of the language-model rerankers; its model is not theirs.
    vendors: keys and addresses of hosted ones. timeout_s: seconds for one call to a server. budget_ms: local models
    stop reading more passages after that. cache: None reads every pair anew. flashrank_folder: where FlashRank's models
    are kept.
    """

    token_vectors: TokenVectors | None = None
    precise_folder: Path | None = None
    models: ModelOptions = field(default_factory=ModelOptions)
    chat: ChatEndpoint = field(default_factory=ChatEndpoint)
    vendors: Vendors = field(default_factory=Vendors)
    timeout_s: float = 10.0
    budget_ms: float | None = None
    cache: ScoreCache | None = None
    flashrank_folder: Path = Path("~/.cache/second-pass/flashrank")
