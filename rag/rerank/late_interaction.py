"""The built-in fast reranker: MaxSim over token vectors that were made at ingest, so that nothing is read again.

Khattab and Zaharia 2020 (ColBERT): a passage's score is the sum over question tokens of the best cosine among the
passage's tokens; here each question token counts by its weight (IDF, normalised to sum to 1), so a score is a
weighted mean cosine in -1..1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ingest.documents import Chunk, Query
from ingest.errors import RerankerFailed
from ingest.protocols import TokenVectors
from rag.rerank.protocol import Scores, empty_scores


@dataclass(frozen=True, kw_only=True)
class LateInteraction:
    """Needs no cache: a hundred passages take milliseconds."""

    token_vectors: TokenVectors
    name: str = "late-interaction"
    fingerprint: str = ""
    listwise: bool = False

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        if not chunks:
            return empty_scores()
        similarities, weights = self.token_vectors.max_similarities(query, chunks)
        if similarities.shape != (len(chunks), len(weights)):
            raise RerankerFailed(
                f"late-interaction: the token vectors gave {similarities.shape} similarities for {len(chunks)} "
                f"passages and {len(weights)} question tokens. Rebuild the indexes with `second-pass doctor`."
            )
        if not len(weights):
            raise RerankerFailed("late-interaction: the question has no word that the model knows.")
        values = similarities.astype(np.float64) @ weights.astype(np.float64)
        missing = int(np.isnan(values).sum())
        if missing == len(chunks):
            raise RerankerFailed(
                "late-interaction: no token vectors are stored for these passages. "
                "Rebuild the indexes with `second-pass doctor`."
            )
        note = f"{missing} of {len(chunks)} passages have no token vectors." if missing else ""
        details = {"scored": len(chunks) - missing, "question_tokens": len(weights)}
        return Scores(values=values, note=note, details=MappingProxyType(details))
