"""Token vectors of passages that are in no library: sentences of an answer, another program's texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, EncodedChunk, Query
from ingest.embed.token_projection import TokenProjection, packed, unpacked
from ingest.store.tokens.max_similarity import best_cosines, token_weights


class TokensInMemory:
    """TokenVectors over the chunks that it is made of; question tokens weigh what the training corpus says."""

    def __init__(self, chunks: Sequence[EncodedChunk], projection: TokenProjection) -> None:
        self._projection = projection
        self._rows = {one.chunk.id: self._as_stored(one.encoded.tokens) for one in chunks}

    def max_similarities(
        self, query: Query, chunks: Sequence[Chunk]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `TokenVectors`."""
        passages = [self._rows.get(chunk.id) for chunk in chunks]
        best = best_cosines(query.encoded.tokens, passages, self._projection, lambda rows: rows)
        ids = query.encoded.token_ids
        return best, token_weights(ids, np.zeros(len(ids), np.int64), 0, self._projection)

    def _as_stored(self, tokens: NDArray[np.int8]) -> NDArray[np.int8]:
        return unpacked(packed(tokens)) if self._projection.bits == 1 else tokens
