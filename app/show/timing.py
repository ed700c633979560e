"""Where the milliseconds went, how many pairs each stage read, and what the cascade saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.show.passage import stage_name
from rag.tracing import Answer, Trace

if TYPE_CHECKING:
    import altair


@dataclass(frozen=True, kw_only=True)
class StageTime:
    """One step: its milliseconds, how many it ordered, and how many pairs its model really read."""

    stage: str
    ms: float
    ordered: int
    scored: int
    model: str
    note: str
    degraded: bool


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What reading all candidates with the slowest reranker would have cost, at the pace seen in this question.

    alone_ms: (milliseconds a pair) × (all candidates). spent_ms: all rerankers together, `stages` of them.
    """

    stage: str
    stages: int
    candidates: int
    read: int
    alone_ms: float
    spent_ms: float


def stage_times(trace: Trace, answer: Answer | None = None) -> list[StageTime]:
    rows = [
        StageTime(
            stage=step.name,
            ms=step.ms,
            ordered=len(step.ranking),
            scored=step.scored,
            model=step.model,
            note=step.note,
            degraded=step.degraded,
        )
        for step in trace.steps
    ]
    if answer and answer.ms:
        rows.append(
            StageTime(
                stage="answer",
                ms=answer.ms,
                ordered=len(trace.evidence),
                scored=0,
                model=answer.generator,
                note="",
                degraded=False,
            )
        )
    return rows


def saving(trace: Trace) -> Saving | None:
    """None where it cannot be known: no reranker after the first read a pair (switched off, gated, cached, failed)."""
    later = [step for step in trace.rerankers[1:] if step.scored and step.ms > 0 and not step.degraded]
    if not later:
        return None
    slowest = max(later, key=lambda step: step.ms / step.scored)
    candidates = len(trace.rerankers[0].ranking)
    return Saving(
        stage=slowest.name,
        stages=len(trace.rerankers),
        candidates=candidates,
        read=slowest.scored,
        alone_ms=slowest.ms / slowest.scored * candidates,
        spent_ms=sum(step.ms for step in trace.rerankers),
    )


def saving_sentence(saving: Saving | None) -> str:
    if saving is None:
        return "No reranker after the first read a pair in this question (switched off, skipped, or scores were kept)."
    gain = saving.alone_ms - saving.spent_ms
    pace = (
        f"The {saving.stage} reranker alone on all {saving.candidates} candidates would have taken about "
        f"{seconds(saving.alone_ms)}, at the pace of this question; "
    )
    together = f"{'both' if saving.stages == 2 else f'all {saving.stages}'} stages together took"
    if gain <= 0:
        return f"{pace}{together} {seconds(saving.spent_ms)}, so the cascade saved nothing here."
    return f"{pace}{together} {seconds(saving.spent_ms)}: about {seconds(gain)} saved."


def lost_marks(trace: Trace, marks: Mapping[str, bool]) -> list[str]:
    """Ids of passages that a person marked relevant and that the cuts kept out of the evidence."""
    evidence = {candidate.chunk.id for candidate in trace.evidence}
    return [chunk_id for chunk_id, relevant in marks.items() if relevant and chunk_id not in evidence]


def seconds(ms: float) -> str:
    """ "84 ms" or "2.1 s"."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def chart(rows: list[StageTime]) -> altair.LayerChart:
    """A bar per step, in the order in which they ran."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(
        {
            "stage": [stage_name(row.stage) for row in rows],
            "ms": [row.ms for row in rows],
            "label": [seconds(row.ms) for row in rows],
            "pairs": [row.scored for row in rows],
            "ordered": [row.ordered for row in rows],
            "work": [row.model for row in rows],
        }
    )
    y = alt.Y("stage:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=130))
    x = alt.X(
        "ms:Q",
        title="milliseconds",
        axis=alt.Axis(tickCount=6),
        scale=alt.Scale(domain=[0, max(frame["ms"].max() * 1.18, 1)]),
    )
    tooltip = [
        alt.Tooltip("stage:N"),
        alt.Tooltip("label:N", title="time"),
        alt.Tooltip("ordered:Q", title="passages ordered"),
        alt.Tooltip("pairs:Q", title="pairs read by its model"),
        alt.Tooltip("work:N", title="done by"),
    ]
    bars = alt.Chart(frame).mark_bar(height=18, cornerRadiusEnd=3).encode(y=y, x=x, tooltip=tooltip)
    # A grey that is read on the light page and on the dark one; the default is black on both.
    labels = alt.Chart(frame).mark_text(align="left", dx=5, color="#787C87").encode(y=y, x=x, text="label:N")
    drawn: altair.LayerChart = (bars + labels).properties(height=34 * len(rows) + 40)
    return drawn


def draw_timing(trace: Trace, answer: Answer, marks: Mapping[str, bool]) -> None:
    """The bars, the counts of pairs, what the cascade saved, and whether its cuts lost a marked passage."""
    import streamlit as st

    from app.safe_text import plain

    rows = stage_times(trace, answer)
    if not rows:
        st.caption("No stage ran.")
        return
    cascade = saving(trace)
    with st.grid(3, min_column_width=150):
        st.metric("Ranked in", seconds(trace.total_ms), border=True)
        st.metric("Pairs read by a model", f"{sum(row.scored for row in rows):,}", border=True)
        gain = cascade.alone_ms - cascade.spent_ms if cascade else 0
        st.metric("Saved by the cascade", seconds(gain) if gain > 0 else "nothing", border=True)
    st.altair_chart(chart(rows), alt="Milliseconds per step")
    st.caption(f"BM25 and dense are searched side by side. {saving_sentence(cascade)}")
    for row in rows:
        if row.note:
            icon = ":material/warning:" if row.degraded else ":material/info:"
            st.caption(f"{icon} {plain(stage_name(row.stage))}: {plain(row.note)}")
    lost = lost_marks(trace, marks)
    if lost:
        st.warning(
            f"{len(lost)} passage{'s' if len(lost) > 1 else ''} that you marked as relevant "
            f"{'were' if len(lost) > 1 else 'was'} not given to the answer: see Before → after.",
            icon=":material/content_cut:",
        )
    elif marks:
        st.caption(":material/check: The cuts lost none of the passages that you marked as relevant.")
