"""The same question ranked with other rerankers: both lists of evidence side by side, without a new answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.screens.rerankers import choices
from app.show.comparison import agreement, draw_list, places
from app.show.timing import seconds
from app.show.trouble import draw_error
from ingest.errors import SecondPassError
from rag.engine import retrieve_again
from rag.tracing import Trace

if TYPE_CHECKING:
    from app.application import Application
    from rag.engine import Options


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """options: what was asked for. trace: what came of it."""

    options: Options
    trace: Trace


def draw_rerun(app: Application, question_id: str, trace: Trace) -> None:
    ran = {step.name: step.model for step in trace.rerankers}  # what the question was ranked with, as it is on record
    used = {stage.name: ran.get(stage.name, stage.reranker) for stage in app.engine.options.cascade}
    with st.form(f"rerun-form-{question_id}", border=False):
        st.caption(
            "The same question with other rerankers. Nothing that is on record changes; no language model is asked."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = {
                name: _choice(app, f"{plain(name).capitalize()} reranker", reranker, f"rerun-{name}-{question_id}")
                for name, reranker in used.items()
            }
            pressed = st.form_submit_button("Rank again", type="primary", icon=":material/compare_arrows:")
    key = f"rerun-{question_id}"
    if pressed:
        options = app.engine.options
        for name, reranker in chosen.items():
            options = options.with_stage(name, reranker=reranker)
        with st.spinner("Ranking", show_time=True):
            st.session_state[key] = _ranked(app, trace, options)
    rerun: Rerun | None = st.session_state.get(key)
    if rerun:
        _draw(trace, rerun)
        st.button(
            "Answer with this order",
            key=f"rerun-ask-{question_id}",
            icon=":material/forum:",
            on_click=_answer_with,
            args=(trace.question, rerun.options),
        )


def _choice(app: Application, label: str, used: str, key: str) -> str:
    names = choices(app, used)
    return str(st.selectbox(label, names, key=key, accept_new_options=True, width=300) or used)


def _ranked(app: Application, trace: Trace, options: Options) -> Rerun | None:
    try:
        return Rerun(options=options, trace=retrieve_again(app.engine, trace, options))
    except SecondPassError as error:
        draw_error(error)
        return None


def _draw(before: Trace, rerun: Rerun) -> None:
    st.markdown(f"**{agreement(before, rerun.trace)}**")
    for column, title, trace, other in zip(
        st.columns(2, gap="medium"),
        ("As answered", "Ranked again"),
        (before, rerun.trace),
        (rerun.trace, before),
        strict=True,
    ):
        with column:
            st.subheader(title, anchor=False)
            way = " → ".join(step.model for step in trace.rerankers)
            st.caption(f"{plain(way)} · {seconds(trace.total_ms)}")
            for step in trace.steps:
                if step.degraded:
                    st.warning(plain(step.note), icon=":material/warning:")
            draw_list(places(trace, other), compare=True)


def _answer_with(question: str, options: Options) -> None:
    st.session_state["ask_this"] = question
    st.session_state["ask_with"] = options
