"""Insights: what was asked, how it was judged, what reranking changed, how long each stage takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import streamlit as st

from app.safe_text import plain
from app.screens.learning import draw_learning
from app.screens.measuring import draw_measuring
from app.screens.verdicts import draw_moved, draw_verdict
from app.shared import application
from app.show import figures, insights
from app.show.frame import WIDE, empty_state, page_heading, section
from app.show.passage import short
from ingest.questions import AskedQuestion
from rag.learn.export import export_csv, export_jsonl

NEWEST = 1000  # questions that the figures are made from

app = application()


def draw_link(question: AskedQuestion, badge: str = "") -> None:
    """The question as a link to its conversation."""
    label = plain(short(question.question, 110)) + (f" :gray-badge[{plain(badge)}]" if badge else "")
    st.page_link("screens/ask.py", label=label, query_params={"c": question.conversation_id})


def exported(export: Callable[[Iterable[AskedQuestion]], str]) -> str:
    return export(app.journal.judged_with_traces())


with st.container(horizontal_alignment="center"), st.container(width=WIDE, gap="medium"):
    page_heading("Insights", "From the questions asked on this machine; nothing is sent anywhere")
    asked = app.journal.questions(limit=NEWEST)
    if not asked:
        empty_state("insights", "No questions yet", "Ask something first. Thumbs and marks that you give show up here.")
        st.stop()
    judged = [question for question in asked if question.thumb]
    up = sum(question.thumb.value > 0 for question in judged if question.thumb)
    lift = figures.lift(asked)
    marks = sum(len(question.marks) for question in asked)
    with st.grid(4, min_column_width=150):
        st.metric("Questions", f"{len(asked):,}", border=True)
        st.metric("Thumbs up", f"{up} of {len(judged)}", border=True)
        st.metric("Passages marked", f"{marks:,}", border=True)
        st.metric("Places won by reranking", f"{lift.mean:+.1f}", border=True, help="Mean over the evidence passages")

    draw_verdict(app)

    left, right = st.columns(2, gap="large")
    with left, section("Thumbs by week"):
        st.altair_chart(insights.thumbs_chart(figures.weeks(asked)), alt="Thumbs up and down by week")
        for reason, count in figures.reasons(asked):
            st.caption(f"{count} × {plain(reason)}")
    with right, section("Time per step"):
        st.altair_chart(insights.latency_chart(figures.latencies(asked)), alt="Median and 95th percentile per step")
    if lift.lifts:
        changed = f"The rerankers changed the first passage in {lift.new_first:.0%} of the questions. "
        with section("What reranking moved", changed + "Moved does not mean better: the verdict needs your marks."):
            st.altair_chart(insights.lift_chart(lift), alt="How many places evidence passages moved by reranking")

    wrong, lacking = figures.failed(asked), figures.unmarked(asked)
    none = "" if wrong else "None so far: no thumbs down, no question without an answer."
    with section(f"Questions that went wrong ({len(wrong)})", none):
        for question in wrong[:20]:
            draw_link(question, figures.why(question))
    advice = "Answered questions without one marked passage. Every mark, also on a passage that fell out, counts."
    with section(f"Worth a mark ({len(lacking)})", advice):
        for question in lacking[:8]:
            draw_link(question)
    if marks:
        with section("Documents by your marks", "Passages marked relevant and not relevant, the most useful first"):
            st.dataframe(figures.documents_by_marks(asked), hide_index=True)
        draw_moved(app)
    draw_learning(app)
    draw_measuring(app)
    with section("Take your feedback with you"), st.container(horizontal=True):
        files = (("jsonl", export_jsonl, "application/jsonl"), ("csv", export_csv, "text/csv"))
        for name, export, kind in files:
            st.download_button(
                name.upper(),
                partial(exported, export),
                f"feedback.{name}",
                kind,
                icon=":material/download:",
                disabled=len(asked) < NEWEST and not (judged or marks),  # with more, what is older may be judged
                on_click="ignore",
            )
