"""Before → after: the bump chart, the table, and a look at any candidate, also at those that fell out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.show import rank_shift
from app.show.evidence import PassageActions
from app.show.judgement import mark_control
from app.show.passage import heading, passage_html, place
from ingest.documents import Chunk
from rag.tracing import Answer, Trace

if TYPE_CHECKING:
    from app.application import Application

SIZES = {"first 10": 10, "first 20": 20, "first 50": 50, "all": 10**6}


def draw_shift(
    app: Application,
    question_id: str,
    trace: Trace,
    answer: Answer,
    marks: Mapping[str, bool],
    actions: PassageActions,
) -> None:
    candidates = rank_shift.shifts(trace, answer, marks)
    if not candidates:
        st.caption("No candidate was found, so there is nothing to order.")
        return
    st.markdown(rank_shift.summary(trace, candidates))
    size = st.segmented_control(
        "How many of each stage", list(SIZES), default="first 20", required=True, key=f"size-{question_id}"
    )
    shown = rank_shift.best(candidates, SIZES[size or "first 20"])
    st.altair_chart(rank_shift.chart(shown), alt=rank_shift.summary(trace, candidates), key=f"bump-{question_id}")
    stages = rank_shift.stages_of(candidates)
    st.caption(
        f"Each line is a passage on its way through {plain(', '.join(stages))}; "
        "the numbers in brackets are those given to the answer. Point at a line for its ranks and scores."
    )
    event = st.dataframe(
        rank_shift.table(candidates),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"table-{question_id}",
        height=360,
        column_config={
            "fate": st.column_config.TextColumn(width=110),
            "p.": st.column_config.NumberColumn(width=45, help="Page"),
            "document": st.column_config.TextColumn(width=150),
            **{f"{stage} #": st.column_config.NumberColumn(width=75) for stage in stages},
            "change": st.column_config.NumberColumn(width=75, help="Places won from the first to the last stage"),
            **{f"{stage} score": st.column_config.NumberColumn(format="%.3g") for stage in stages},
        },
        alt="Every candidate with its rank and score at each stage",
    )
    rows = event.selection.rows
    labels = [f"{number}. {place(shift.chunk)}" for number, shift in enumerate(candidates, start=1)]
    chosen = st.selectbox(
        "Look at a candidate (or choose its row above)",
        range(len(candidates)),
        format_func=labels.__getitem__,
        index=rows[0] if rows else None,
        placeholder="Choose a passage to read and to mark, also one that fell out",
        key=f"look-{question_id}-{rows[0] if rows else 'none'}",
    )
    if chosen is not None:
        _draw_candidate(app, question_id, candidates[chosen], actions)


def _draw_candidate(app: Application, question_id: str, shift: rank_shift.Shift, actions: PassageActions) -> None:
    chunk = _with_text(app, shift.chunk)
    with st.container(border=True):
        st.subheader(heading(chunk, evidence_number=shift.evidence_number), anchor=False)
        st.caption(" → ".join(f"#{rank} {stage}" for stage, rank in shift.ranks.items()) + f" · {shift.fate}")
        if chunk.text:
            st.html(passage_html(chunk.content))
        else:
            st.caption("The text is no longer in the library.")
        mark_control(
            question_id,
            chunk,
            shift.relevant,
            actions.save_mark,
            actions.remove_mark,
            key=f"{question_id}-{chunk.id}-shift",
        )


def _with_text(app: Application, chunk: Chunk) -> Chunk:
    """Records keep the text of the best candidates only; the rest is read from the library."""
    if chunk.text:
        return chunk
    return next(iter(app.store.chunks([chunk.id])), chunk)
