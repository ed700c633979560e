"""A latency budget around a local reranker: it reads the best candidates first and stops when the time is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ingest.documents import Chunk, Query
from rag.rerank.protocol import Reranker, Scores

FIRST_BATCH = 8  # passages; enough for a pace to be seen, few enough to be read in any sensible budget
LARGEST_BATCH = 32  # passages between two looks at the clock


@dataclass(frozen=True, kw_only=True)
class Budgeted:
    """Reads in batches of the given order until `budget_ms` is spent; what was not read is NaN.

    The first batch is always read. The next is as large as fits what is left, at the pace seen so far. Loading the
    model (`inner.warm_up`, where it has one) is not counted: it happens once, not for each question.
    """

    inner: Reranker
    budget_ms: float
    clock: Callable[[], float] = time.perf_counter

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    @property
    def listwise(self) -> bool:
        return self.inner.listwise

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        warm_up = getattr(self.inner, "warm_up", None)
        if warm_up is not None:
            warm_up()
        started = self.clock()
        values = np.full(len(chunks), np.nan)
        parts: list[Scores] = []
        read, batch = 0, FIRST_BATCH
        while read < len(chunks) and batch:
            part = self.inner.score(query, chunks[read : read + batch])
            values[read : read + len(part.values)] = part.values
            parts.append(part)
            read += len(part.values)
            spent = (self.clock() - started) * 1000
            affordable = (self.budget_ms - spent) / (spent / read) if spent / read else LARGEST_BATCH
            batch = int(max(0, min(LARGEST_BATCH, affordable)))
        details = _summed(parts) | {"budget_ms": self.budget_ms, "unread": len(chunks) - read}
        notes = " ".join(dict.fromkeys(part.note for part in parts if part.note))
        return Scores(values=values, note=notes, details=MappingProxyType(details))


def _summed(parts: Sequence[Scores]) -> dict[str, Any]:
    """Counts are added up; anything else is the last one's."""
    total: dict[str, Any] = {}
    for part in parts:
        for key, value in part.details.items():
            counts = isinstance(value, int) and not isinstance(value, bool) and key not in ("longest", "threads")
            total[key] = total.get(key, 0) + value if counts else value
    return total
