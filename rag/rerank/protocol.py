"""What every reranker is: passages in, one score each out. It never sorts; the cascade does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, Query


@dataclass(frozen=True, kw_only=True)
class Scores:
    """values: (n,) float64 in the order of the passages given, higher is better, NaN where a passage was not read.

    Scores are the reranker's own, on its own scale (logits, cosines, a vendor's 0..1), and compare only within one
    call. `note` is a sentence for the trace ("2 of 20 passages truncated to 512 tokens"), "" when there is nothing
    to say. `details` are counts for the trace: `scored` (pairs really read), and where they apply `cached`,
    `truncated`, `requests`, `retries`, `repaired`, `tokens` ({"prompt", "completion"} or what the vendor bills).
    """

    values: NDArray[np.float64]
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class Reranker(Protocol):
    """Scores the passages of one question. Thread-safe; a call changes nothing that a later call sees."""

    @property
    def name(self) -> str:
        """As it stands in the settings: `builtin`, `cohere:rerank-v3.5`."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the score of the same pair would; "" while unknown, and then nothing is cached."""
        ...

    @property
    def listwise(self) -> bool:
        """True when a passage's score depends on the others in the call, so that it cannot be read alone."""
        ...

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        """One score a passage, read as `chunk.headed_text`.

        Raises RerankerFailed when there are no scores, RerankerUnavailable when it cannot run here at all.
        """
        ...


def empty_scores() -> Scores:
    """The scores of no passages."""
    return Scores(values=np.empty(0, dtype=np.float64), details=MappingProxyType({"scored": 0}))
