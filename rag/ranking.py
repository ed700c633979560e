"""Candidates in an order, and the one place that sorts by a score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where a stage put a passage. `rank` counts from 1; `score` is that stage's own, on its own scale.

    `parts` are the signals the score was made of, each on its own raw scale ("cross-encoder": 4.2).
    """

    stage: str
    rank: int
    score: float
    parts: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A passage with what every stage so far said of it, oldest first."""

    chunk: Chunk
    marks: tuple[Mark, ...] = ()

    def mark(self, stage: str) -> Mark | None:
        return next((mark for mark in self.marks if mark.stage == stage), None)


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Candidates in order, best first. Immutable: every step gives a new one."""

    candidates: tuple[Candidate, ...] = ()

    def __len__(self) -> int:
        return len(self.candidates)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)

    @property
    def chunks(self) -> list[Chunk]:
        return [candidate.chunk for candidate in self.candidates]

    def top(self, count: int | None) -> Ranking:
        """The first `count`; None for all."""
        return Ranking(candidates=self.candidates[:count])

    def reordered(
        self,
        stage: str,
        scores: Sequence[float] | NDArray[np.floating],
        parts: Sequence[Mapping[str, float]] | None = None,
    ) -> Ranking:
        """A new ranking by descending score, each candidate marked by `stage`; ties keep the previous order.

        scores: (len(self),) one per candidate in the present order. Raises ValueError on another length or NaN.
        """
        values = np.asarray(scores, dtype=np.float64)
        if values.shape != (len(self),):
            raise ValueError(f"{stage} gave {values.shape} scores for {len(self)} candidates")
        if np.isnan(values).any():
            raise ValueError(f"{stage} gave a score that is not a number")
        order = np.argsort(-values, kind="stable")
        return Ranking(
            candidates=tuple(
                replace(
                    self.candidates[i],
                    marks=(
                        *self.candidates[i].marks,
                        Mark(
                            stage=stage,
                            rank=rank,
                            score=float(values[i]),
                            parts=MappingProxyType(dict(parts[i])) if parts else MappingProxyType({}),
                        ),
                    ),
                )
                for rank, i in enumerate(order.tolist(), start=1)
            )
        )


def merged(rankings: Iterable[Ranking]) -> Ranking:
    """The union of several rankings by chunk id, marks joined, in order of first appearance."""
    by_id: dict[str, Candidate] = {}
    for ranking in rankings:
        for candidate in ranking:
            known = by_id.get(candidate.chunk.id)
            by_id[candidate.chunk.id] = replace(known, marks=known.marks + candidate.marks) if known else candidate
    return Ranking(candidates=tuple(by_id.values()))
