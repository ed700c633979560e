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

NOT_KEPT = (
    "The question is older than its trace is kept (traces_days), and nothing was marked: evidence, before → after and "
    "timing are gone. Its answer and sources stay. Ask again to see the order of today."
)


def draw_turn(app: Application, asked: AskedQuestion, *, opened: bool) -> None:
    with st.container(gap="small", key=f"turn-{asked.id}"):  # newest.html looks for this key
        _draw_turn(app, asked, opened=opened)


def _draw_turn(app: Application, asked: AskedQuestion, *, opened: bool) -> None:
    kept, answer = app.journal.trace(asked.id), answer_from_json(asked.answer)
    trace = trace_from_json(kept) if kept else _unkept(asked, answer)
    st.header(answers.question_heading(asked.question), anchor=False)
    if trace.searched != trace.question:
        st.caption(f":material/subdirectory_arrow_right: searched as: {plain(short(trace.searched, 300))}")
    answers.draw_notices(answers.notices(trace, answer))
    if answer.text:
        st.markdown(answers.answer_markdown(answer, asked.id, linked=opened and bool(kept)))
    _sources(app, asked, trace, answer)
    st.caption(answers.byline(answer, trace))
    if opened:
        _feedback(app, asked.id)
        if kept:
            _details(app, asked.id, trace, answer)
        else:
            st.caption(NOT_KEPT)
    else:
        st.button(
            "Show evidence and ranking",
            key=f"open-{asked.id}",
            on_click=_open,
            args=(asked.id,),
            icon=":material/unfold_more:",
            type="tertiary",
        )


def _unkept(asked: AskedQuestion, answer: Answer) -> Trace:
    """What is still known of a question whose trace was not kept: nothing but its time."""
    return Trace(question=asked.question, searched=asked.question, wall_ms=asked.total_ms - answer.ms)


def _open(question_id: str) -> None:
    st.session_state["opened_turn"] = question_id


def _sources(app: Application, asked: AskedQuestion, trace: Trace, answer: Answer) -> None:
    """A button for each cited passage: opens the document at that page, the passage highlighted."""
    evidence = {candidate.chunk.id: candidate.chunk for candidate in trace.evidence}
    if not evidence:  # the trace was not kept: what is cited may still be in the library
        evidence = {chunk.id: chunk for chunk in app.store.chunks([c.chunk_id for c in answer.citations])}
    cited = {c.number: evidence[c.chunk_id] for c in answer.citations if c.chunk_id in evidence}
    gone = {c.number: c for c in answer.citations if c.chunk_id not in evidence}
    with st.container(horizontal=True, gap="xsmall"):
        for number, chunk in cited.items():
            label = f"{number} · {plain(short(chunk.document_name, 40))}, p. {chunk.page}"
            if st.button(label, key=f"source-{asked.id}-{number}", icon=":material/description:"):
                passage_actions(app, asked.id).opened(chunk.id)
                read_document(app, chunk)
        for number, citation in gone.items():
            st.caption(f"{number} · {plain(short(citation.document, 40))}, p. {citation.page}")


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
