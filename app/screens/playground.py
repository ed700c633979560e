"""Playground: one question, two settings of the stages, both rankings side by side. No language model is called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.screens.rerankers import choices
from app.shared import application
from app.show.comparison import agreement, draw_list, places
from app.show.frame import WIDE, empty_state, page_heading
from app.show.timing import seconds
from app.show.trouble import draw_error
from ingest.documents import Status
from ingest.errors import SecondPassError
from rag.stages import OFF

if TYPE_CHECKING:
    from rag.engine import Options

app = application()


def choose(side: str, defaults: Options) -> Options:
    """The settings of one order. B begins without the last stage, so that what that stage does can be seen at once."""
    stages = defaults.cascade
    last = stages[-1].name
    names = choices(app, *(stage.reranker for stage in stages))
    options = defaults
    st.subheader(f"Order {side}", anchor=False)
    for stage in stages:
        used = OFF if side == "B" and stage.name == last else stage.reranker
        label, key = f"{plain(stage.name).capitalize()} reranker", f"{stage.name}-{side}"
        chosen = st.selectbox(label, names, names.index(used), key=key, accept_new_options=True)
        options = options.with_stage(stage.name, reranker=chosen or used)
    with st.container(horizontal=True):
        each = st.number_input("Per index", 1, 1000, defaults.retrieve, key=f"retrieve-{side}", width=110)
        for stage in stages[:-1]:
            label, key = f"Kept by {plain(stage.name)}", f"keep-{stage.name}-{side}"
            kept = st.number_input(label, 1, 2000, stage.keeps or 2 * defaults.retrieve, key=key, width=110)
            options = options.with_stage(stage.name, keeps=kept)
        size = st.number_input("Evidence", 1, 20, defaults.evidence, key=f"evidence-{side}", width=110)
    return replace(options, retrieve=each, evidence=size, score_cache=False)


with st.container(horizontal_alignment="center"), st.container(width=WIDE, gap="medium"):
    page_heading("Playground", "Change the stages and see what it does to one question; no language model is called")
    if not any(document.status is Status.READY for document in app.store.documents()):
        empty_state("compare_arrows", "Nothing to rank yet", "Add a document in the Library first.")
        st.stop()
    with st.form("compare", border=False):
        question = st.text_input("Question", key="compare-question", placeholder="A question to rank passages for")
        left, right = st.columns(2, gap="large")
        with left:
            first = choose("A", app.engine.options)
        with right:
            second = choose("B", app.engine.options)
        pressed = st.form_submit_button("Compare", type="primary", icon=":material/compare_arrows:")
    if pressed and question.strip():
        traces = []
        try:
            with st.spinner("Ranking twice", show_time=True):
                for options in (first, second):
                    traces.append(app.engine.retrieve(question.strip(), options=options))
        except SecondPassError as error:
            draw_error(error)
            st.stop()
        st.markdown(f"**{agreement(traces[0], traces[1])}**")
        for column, side, trace, other in zip(st.columns(2, gap="large"), "AB", traces, reversed(traces), strict=True):
            with column:
                st.caption(f"Order {side} in {seconds(trace.total_ms)}")
                for step in trace.steps:
                    if step.degraded:
                        st.warning(plain(step.note), icon=":material/warning:")
                draw_list(places(trace, other), compare=True)
