"""What a mature cascade does besides scoring: fold copies, spread over documents, skip work that changes nothing.

Each is a pure function of a ranking. The note says what it did, "" when nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.language.words import numbers, words
from rag.ranking import Candidate, Ranking

SHINGLE = 3  # words


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What a policy made of a ranking, and the sentence for the trace."""

    ranking: Ranking
    note: str = ""


def unchanged(ranking: Ranking) -> Applied:
    return Applied(ranking=ranking)


def fold_duplicates(ranking: Ranking, threshold: float = 0.9) -> Applied:
    """Of near-duplicate passages only the best placed is kept.

    Near-duplicate: the Jaccard similarity of their sets of three-word shingles (Broder 1997) is at least `threshold`,
    **and** they hold the same numbers: two reports that differ in a year or an amount are no copies of each other.
    """
    kept: list[Candidate] = []
    kept_prints: dict[tuple[str, ...], list[frozenset[int]]] = {}
    held = [tuple(sorted(numbers(candidate.chunk.text))) for candidate in ranking]
    shared = Counter(held)
    for candidate, its_numbers in zip(ranking, held, strict=True):
        if shared[its_numbers] > 1:  # else it has no copy here, and its shingles need not be made
            shingles = _shingles(candidate.chunk.text)
            others = kept_prints.setdefault(its_numbers, [])
            if any(_alike(shingles, other, threshold) for other in others):
                continue
            others.append(shingles)
        kept.append(candidate)
    folded = len(ranking) - len(kept)
    if not folded:
        return unchanged(ranking)
    return Applied(
        ranking=Ranking(candidates=tuple(kept)),
        note=f"{_count(folded, 'near-duplicate passage')} folded into the best placed copy.",
    )


def per_document_cap(ranking: Ranking, most: int) -> Applied:
    """At most `most` passages of one document stay; the others are left out. Raises ValueError under 1."""
    if most < 1:
        raise ValueError("at least one passage of a document must be allowed")
    seen: Counter[str] = Counter()
    kept = []
    for candidate in ranking:
        seen[candidate.chunk.document_id] += 1
        if seen[candidate.chunk.document_id] <= most:
            kept.append(candidate)
    left_out = len(ranking) - len(kept)
    if not left_out:
        return unchanged(ranking)
    note = f"{_count(left_out, 'passage')} left out: at most {most} of one document."
    return Applied(ranking=Ranking(candidates=tuple(kept)), note=note)


def mmr(
    ranking: Ranking,
    diversity: float,
    limit: int,
    vectors: Mapping[str, NDArray[np.float32]] | None = None,
) -> Applied:
    """Maximal marginal relevance (Carbonell and Goldstein 1998) for the first `limit` places; the rest follows as it
    was.

    diversity: 0 keeps the order by relevance, 1 looks at difference alone. Relevance is the last stage's score,
    scaled to 0..1 over the ranking (a passage without that stage's mark counts 0). Similarity is the cosine of the
    passages' `vectors` by chunk id, L2-normalised; without them, of their sets of words.
    """
    if not 0 <= diversity <= 1:
        raise ValueError("diversity lies between 0 and 1")
    if diversity == 0 or len(ranking) < 2 or limit < 2:
        return unchanged(ranking)
    relevance = _relevance(ranking)
    similarity = _similarity(ranking, vectors)
    chosen: list[int] = []
    left = list(range(len(ranking)))
    while left and len(chosen) < limit:
        nearest = similarity[np.ix_(left, chosen)].max(axis=1) if chosen else np.zeros(len(left))
        gain = (1 - diversity) * relevance[left] - diversity * nearest
        chosen.append(left.pop(int(np.argmax(gain))))
    changes = sum(place != i for place, i in enumerate(chosen))
    if not changes:
        return unchanged(ranking)
    order = [*chosen, *left]
    note = f"Diversity {diversity:g} changed {changes} of the first {len(chosen)} places."
    return Applied(ranking=Ranking(candidates=tuple(ranking.candidates[i] for i in order)), note=note)


def ambiguity_gate(ranking: Ranking, stage: str, margin: float) -> Applied:
    """The ranking as it is, with a note where reading on is worth nothing: the first leads the second by more than
    `margin` standard deviations of the stage's scores. Needs three scored candidates; equal scores never shut it."""
    scores = [mark.score for candidate in ranking if (mark := candidate.mark(stage))]
    spread = float(np.std(scores)) if len(scores) >= 3 else 0.0
    if spread == 0.0 or not np.isfinite(spread):
        return unchanged(ranking)
    first, second = sorted(scores, reverse=True)[:2]
    lead = (first - second) / spread
    if lead <= margin:
        return unchanged(ranking)
    return Applied(ranking=ranking, note=f"skipped: margin {lead:.2f} > {margin:.2f}")


def _relevance(ranking: Ranking) -> NDArray[np.float64]:
    stage = next((c.marks[-1].stage for c in ranking if c.marks), "")
    marks = [candidate.mark(stage) for candidate in ranking]
    if not any(marks):
        return np.linspace(1.0, 0.0, len(ranking))
    scores = np.array([mark.score if mark else np.nan for mark in marks])
    low, high = np.nanmin(scores), np.nanmax(scores)
    scaled = (scores - low) / (high - low) if high > low else np.ones(len(scores))
    return np.nan_to_num(scaled, nan=0.0)


def _similarity(ranking: Ranking, vectors: Mapping[str, NDArray[np.float32]] | None) -> NDArray[np.float64]:
    ids = [candidate.chunk.id for candidate in ranking]
    if vectors is not None and all(chunk_id in vectors for chunk_id in ids):
        matrix = np.stack([vectors[chunk_id] for chunk_id in ids]).astype(np.float64)
        return matrix @ matrix.T
    held = [set(words(candidate.chunk.text)) for candidate in ranking]
    similarity = np.eye(len(held))
    for i, one in enumerate(held):
        for j in range(i):
            if one and held[j]:
                similarity[i, j] = similarity[j, i] = len(one & held[j]) / np.sqrt(len(one) * len(held[j]))
    return similarity


def _shingles(text: str) -> frozenset[int]:
    found = words(text, characters=False)
    if len(found) <= SHINGLE:
        return frozenset([hash(tuple(found))])
    return frozenset(hash(tuple(found[i : i + SHINGLE])) for i in range(len(found) - SHINGLE + 1))


def _alike(one: frozenset[int], other: frozenset[int], threshold: float) -> bool:
    """Is the Jaccard similarity at least `threshold`? It cannot exceed the ratio of the sizes, which is free to see."""
    smaller, larger = sorted((len(one), len(other)))
    if smaller < larger * threshold:
        return False
    both = len(one & other)
    return both >= threshold * (len(one) + len(other) - both)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
