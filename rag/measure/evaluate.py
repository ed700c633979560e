"""Goldens are asked, and every stage's order is measured: with intervals, paired tests, and where evidence is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType

import numpy as np

from ingest.documents import Chunk
from ingest.errors import GoldensUnreadable, QuestionRefused
from rag.measure.goldens import Golden
from rag.measure.report import Comparison, Latency, Lift, QuestionReport, Report, SideBySide, StageReport
from rag.measure.significance import differences, estimates
from rag.measure.stage_measures import document_hits, evidence_values, first_rank, stage_values
from rag.stages import EVIDENCE, Kind
from rag.tracing import Step, Trace

TESTED = ("ndcg@10", "mrr", "precision@1", "hit@5")
TESTED_EVIDENCE = ("hit", "recall", "ndcg")


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
    names = list(dict.fromkeys(step.name for trace in traces for step in trace.stages))
    ranked = {name: [_passages(trace, name) for trace in traces] for name in names}
    stages = tuple(_stage_report(name, goldens, ranked[name], traces, by_page) for name in names)
    by_name = {stage.name: stage for stage in stages}
    pairs = neighbours(traces)
    first = {name: [first_rank(*row) for row in zip(goldens, ranked[name], strict=True)] for name in names}
    lost = [_lost(golden, trace) for golden, trace in zip(goldens, traces, strict=True)]
    return Report(
        stages=stages,
        tests=tuple(test for pair in pairs for test in _tests(by_name[pair[0]], by_name[pair[1]], pair)),
        lifts=tuple(_lift(a, b, first[a], first[b]) for a, b in pairs),
        lost=MappingProxyType({place: lost.count(place) / len(lost) for place in _places(traces, lost)}),
        evidence=_evidence_report(goldens, traces),
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


def neighbours(traces: Iterable[Trace]) -> list[tuple[str, str]]:
    """Which stage is compared with which: the fusion with every index, each reranker with the order it starts from,
    and the last of them with the fusion."""
    pairs: dict[tuple[str, str], None] = {}
    for trace in traces:
        for stage in trace.stages:
            if stage.kind is Kind.FUSION:
                before = [step for step in trace.stages if step.kind is Kind.RETRIEVAL]
            else:
                before = [step for step in [trace.start_of(stage)] if step]
            pairs |= {(step.name, stage.name): None for step in before}
        if trace.fusion and trace.rerankers:
            pairs |= {(trace.fusion.name, trace.rerankers[-1].name): None}
    return list(pairs)


def _tests(
    old: StageReport, new: StageReport, names: tuple[str, str], metrics: Sequence[str] = TESTED
) -> tuple[Comparison, ...]:
    before, after = (np.stack([side.values[metric] for metric in metrics], axis=1) for side in (old, new))
    results = zip(metrics, differences(before, after), strict=True)
    return tuple(Comparison(before=names[0], after=names[1], metric=metric, result=row) for metric, row in results)


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


def _evidence_report(goldens: Sequence[Golden], traces: Sequence[Trace]) -> StageReport:
    """The list that an answer is written from: what the policies made of the last stage's order."""
    values = evidence_values(goldens, [trace.evidence.chunks for trace in traces])
    columns = estimates(np.stack(list(values.values()), axis=1))
    return StageReport(
        name=EVIDENCE,
        metrics=MappingProxyType(dict(zip(values, columns, strict=True))),
        latency=_latency([sum(step.ms for step in _policies(trace)) for trace in traces]),
        values=MappingProxyType(values),
    )


def _policies(trace: Trace) -> list[Step]:
    return [step for step in trace.steps if step.kind is Kind.POLICY]


# Where evidence is lost, in the order of the funnel. "recall": no index returned it; "fusion": the merged order cut it
# before the first reranker; a reranker's name: it was not passed on, or by the last one not placed among the evidence;
# a policy's name: that left it out; "found": it is among the evidence.
def _places(traces: Iterable[Trace], lost: Sequence[str]) -> list[str]:
    rerankers = dict.fromkeys(step.name for trace in traces for step in trace.rerankers)
    known = ["recall", "fusion", *rerankers]
    return [*known, *dict.fromkeys(place for place in lost if place not in known and place != "found"), "found"]


def _lost(golden: Golden, trace: Trace) -> str:
    def holds(step: Step) -> bool:
        return first_rank(golden, step.ranking.chunks) is not None

    if first_rank(golden, trace.evidence.chunks) is not None:
        return "found"
    if not any(holds(step) for step in trace.stages if step.kind in (Kind.RETRIEVAL, Kind.FUSION)):
        return "recall"
    place = "fusion"
    for step in trace.steps:
        if step.kind is Kind.RERANK:
            if not holds(step):
                return place
            place = step.name
        elif step.kind is Kind.POLICY and step.name != EVIDENCE and not holds(step):
            return step.name
    return place


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

    The stages that both have are compared by name, each one's last stage as "final", and what an answer is written
    from as "evidence": only there policies and the number of passages show.
    """
    if [row.id for row in before.questions] != [row.id for row in after.questions] or [
        row.question for row in before.questions
    ] != [row.question for row in after.questions]:
        raise ValueError("the two reports are not over the same questions")
    shared = [(stage.name, stage, other) for stage in before.stages if (other := after.stage(stage.name))]
    rows = [*shared, ("final", before.stages[-1], after.stages[-1])]
    tests = tuple((name, test) for name, old, new in rows for test in _tests(old, new, names))
    tests += tuple((EVIDENCE, test) for test in _tests(before.evidence, after.evidence, names, TESTED_EVIDENCE))
    return SideBySide(names=names, reports=(before, after), tests=tests)
