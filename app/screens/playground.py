"""Playground: one question, two settings of the stages, both rankings side by side. No language model is called."""

from __future__ import annotations

import time
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

if TYPE_CHECKING:
    from rag.engine import Options

app = application()


def choose(side: str, defaults: Options) -> Options:
    names = choices(app, defaults.fast, defaults.precise)
    st.subheader(f"Order {side}", anchor=False)
    fast = st.selectbox("Fast reranker", names, names.index(defaults.fast), key=f"fast-{side}", accept_new_options=True)
    precise = st.selectbox(
        "Precise reranker",
        names,
        names.index(defaults.precise if side == "A" else "none"),
        key=f"precise-{side}",
        accept_new_options=True,
    )
    with st.container(horizontal=True):
        found = st.number_input("Per index", 1, 1000, defaults.retrieve, key=f"retrieve-{side}", width=110)
        keep = st.number_input("Kept by fast", 1, 200, defaults.fast_keep, key=f"keep-{side}", width=110)
        size = st.number_input("Evidence", 1, 20, defaults.evidence, key=f"evidence-{side}", width=110)
    return replace(
        defaults, fast=fast, precise=precise, retrieve=found, fast_keep=keep, evidence=size, score_cache=False
    )


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
        traces, times = [], []
        try:
            with st.spinner("Ranking twice", show_time=True):
                for options in (first, second):
                    started = time.perf_counter()
                    traces.append(app.engine.retrieve(question.strip(), options=options))
                    times.append((time.perf_counter() - started) * 1000)
        except SecondPassError as error:
            draw_error(error)
            st.stop()
        st.markdown(f"**{agreement(traces[0], traces[1])}**")
        for column, side, trace, other, ms in zip(
            st.columns(2, gap="large"), "AB", traces, reversed(traces), times, strict=True
        ):
            with column:
                st.caption(f"Order {side} in {seconds(ms)}")
                for step in trace.steps:
                    if step.degraded:
                        st.warning(plain(step.note), icon=":material/warning:")
                draw_list(places(trace, other), compare=True)
