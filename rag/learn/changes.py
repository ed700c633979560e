"""What a candidate would change: the questions on record, answered with other weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.questions import AskedQuestion
from rag.fuse import LinearFusion
from rag.learn.signal_lists import _fused, reorder, signal_list
from rag.measure.goldens import Golden
from rag.stages import PRECISE
from rag.tracing import trace_from_json


@dataclass(frozen=True, kw_only=True)
class Change:
    """What other weights would have shown for a past question: chunk ids of the first few, before and after."""

    question_id: str
    question: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def entered(self) -> tuple[str, ...]:
        return tuple(chunk_id for chunk_id in self.after if chunk_id not in self.before)

    @property
    def another_first(self) -> bool:
        return self.before[:1] != self.after[:1]


def would_change(
    asked: Iterable[AskedQuestion], fusion: LinearFusion, *, stage: str = PRECISE, shown: int = 5
) -> list[Change]:
    """Past questions that `fusion` would have answered from other passages, or in another order, as they were asked."""
    changes = []
    for row in asked:
        trace = trace_from_json(row.trace) if row.trace.get("stages") else None
        step = trace.step(stage) if trace else None
        ids = tuple(chunk.id for chunk, _ in _fused(step)) if step else ()
        if trace and ids:
            # Any golden will do: what counts as relevant does not enter the order.
            known = signal_list(Golden(question=row.question, chunks=((ids[0], 1),)), trace, stage)
            assert known is not None
            after = tuple(ids[i] for i in reorder(known, fusion.weights[stage])[:shown].tolist())
            if after != ids[:shown]:
                changes.append(Change(question_id=row.id, question=row.question, before=ids[:shown], after=after))
    return changes
