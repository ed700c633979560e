"""A report of the evaluation as a chart, a table and the sentence that it allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.show.passage import stage_name
from rag.measure.report_text import evidence_text, judgements, loss

if TYPE_CHECKING:
    import altair

    from rag.measure.report import Report

SHOWN = {"ndcg@10": "nDCG@10", "precision@1": "P@1", "mrr": "MRR", "recall@5": "recall@5", "recall@100": "recall@100"}


def rows(report: Report) -> list[dict[str, Any]]:
    """One row a stage: each measure with its 95 % interval, and the median milliseconds."""
    return [
        {"stage": stage_name(stage.name)}
        | {
            label: f"{stage.metrics[name].mean:.2f} ({stage.metrics[name].low:.2f}–{stage.metrics[name].high:.2f})"
            for name, label in SHOWN.items()
            if name in stage.metrics
        }
        | {"ms": round(stage.latency.p50, 1)}
        for stage in report.stages
    ]


def stages_chart(report: Report, metric: str = "ndcg@10") -> altair.LayerChart:
    """A dot with its interval per stage: before and after reranking at a glance."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(
        {
            "stage": [stage_name(stage.name) for stage in report.stages],
            "mean": [stage.metrics[metric].mean for stage in report.stages],
            "low": [stage.metrics[metric].low for stage in report.stages],
            "high": [stage.metrics[metric].high for stage in report.stages],
        }
    )
    y = alt.Y("stage:N", sort=None, title=None)
    scale = alt.Scale(domain=[0, 1])
    low, mean = alt.X("low:Q", scale=scale), alt.X("mean:Q", title=f"{SHOWN[metric]}, 95 % interval", scale=scale)
    line = alt.Chart(frame).mark_rule(strokeWidth=3, opacity=0.4).encode(y=y, x=low, x2="high:Q")
    dot = alt.Chart(frame).mark_point(filled=True, size=90).encode(y=y, x=mean, tooltip=["stage", "mean"])
    chart: altair.LayerChart = (line + dot).properties(height=36 * len(frame) + 40)
    return chart


def draw_report(report: Report) -> None:
    import streamlit as st

    st.caption(f"{len(report.questions)} questions")
    st.altair_chart(stages_chart(report), alt="nDCG at 10 per stage with its interval")
    st.dataframe(rows(report), hide_index=True)
    st.caption(f"What an answer is written from: {evidence_text(report)}.")
    for line in judgements(report):
        st.markdown(f"- {line}")
    lost = ", ".join(f"{share:.0%} {loss(report, place)}" for place, share in report.lost.items() if share)
    st.caption(f"Where the evidence went: {lost}.")
