"""One question with its answer; the opened one shows evidence, ranking, timing and prompt under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.screens.passages import passage_actions, read_document
from app.screens.rerun import draw_rerun
from app.screens.shift import draw_shift
from app.show import answer as answers
from app.show.evidence import cards, draw_card
from app.show.judgement import thumbs
from app.show.passage import short
from app.show.prompt import draw_prompt
from app.show.timing import draw_timing
from app.show.trouble import said_plainly
from ingest.questions import AskedQuestion
from rag.tracing import Answer, Trace, answer_from_json, trace_from_json

if TYPE_CHECKING:
    from app.application import Application


def draw_turn(app: Application, asked: AskedQuestion, *, opened: bool) -> None:
    with st.container(gap="small"):
        _draw_turn(app, asked, opened=opened)


def _draw_turn(app: Application, asked: AskedQuestion, *, opened: bool) -> None:
    trace, answer = trace_from_json(asked.trace), answer_from_json(asked.answer)
    st.header(answers.question_heading(asked.question), anchor=False)
    if trace.searched != trace.question:
        st.caption(f":material/subdirectory_arrow_right: searched as: {plain(short(trace.searched, 300))}")
    answers.draw_notices(answers.notices(trace, answer))
    if answer.text:
        st.markdown(answers.answer_markdown(answer, asked.id, linked=opened))
    _sources(app, asked, trace, answer)
    st.caption(answers.byline(answer, trace))
    if opened:
        _feedback(app, asked.id)
        _details(app, asked.id, trace, answer)
    else:
        st.button(
            "Show evidence and ranking",
            key=f"open-{asked.id}",
            on_click=_open,
            args=(asked.id,),
            icon=":material/unfold_more:",
            type="tertiary",
        )


def _open(question_id: str) -> None:
    st.session_state["opened_turn"] = question_id


def _sources(app: Application, asked: AskedQuestion, trace: Trace, answer: Answer) -> None:
    """A button for each cited passage: opens the document at that page, the passage highlighted."""
    evidence = {number: candidate.chunk for number, candidate in enumerate(trace.evidence, start=1)}
    cited = {c.number: evidence[c.number] for c in answer.citations if c.number in evidence}
    with st.container(horizontal=True, gap="xsmall"):
        for number, chunk in cited.items():
            label = f"{number} · {plain(short(chunk.document_name, 40))}, p. {chunk.page}"
            if st.button(label, key=f"source-{asked.id}-{number}", icon=":material/description:"):
                passage_actions(app, asked.id).opened(chunk.id)
                read_document(app, chunk)


@st.fragment
def _feedback(app: Application, question_id: str) -> None:
    with said_plainly():
        asked = app.journal.question(question_id)
        thumbs(question_id, asked.thumb if asked else None, app.journal.thumb, app.journal.remove_thumb)


@st.fragment
def _details(app: Application, question_id: str, trace: Trace, answer: Answer) -> None:
    with said_plainly():
        asked = app.journal.question(question_id)
        marks = {mark.chunk_id: mark.relevant for mark in asked.marks} if asked else {}
        evidence, shift, timing, rerun, prompt = st.tabs(
            ["Evidence", "Before → after", "Timing", "Other rerankers", "Prompt"],
            key=f"tabs-{question_id}",
            on_change="rerun",
        )
        actions = passage_actions(app, question_id)
        if evidence.open:
            with evidence:
                if not len(trace.evidence):
                    st.caption("No passage was found.")
                for card in cards(trace, answer, marks):
                    draw_card(card, question_id, actions)
        if shift.open:
            with shift:
                draw_shift(app, question_id, trace, answer, marks, actions)
        if timing.open:
            with timing:
                draw_timing(trace, answer, marks)
        if rerun.open:
            with rerun:
                draw_rerun(app, question_id, trace)
        if prompt.open:
            with prompt:
                draw_prompt(trace, answer)
