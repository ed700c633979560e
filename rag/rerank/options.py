"""What a reranker may need besides its name. Comes from the settings; see app/wiring.py."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ingest.protocols import ScoreCache, TokenVectors


def _environment() -> Mapping[str, str]:
    return MappingProxyType(dict(os.environ))


@dataclass(frozen=True, kw_only=True)
class RerankOptions:
    """token_vectors: where late interaction finds the passages' vectors. precise_folder: the built-in weights.

    device: `auto`, `cpu`, `cuda`, `mps`. backend: `torch`, `onnx`, `openvino`. precision: `auto`, `fp32`, `bf16`,
    `fp16`, `int8`. threads: for torch, 0 leaves it. timeout_s: seconds for one call to a server. budget_ms: local
    models stop reading more passages after that. cache: None reads every pair anew. llm_…: the OpenAI-compatible
    endpoint of the language-model rerankers. flashrank_folder: where FlashRank's models are kept. environment: where
    the keys and addresses of hosted rerankers are looked up, by the names that the vendors gave them.
    """

    token_vectors: TokenVectors | None = None
    precise_folder: Path | None = None
    device: str = "auto"
    backend: str = "torch"
    precision: str = "auto"
    threads: int = 0
    timeout_s: float = 10.0
    budget_ms: float | None = None
    cache: ScoreCache | None = None
    llm_api_key: str = field(default="", repr=False)
    llm_base_url: str = ""
    flashrank_folder: Path = Path("~/.cache/second-pass/flashrank")
    environment: Mapping[str, str] = field(default_factory=_environment, repr=False)
