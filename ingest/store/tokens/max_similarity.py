"""Late interaction's arithmetic, once: the best cosine of each question token in each passage, and the tokens' weights.

A score is the weighted sum of a passage's row (ColBERT's MaxSim, Khattab and Zaharia 2020, with each question token
weighted by its IDF).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.embed.token_projection import TokenProjection

PASSAGES_AT_ONCE = 128  # bounds the float32 copy: 128 passages of 220 tokens of 128 dimensions are 14 MB
PRIOR_PASSAGES = 1000  # how many passages of a library weigh as much as the IDF learned from the training corpus


def best_cosines(
    question: NDArray[np.int8],
    passages: Sequence[NDArray[Any] | None],
    projection: TokenProjection,
    integers: Callable[[NDArray[Any]], NDArray[np.int8]],
) -> NDArray[np.float32]:
    """(len(passages), q) best cosine of each of the q question tokens; a row of NaN where there are no vectors.

    question: (q, d). passages: (n, d) rows as they are kept; `integers` makes numbers of them, 1 and −1 where only
    signs are kept.
    """
    # The steps go into the question's side: a few rows instead of twenty thousand. Signs alone all have one length.
    floats = projection.floats(question)
    asked = (floats / np.sqrt(floats.shape[1]) if projection.bits == 1 else floats * projection.scale).T.copy()
    best = np.full((len(passages), asked.shape[1]), np.nan, np.float32)
    known = [(place, rows) for place, rows in enumerate(passages) if rows is not None and len(rows)]
    for start in range(0, len(known), PASSAGES_AT_ONCE):
        some = known[start : start + PASSAGES_AT_ONCE]
        starts = np.cumsum([0, *(len(rows) for _, rows in some[:-1])])
        tokens = integers(np.concatenate([rows for _, rows in some])).astype(np.float32)
        best[[place for place, _ in some]] = np.maximum.reduceat(tokens @ asked, starts, axis=0)
    return best


def token_weights(
    token_ids: NDArray[np.int32], frequency: NDArray[np.int64], passages: int, projection: TokenProjection
) -> NDArray[np.float32]:
    """(q,) word-piece ids → (q,) IDF weights that sum to 1.

    frequency: (q,) how many of the library's `passages` hold each. IDF as in BM25, ln((N + 1) / (n + ½)), over these
    passages and the training corpus as PRIOR_PASSAGES more: a small library leans on what is known of the language, a
    large one on itself.
    """
    counts = frequency.astype(np.float64)
    if projection.idf is None:
        idf = np.log((passages + 1) / (counts + 0.5))
    else:
        prior = projection.idf[token_ids].astype(np.float64)
        idf = np.log((passages + PRIOR_PASSAGES) / (counts + PRIOR_PASSAGES * np.exp(-prior)))
        idf[prior == 0] = 0  # special tokens
    idf = np.maximum(idf, 0)
    total = idf.sum()
    if total == 0:
        return np.full(len(token_ids), 1 / max(1, len(token_ids)), np.float32)
    return np.asarray(idf / total, np.float32)
