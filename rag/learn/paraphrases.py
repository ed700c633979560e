"""Which questions ask the same in other words: they stay on one side of every split, and count once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.language.words import words as words_of

SAME_QUESTION = 0.5  # Jaccard overlap of the content words from which two questions count as paraphrases
SAME_MEANING = 0.85  # cosine of the questions' vectors from which they do
_COMMON = frozenset(
    "a an and are as at be by can could did do does for from had has have how i if in is it its of on or our shall"
    " should tell me that the their there this to us was we were what when where which who why will with would you"
    " your".split()
)


def paraphrase_groups(
    questions: Sequence[str], encode: Callable[[Sequence[str]], NDArray[np.float32]] | None = None
) -> NDArray[np.int64]:
    """(n,) group numbers: questions that share most content words, or mean the same, are in one group.

    Groups are connected components, so a chain of paraphrases stays together. encode: texts → (n, d) L2-normalised
    vectors; without it only words are compared.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    if not questions:
        return np.zeros(0, dtype=np.int64)
    words = [set(words_of(question, characters=False)) for question in questions]
    words = [found - _COMMON or found for found in words]
    column = {word: i for i, word in enumerate(sorted(set().union(*words)))}
    cells = [(row, column[word]) for row, found in enumerate(words) for word in found]
    rows, columns = zip(*cells, strict=True) if cells else ((), ())
    held = csr_matrix((np.ones(len(cells)), (rows, columns)), shape=(len(words), max(1, len(column))))
    shared = (held @ held.T).tocoo()
    sizes = np.array([len(found) for found in words])
    near = shared.data >= SAME_QUESTION * (sizes[shared.row] + sizes[shared.col] - shared.data)
    links = csr_matrix((near[near], (shared.row[near], shared.col[near])), shape=(len(words), len(words)))
    if encode is not None:
        vectors = np.asarray(encode(questions))
        links = links + csr_matrix(vectors @ vectors.T >= SAME_MEANING)
    _, groups = connected_components(links, directed=False)
    return np.asarray(groups, dtype=np.int64)


def folds(groups: NDArray[np.int64], count: int, seed: int = 0) -> NDArray[np.int64]:
    """(n,) fold numbers from 0, at most `count` folds, groups kept whole and dealt out by a seeded shuffle."""
    from sklearn.model_selection import GroupKFold

    fold_of = np.zeros(len(groups), dtype=np.int64)
    splits = min(count, len(np.unique(groups)))
    if splits > 1:
        parts = GroupKFold(splits, shuffle=True, random_state=seed).split(groups, groups=groups)
        for fold, (_, outside) in enumerate(parts):
            fold_of[outside] = fold
    return fold_of
