"""The reranker `none`: every passage keeps its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ingest.documents import Chunk, Query
from rag.rerank.protocol import Scores


@dataclass(frozen=True, kw_only=True)
class PreviousOrder:
    """Scores n, n-1, … 1: the order that was. They say nothing about relevance."""

    name: str = "none"
    fingerprint: str = ""
    listwise: bool = True

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        values = np.arange(len(chunks), 0, -1, dtype=np.float64)
        return Scores(values=values, details=MappingProxyType({"scored": 0}))
