"""What happened to a question, stage by stage: drawn by the page, kept in SQL, printed by the CLI, read by eval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from rag.ranking import Ranking


@dataclass(frozen=True, kw_only=True)
class Step:
    """One stage: what it ordered, how long it took in milliseconds, and what a reader should know of it.

    `scored` counts the pairs that the stage's model really read (cache hits are not counted). `model` names
    the reranker, weights or index that did the work. `degraded` is true when the stage could not do its work
    and the previous order stands; `note` then says why. A ranking holds **all** that the stage ordered,
    including what the next stage drops.
    """

    name: str
    ms: float
    ranking: Ranking
    note: str = ""
    scored: int = 0
    model: str = ""
    degraded: bool = False
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A question's way through retrieval and reranking. `searched` is the question as it was searched (after
    a rewrite with the conversation); `evidence` is the final few, exactly what the generator was given."""

    question: str
    searched: str
    steps: tuple[Step, ...] = ()
    evidence: Ranking = field(default_factory=Ranking)
    configuration: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()

    @property
    def total_ms(self) -> float:
        return sum(step.ms for step in self.steps)

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)


class Outcome(StrEnum):
    """How a question ended. "Not in the documents" and "something failed" are different values."""

    ANSWERED = "answered"
    NOT_IN_DOCUMENTS = "not_in_documents"
    NO_DOCUMENTS = "no_documents"
    MODEL_UNAVAILABLE = "model_unavailable"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Citation:
    """`number` is what stands in the answer as [1]; it is the 1-based place in `Trace.evidence`.

    `sentences` are the sentences of that passage that support it, word for word, where known.
    """

    number: int
    chunk_id: str
    document: str
    page: int
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer as shown. `removed_citations` counts numbers that the model wrote but was never given.

    `confidence` is the calibrated probability in 0..1 that the best evidence answers the question, or None
    where nothing is calibrated. `prompt` is exactly what the generator was sent ("" for extraction).
    """

    text: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    generator: str = ""
    prompt: str = ""
    removed_citations: int = 0
    confidence: float | None = None
    ms: float = 0.0
    tokens: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    message: str = ""
