"""What was asked and what people said of it: the values that the journal keeps. All frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A chat as the Ask page lists it."""

    id: str
    title: str
    started_at: datetime
    questions: int = 0
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """One question as it was recorded. `trace` and `answer` are the JSON forms of rag.tracing's Trace and Answer.

    `trace` is {} where questions are listed (a trace is large), and where it was not kept. `figures` is what is counted
    of it: see `figures_of` in rag/tracing.py.
    """

    id: str
    conversation_id: str
    asked_at: datetime
    question: str
    outcome: str
    total_ms: float
    trace: dict[str, Any]
    answer: dict[str, Any]
    configuration: dict[str, Any]
    figures: dict[str, Any] = field(default_factory=dict)
    thumb: Thumb | None = None
    marks: tuple[PassageMark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Thumb:
    """A judgement of one answer: `value` is +1 or -1. One a question; a later one replaces it."""

    question_id: str
    value: int
    reasons: tuple[str, ...] = ()
    comment: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PassageMark:
    """A judgement of one passage for one question."""

    question_id: str
    chunk_id: str
    relevant: bool
    document: str = ""
    page: int = 0
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A weak sign: `kind` is "click" (evidence opened) or "rephrase" (the same person asked again at once)."""

    question_id: str
    kind: str
    chunk_id: str = ""
    at: datetime | None = None


def well_formed(text: str) -> str:
    """The text as every tokenizer, database and connection takes it: without NUL, and with "?" for lone surrogates,
    which have no UTF-8. JSON and a terminal may bring both."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
