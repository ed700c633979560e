"""What an evaluation comes to: each stage's measures with intervals, paired tests, and where evidence is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.measure import report_text as tables
from rag.measure.significance import Difference, Estimate


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True)
class StageReport:
    """A stage's measures, or those of the evidence. `values` holds each one per question, (questions,), in the
    report's order."""

    name: str
    metrics: Mapping[str, Estimate]
    latency: Latency
    values: Mapping[str, NDArray[np.float64]] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "metrics": {name: _rounded(asdict(estimate)) for name, estimate in self.metrics.items()},
            "latency_ms": _rounded(asdict(self.latency)),
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One stage against another by one measure, over the same questions."""

    before: str
    after: str
    metric: str
    result: Difference


@dataclass(frozen=True, kw_only=True)
class Lift:
    """Rank before − rank after of the first relevant passage, over the questions where both stages hold one.

    `dropped` counts questions where only the earlier stage held one, `found` where only the later one did.
    """

    before: str
    after: str
    mean: float
    median: float
    up: int
    down: int
    same: int
    dropped: int
    found: int


@dataclass(frozen=True, kw_only=True)
class QuestionReport:
    """One golden: rank (from 1) of the first relevant passage per stage, None where there is none, and what lost it."""

    id: str
    question: str
    first_rank: Mapping[str, int | None]
    lost: str
    ms: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an evaluation comes to. `evidence` is what answers are written from. `lost` are shares of the questions that
    add up to 1 with "found"; `failed` are questions that could not be asked (id, reason) and are in no figure."""

    stages: tuple[StageReport, ...]
    tests: tuple[Comparison, ...]
    lifts: tuple[Lift, ...]
    lost: Mapping[str, float]
    evidence: StageReport
    latency: Latency
    questions: tuple[QuestionReport, ...]
    by_page: bool
    failed: tuple[tuple[str, str], ...] = ()

    def stage(self, name: str) -> StageReport | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """The CLI's contract (`stages`, `latency_ms`, `questions`) with everything else beside it."""
        return {
            "stages": [stage.to_json() for stage in self.stages],
            "evidence": self.evidence.to_json(),
            "latency_ms": _rounded(asdict(self.latency)),
            "questions": len(self.questions),
            "tests": [
                {"before": row.before, "after": row.after, "metric": row.metric, "result": _rounded(asdict(row.result))}
                for row in self.tests
            ],
            "position_lift": [_rounded(asdict(lift)) for lift in self.lifts],
            "lost": _rounded(self.lost),
            "evidence_hit": _rounded(asdict(self.evidence.metrics["hit"])),
            "failed": [{"id": question_id, "reason": reason} for question_id, reason in self.failed],
            "by_question": [
                {
                    "id": row.id,
                    "question": row.question,
                    "first_rank": dict(row.first_rank),
                    "lost": row.lost,
                    "ms": round(row.ms, 3),
                }
                for row in self.questions
            ],
        }

    def table(self) -> str:
        """Plain text for a terminal, at most 120 characters wide."""
        return tables.report_text(self)


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()}


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """Two configurations over the same questions, stage by stage (`before` and `after` in `tests` are their names)."""

    names: tuple[str, str]
    reports: tuple[Report, Report]
    tests: tuple[tuple[str, Comparison], ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "reports": [report.to_json() for report in self.reports],
            "tests": [
                {"stage": stage, "metric": test.metric, "result": _rounded(asdict(test.result))}
                for stage, test in self.tests
            ],
        }

    def table(self) -> str:
        """Plain text for a terminal, at most 120 characters wide."""
        return tables.side_by_side_text(self)
