"""What the journal says, counted: thumbs by week, position lift, latencies, and what still lacks marks. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ingest.questions import AskedQuestion


@dataclass(frozen=True, kw_only=True)
class Percentiles:
    """Milliseconds of one step over `count` questions."""

    stage: str
    p50: float
    p95: float
    count: int


@dataclass(frozen=True, kw_only=True)
class Week:
    """Thumbs of the questions asked in the week that begins on `monday`."""

    monday: date
    up: int
    down: int
    asked: int


@dataclass(frozen=True, kw_only=True)
class Lift:
    """Position lift: rank before (hybrid) − rank after (last stage), over all evidence passages of all questions.

    lifts: one number a passage. new_first: share of the questions whose first passage the rerankers changed.
    """

    lifts: tuple[int, ...]
    new_first: float

    @property
    def mean(self) -> float:
        return sum(self.lifts) / len(self.lifts) if self.lifts else 0.0


def latencies(questions: Iterable[AskedQuestion]) -> list[Percentiles]:
    """p50 and p95 per step, in the order in which steps run, then the answer and the total."""
    times: dict[str, list[float]] = defaultdict(list)
    for asked in questions:
        for name, ms in asked.figures.get("ms", {}).items():
            times[name].append(float(ms))
        if asked.answer.get("ms"):
            times["answer"].append(float(asked.answer["ms"]))
        times["total"].append(asked.total_ms)
    last = ("answer", "total")
    names = [name for name in times if name not in last] + [name for name in last if name in times]
    middles = {name: np.quantile(times[name], (0.5, 0.95)).tolist() for name in names}
    return [Percentiles(stage=name, p50=p50, p95=p95, count=len(times[name])) for name, (p50, p95) in middles.items()]


def weeks(questions: Iterable[AskedQuestion]) -> list[Week]:
    """One row for every week from the first question to the last, also those without any."""
    up: Counter[date] = Counter()
    down: Counter[date] = Counter()
    asked: Counter[date] = Counter()
    for question in questions:
        monday = question.asked_at.date() - timedelta(days=question.asked_at.weekday())
        asked[monday] += 1
        if question.thumb:
            (up if question.thumb.value > 0 else down)[monday] += 1
    if not asked:
        return []
    first, last = min(asked), max(asked)
    mondays = [first + timedelta(weeks=week) for week in range((last - first).days // 7 + 1)]
    return [Week(monday=m, up=up[m], down=down[m], asked=asked[m]) for m in mondays]


def lift(questions: Iterable[AskedQuestion]) -> Lift:
    reranked = [asked.figures for asked in questions if "lifts" in asked.figures]
    return Lift(
        lifts=tuple(places for figures in reranked for places in figures["lifts"]),
        new_first=sum(figures["new_first"] for figures in reranked) / len(reranked) if reranked else 0.0,
    )


def failed(questions: Iterable[AskedQuestion]) -> list[AskedQuestion]:
    """Questions that ended without an answer, or with a thumbs down."""
    return [q for q in questions if q.outcome != "answered" or (q.thumb is not None and q.thumb.value < 0)]


def why(question: AskedQuestion) -> str:
    """Why it counts as gone wrong: the reasons given, else how it ended."""
    if question.thumb and question.thumb.reasons:
        return ", ".join(question.thumb.reasons)
    return question.outcome.replace("_", " ") if question.outcome != "answered" else "thumbs down"


def unmarked(questions: Iterable[AskedQuestion]) -> list[AskedQuestion]:
    """Answered questions without a single passage mark: each one marked makes the verdict surer."""
    return [q for q in questions if q.outcome == "answered" and not q.marks]


def reasons(questions: Iterable[AskedQuestion]) -> list[tuple[str, int]]:
    """Reasons given with thumbs down, most frequent first."""
    return Counter(reason for q in questions if q.thumb for reason in q.thumb.reasons).most_common()


def documents_by_marks(questions: Iterable[AskedQuestion]) -> list[dict[str, object]]:
    """One row of a table for each document with a marked passage, the most useful first."""
    relevant: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for mark in (mark for question in questions for mark in question.marks):
        (relevant if mark.relevant else wrong)[mark.document] += 1
    names = sorted(relevant.keys() | wrong.keys(), key=lambda name: (wrong[name] - relevant[name], name))
    return [{"document": name, "relevant": relevant[name], "not relevant": wrong[name]} for name in names]
