"""How good is each stage's order? Recall, precision, MRR, nDCG, MAP per stage, with intervals, paired tests, and where
evidence is lost. Measures come from ir-measures (trec_eval's definitions).

A golden by page asks for pages, but a stage orders passages. Each relevant page counts once, at its first passage
(recall, MRR, nDCG, MAP: a second passage of the page takes a place and gains nothing); precision@k counts every passage
that lies on a relevant page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk
from ingest.errors import GoldensUnreadable, QuestionRefused
from rag import tables
from rag.goldens import Golden
from rag.paired import Difference, Estimate, differences, estimates
from rag.ranking import STAGES
from rag.tracing import Trace

DEPTHS = (1, 3, 5, 10, 20, 100)
TESTED = ("ndcg@10", "mrr", "precision@1", "hit@5")
SHOWN = 5  # passages that the generator is given by default: past them, evidence counts as lost

# Which stage is compared with which; those that a configuration does not have are left out.
NEIGHBOURS = (
    ("bm25", "hybrid"),
    ("dense", "hybrid"),
    ("hybrid", "fast"),
    ("fast", "precise"),
    ("hybrid", "precise"),
)

_IR_MEASURES = {f"recall@{k}": f"R@{k}" for k in DEPTHS} | {"mrr": "RR", "ndcg@10": "nDCG@10", "map@10": "AP@10"}
_IR_PRECISION = {"precision@1": "P@1", "precision@5": "P@5"}


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True)
class StageReport:
    """A stage's measures. `values` holds each measure per question, (questions,), in the report's order."""

    name: str
    metrics: Mapping[str, Estimate]
    latency: Latency
    values: Mapping[str, NDArray[np.float64]] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Paired:
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
    """What an evaluation found. `lost` are shares of the questions that add up to 1 with "found"; `failed` are
    questions that could not be asked (id, reason) and are in no figure."""

    stages: tuple[StageReport, ...]
    tests: tuple[Paired, ...]
    lifts: tuple[Lift, ...]
    lost: Mapping[str, float]
    evidence_hit: Estimate
    latency: Latency
    questions: tuple[QuestionReport, ...]
    by_page: bool
    failed: tuple[tuple[str, str], ...] = ()

    def stage(self, name: str) -> StageReport | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """The CLI's contract (`stages`, `latency_ms`, `questions`) with everything else beside it."""
        return {
            "stages": [
                {
                    "name": stage.name,
                    "metrics": {name: _rounded(asdict(estimate)) for name, estimate in stage.metrics.items()},
                    "latency_ms": _rounded(asdict(stage.latency)),
                }
                for stage in self.stages
            ],
            "latency_ms": _rounded(asdict(self.latency)),
            "questions": len(self.questions),
            "tests": [
                {"before": row.before, "after": row.after, "metric": row.metric, "result": _rounded(asdict(row.result))}
                for row in self.tests
            ],
            "position_lift": [_rounded(asdict(lift)) for lift in self.lifts],
            "lost": _rounded(self.lost),
            "evidence_hit": _rounded(asdict(self.evidence_hit)),
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


def evaluate(
    goldens: Sequence[Golden],
    retrieve: Callable[[str], Trace],
    progress: Callable[[int, int], object] | None = None,
) -> Report:
    """Ask every golden and measure every stage. `progress` is called with (questions done, questions in all).

    A question that `retrieve` refuses is listed under `failed` and counts in no figure; raises GoldensUnreadable
    where none is left. Times are wall-clock times of `retrieve`.
    """
    asked: list[Golden] = []
    traces: list[Trace] = []
    times: list[float] = []
    failed: list[tuple[str, str]] = []
    for done, golden in enumerate(goldens, start=1):
        started = time.perf_counter()
        try:
            traces.append(retrieve(golden.question))
        except QuestionRefused as error:
            failed.append((golden.id, str(error)))
        else:
            times.append((time.perf_counter() - started) * 1000)
            asked.append(golden)
        if progress:
            progress(done, len(goldens))
    return measure(asked, traces, times_ms=times, failed=failed)


def measure(
    goldens: Sequence[Golden],
    traces: Sequence[Trace],
    *,
    times_ms: Sequence[float] | None = None,
    failed: Sequence[tuple[str, str]] = (),
) -> Report:
    """The report on traces that are there already, one per golden. `times_ms` defaults to the traces' own totals."""
    if len(goldens) != len(traces):
        raise ValueError(f"{len(goldens)} goldens for {len(traces)} traces")
    if not goldens:
        raise GoldensUnreadable("There is no question to measure with.")
    total = list(times_ms) if times_ms is not None else [trace.total_ms for trace in traces]
    by_page = all(golden.by_page for golden in goldens)
    names = [name for name in STAGES if any(trace.step(name) for trace in traces)]
    ranked = {name: [_passages(trace, name) for trace in traces] for name in names}
    stages = tuple(_stage_report(name, goldens, ranked[name], traces, by_page) for name in names)
    by_name = {stage.name: stage for stage in stages}
    pairs = [(before, after) for before, after in NEIGHBOURS if before in by_name and after in by_name]
    first = {name: [_first_rank(*row) for row in zip(goldens, ranked[name], strict=True)] for name in names}
    lost = [_lost(golden, trace) for golden, trace in zip(goldens, traces, strict=True)]
    shown = [_first_rank(golden, trace.evidence.chunks) for golden, trace in zip(goldens, traces, strict=True)]
    return Report(
        stages=stages,
        tests=tuple(test for pair in pairs for test in _tests(by_name[pair[0]], by_name[pair[1]], pair)),
        lifts=tuple(_lift(a, b, first[a], first[b]) for a, b in pairs),
        lost=MappingProxyType({place: lost.count(place) / len(lost) for place in LOSSES}),
        evidence_hit=estimates(np.array([[float(rank is not None)] for rank in shown]))[0],
        latency=_latency(total),
        questions=tuple(
            QuestionReport(
                id=golden.id,
                question=golden.question,
                first_rank=MappingProxyType({name: first[name][i] for name in names}),
                lost=lost[i],
                ms=total[i],
            )
            for i, golden in enumerate(goldens)
        ),
        by_page=by_page,
        failed=tuple(failed),
    )


def _tests(old: StageReport, new: StageReport, names: tuple[str, str]) -> tuple[Paired, ...]:
    before, after = (np.stack([side.values[metric] for metric in TESTED], axis=1) for side in (old, new))
    results = zip(TESTED, differences(before, after), strict=True)
    return tuple(Paired(before=names[0], after=names[1], metric=metric, result=row) for metric, row in results)


def _passages(trace: Trace, stage: str) -> list[Chunk]:
    step = trace.step(stage)
    return step.ranking.chunks if step else []


def _stage_report(
    name: str, goldens: Sequence[Golden], ranked: Sequence[list[Chunk]], traces: Sequence[Trace], by_page: bool
) -> StageReport:
    values = stage_values(goldens, ranked)
    if by_page:
        values |= {f"page-{metric}": column for metric, column in values.items() if metric.startswith("hit@")}
        values |= _document_hits(goldens, ranked)
    columns = estimates(np.stack(list(values.values()), axis=1))
    return StageReport(
        name=name,
        metrics=MappingProxyType(dict(zip(values, columns, strict=True))),
        latency=_latency([step.ms for trace in traces if (step := trace.step(name))]),
        values=MappingProxyType(values),
    )


def stage_values(goldens: Sequence[Golden], ranked: Sequence[Sequence[Chunk]]) -> dict[str, NDArray[np.float64]]:
    """Each measure's (questions,) values for one stage's passages, best first.

    Names: recall@k, hit@k (any of the evidence within the first k), precision@1 and @5, mrr, ndcg@10, map@10.
    """
    once, every, grades_once, grades_every = {}, {}, {}, {}
    hits = {f"hit@{k}": np.zeros(len(goldens)) for k in DEPTHS}
    for i, (golden, chunks) in enumerate(zip(goldens, ranked, strict=True)):
        grades, keys = golden.grades, [golden.key_of(chunk) for chunk in chunks]
        seen: dict[str, int] = {}
        # trec_eval sorts by score and knows no ranks: −rank is a score without ties.
        for rank, key in enumerate(keys, start=1):
            seen.setdefault(key, rank)
        once[str(i)] = {key: -float(rank) for key, rank in seen.items()} | {
            f"{rank} again": -float(rank) for rank, key in enumerate(keys, start=1) if seen[key] != rank
        }
        every[str(i)] = {str(rank): -float(rank) for rank in range(1, len(keys) + 1)}
        grades_once[str(i)] = grades
        relevant = [rank for rank, key in enumerate(keys, start=1) if key in grades]
        grades_every[str(i)] = {str(rank): 1 for rank in relevant} or {"none": 1}
        for k in DEPTHS:
            hits[f"hit@{k}"][i] = bool(relevant) and relevant[0] <= k
    values = _ir_measures(_IR_MEASURES, grades_once, once) | _ir_measures(_IR_PRECISION, grades_every, every)
    return values | hits


def _ir_measures(
    names: Mapping[str, str], grades: Mapping[str, Mapping[str, int]], runs: Mapping[str, Mapping[str, float]]
) -> dict[str, NDArray[np.float64]]:
    import ir_measures

    ours = {ir_measures.parse_measure(theirs): name for name, theirs in names.items()}
    values = {name: np.zeros(len(grades)) for name in names}
    for row in ir_measures.pytrec_eval.iter_calc(list(ours), grades, runs):
        values[ours[row.measure]][int(row.query_id)] = row.value
    return values


def _document_hits(goldens: Sequence[Golden], ranked: Sequence[Sequence[Chunk]]) -> dict[str, NDArray[np.float64]]:
    values = {f"document-hit@{k}": np.zeros(len(goldens)) for k in DEPTHS}
    for i, (golden, chunks) in enumerate(zip(goldens, ranked, strict=True)):
        wanted = {document for document, _ in golden.relevant}
        first = next((rank for rank, chunk in enumerate(chunks, start=1) if chunk.document_name in wanted), None)
        for k in DEPTHS:
            values[f"document-hit@{k}"][i] = first is not None and first <= k
    return values


def _first_rank(golden: Golden, chunks: Iterable[Chunk]) -> int | None:
    grades = golden.grades
    return next((rank for rank, chunk in enumerate(chunks, start=1) if golden.key_of(chunk) in grades), None)


# Where evidence was lost, in the order of the funnel. "recall": neither index returned it; "fusion": the merged order
# cut it before the fast stage; "fast": it was not passed on; "precise": it stands below the passages that are shown.
LOSSES = ("recall", "fusion", "fast", "precise", "found")


def _lost(golden: Golden, trace: Trace) -> str:
    recalled = [chunk for name in ("bm25", "dense", "hybrid") for chunk in _passages(trace, name)]
    if _first_rank(golden, recalled) is None:
        return "recall"
    rerankers = [step for step in trace.steps if step.name in ("fast", "precise")]
    final = next(step for step in reversed(trace.steps) if step.name in STAGES).ranking.chunks
    if _first_rank(golden, final[:SHOWN]) is not None:
        return "found"
    if not rerankers or _first_rank(golden, rerankers[0].ranking.chunks) is None:
        return "fusion"
    if len(rerankers) == 1 or _first_rank(golden, final) is None:
        return "fast"
    return "precise"


def _lift(before: str, after: str, old: Sequence[int | None], new: Sequence[int | None]) -> Lift:
    both = np.array([a - b for a, b in zip(old, new, strict=True) if a is not None and b is not None])
    return Lift(
        before=before,
        after=after,
        mean=float(both.mean()) if len(both) else 0.0,
        median=float(np.median(both)) if len(both) else 0.0,
        up=int((both > 0).sum()),
        down=int((both < 0).sum()),
        same=int((both == 0).sum()),
        dropped=sum(a is not None and b is None for a, b in zip(old, new, strict=True)),
        found=sum(a is None and b is not None for a, b in zip(old, new, strict=True)),
    )


def _latency(times_ms: Sequence[float]) -> Latency:
    if not times_ms:
        return Latency(p50=0.0, p95=0.0)
    p50, p95 = np.percentile(times_ms, (50, 95))
    return Latency(p50=float(p50), p95=float(p95))


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()}


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """Two configurations over the same questions, stage by stage (`before` and `after` in `tests` are their names)."""

    names: tuple[str, str]
    reports: tuple[Report, Report]
    tests: tuple[tuple[str, Paired], ...]

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


def compare(before: Report, after: Report, names: tuple[str, str] = ("A", "B")) -> SideBySide:
    """Two reports over the same goldens, paired by question; raises ValueError where the questions differ.

    The stages that both have are compared by name, and each one's last stage as "final".
    """
    if [row.id for row in before.questions] != [row.id for row in after.questions] or [
        row.question for row in before.questions
    ] != [row.question for row in after.questions]:
        raise ValueError("the two reports are not over the same questions")
    shared = [(stage.name, stage, other) for stage in before.stages if (other := after.stage(stage.name))]
    rows = [*shared, ("final", before.stages[-1], after.stages[-1])]
    tests = tuple(
        (name, test)
        for name, old, new in rows
        for test in _tests(old, new, names)
    )
    return SideBySide(names=names, reports=(before, after), tests=tests)
