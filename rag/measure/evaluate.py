"""Goldens are asked, and every stage's order is measured: with intervals, paired tests, and where evidence is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np

from ingest.documents import Chunk
from ingest.errors import GoldensUnreadable, QuestionRefused
from rag.measure.goldens import Golden
from rag.measure.report import Latency, Lift, Paired, QuestionReport, Report, SideBySide, StageReport
from rag.measure.significance import differences, estimates
from rag.measure.stage_measures import document_hits, first_rank, stage_values
from rag.ranking import STAGES
from rag.tracing import Trace

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
    first = {name: [first_rank(*row) for row in zip(goldens, ranked[name], strict=True)] for name in names}
    lost = [_lost(golden, trace) for golden, trace in zip(goldens, traces, strict=True)]
    shown = [first_rank(golden, trace.evidence.chunks) for golden, trace in zip(goldens, traces, strict=True)]
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
        values |= document_hits(goldens, ranked)
    columns = estimates(np.stack(list(values.values()), axis=1))
    return StageReport(
        name=name,
        metrics=MappingProxyType(dict(zip(values, columns, strict=True))),
        latency=_latency([step.ms for trace in traces if (step := trace.step(name))]),
        values=MappingProxyType(values),
    )


# Where evidence was lost, in the order of the funnel. "recall": neither index returned it; "fusion": the merged order
# cut it before the fast stage; "fast": it was not passed on; "precise": it stands below the passages that are shown.
LOSSES = ("recall", "fusion", "fast", "precise", "found")


def _lost(golden: Golden, trace: Trace) -> str:
    recalled = [chunk for name in ("bm25", "dense", "hybrid") for chunk in _passages(trace, name)]
    if first_rank(golden, recalled) is None:
        return "recall"
    rerankers = [step for step in trace.steps if step.name in ("fast", "precise")]
    final = next(step for step in reversed(trace.steps) if step.name in STAGES).ranking.chunks
    if first_rank(golden, final[:SHOWN]) is not None:
        return "found"
    if not rerankers or first_rank(golden, rerankers[0].ranking.chunks) is None:
        return "fusion"
    if len(rerankers) == 1 or first_rank(golden, final) is None:
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
    tests = tuple((name, test) for name, old, new in rows for test in _tests(old, new, names))
    return SideBySide(names=names, reports=(before, after), tests=tests)
