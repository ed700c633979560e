"""An evaluation in words: sentences for any page, and plain text for a terminal, at most 120 characters wide."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.measure.report import Comparison, Report, SideBySide


def report_text(report: Report) -> str:
    """Stages and their measures, tests between neighbours, what they come to, and where the evidence went."""
    said = "\n".join(_filled(line) for line in judgements(report))
    return "\n\n".join(filter(None, (_stages(report), _tests(report.tests), said, _lost(report))))


def _filled(line: str) -> str:
    return textwrap.fill(line, 120, subsequent_indent="  ")


def side_by_side_text(sides: SideBySide) -> str:
    """Two configurations, stage by stage."""
    lines = [f"A: {sides.names[0]}", f"B: {sides.names[1]}", ""]
    lines.append(f"{'stage':<20}{'measure':<13}{'A':>7}{'B':>7}{'B − A':>8}  {_REST}")
    lines += [f"{stage:<20}{_row(test)}" for stage, test in sides.tests]
    old, new = (report.latency for report in sides.reports)
    lines += ["", f"p50 {old.p50:.0f} → {new.p50:.0f} ms, p95 {old.p95:.0f} → {new.p95:.0f} ms"]
    return "\n".join(lines)


def judgements(report: Report) -> list[str]:
    """What the tests allow to be said of each stage against the one it starts from, by nDCG@10: by name also of a
    stage that does not win."""
    lines = []
    for test in report.tests:
        if test.metric == "ndcg@10":
            row = test.result
            short = "is worse than" if row.high < 0 else "cannot be told from"
            word = "is better than" if row.low > 0 else f"does not win, it {short}"
            lines.append(
                f"{test.after} {word} {test.before}: nDCG@10 {row.before:.2f} → {row.after:.2f}, difference "
                f"{row.low:+.2f} to {row.high:+.2f}; {row.better} better, {row.worse} worse, {row.same} the same."
            )
    return lines


def loss(report: Report, place: str) -> str:
    """One of the places of `report.lost` in words."""
    stages = [stage.name for stage in report.stages]
    if place == "recall":
        return "not retrieved at all"
    if place == "fusion":
        return "cut between retrieval and the first reranker"
    if place == "found":
        return "among the passages that an answer is written from"
    if place not in stages:
        return f"left out by {place}"
    return f"ordered by {place}, but not high enough" if place == stages[-1] else f"not passed on by {place}"


_REST = f"{'95 % interval':<18}{'p':>6}  better/worse/same"


def _row(test: Comparison) -> str:
    row = test.result
    interval = f"{row.low:+.3f} to {row.high:+.3f}"
    return (
        f"{test.metric:<13}{row.before:>7.3f}{row.after:>7.3f}{row.difference:>+8.3f}"
        f"  {interval:<18}{row.p:>6.3f}  {row.better}/{row.worse}/{row.same}"
    )


def _stages(report: Report) -> str:
    columns = ["precision@1", "precision@5", "recall@5", "recall@20", "recall@100", "mrr", "map@10"]
    columns += ["page-hit@5", "document-hit@5"] if report.by_page else []
    heads = {"precision@1": "P@1", "precision@5": "P@5", "recall@5": "R@5", "recall@20": "R@20", "recall@100": "R@100"}
    heads |= {"mrr": "MRR", "map@10": "MAP@10", "page-hit@5": "page@5", "document-hit@5": "doc@5"}
    width = max(8, *(len(stage.name) + 1 for stage in report.stages))
    head = f"{'stage':<{width}}" + f"{'nDCG@10 (95 %)':>20}" + "".join(f"{heads[name]:>8}" for name in columns)
    lines = [head + f"{'p50 ms':>9}{'p95 ms':>9}"]
    for stage in report.stages:
        ndcg = stage.metrics["ndcg@10"]
        line = f"{stage.name:<{width}}" + f"{f'{ndcg.mean:.3f} ({ndcg.low:.3f}–{ndcg.high:.3f})':>20}"
        line += "".join(f"{stage.metrics[name].mean:>8.3f}" for name in columns)
        lines.append(line + f"{stage.latency.p50:>9.1f}{stage.latency.p95:>9.1f}")
    lines.append(
        f"{len(report.questions)} questions; in all p50 {report.latency.p50:.0f} ms, p95 {report.latency.p95:.0f} ms"
        + (f"; {len(report.failed)} questions could not be asked and are not counted" if report.failed else "")
    )
    lines.append(_filled("evidence, what an answer is written from: " + evidence_text(report)))
    return "\n".join(lines)


def evidence_text(report: Report) -> str:
    """The measures of the evidence as a person is given it, each with its interval."""
    rows = report.evidence.metrics.items()
    return ", ".join(f"{name} {row.mean:.3f} ({row.low:.3f}–{row.high:.3f})" for name, row in rows)


def _tests(tests: Sequence[Comparison]) -> str:
    if not tests:
        return ""
    lines = [f"{'change':<20}{'measure':<13}{'before':>7}{'after':>7}{'diff':>8}  {_REST}"]
    return "\n".join(lines + [f"{test.before + ' → ' + test.after:<20}{_row(test)}" for test in tests])


def _lost(report: Report) -> str:
    lines = ["Where the evidence went (share of the questions):"]
    lines += [f"  {share:>6.1%}  {loss(report, place)}" for place, share in report.lost.items()]
    for lift in report.lifts:
        lines.append(
            f"Position lift {lift.before} → {lift.after}: {lift.mean:+.1f} places on average"
            f" ({lift.up} up, {lift.down} down, {lift.same} the same; {lift.dropped} fell out)"
        )
    return "\n".join(lines)
