"""What was learned from thumbs and marks: start a run, follow it, see every version, undo the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.learning import learning_progress, start_learning, version_lines
from app.safe_text import plain
from app.show.frame import section
from app.show.passage import short
from app.show.trouble import said_plainly
from rag.fuse import LinearFusion
from rag.learn.changes import would_change
from rag.learn.decide import MINIMUM_MARKS
from rag.learn.precise_model import PRECISE_MINIMUM_MARKS
from rag.stages import PRECISE

if TYPE_CHECKING:
    from app.application import Application

HOW = (
    f"From about {MINIMUM_MARKS} marks the weights between the signals are learned, from about "
    f"{PRECISE_MINIMUM_MARKS} the precise reranker as well. A candidate is used only if it is better on marked "
    "questions that it did not learn from, and no worse on the shipped ones."
)


def draw_learning(app: Application) -> None:
    with section("What your feedback changed", HOW), said_plainly():
        progress = learning_progress(app.settings)
        with st.container(horizontal=True):
            if st.button("Learn from feedback", icon=":material/school:", disabled=progress.running):
                start_learning(app.settings)
                st.rerun()
            if app.versions.current_version("fusion") and st.button("Undo the last change", icon=":material/undo:"):
                app.versions.rollback("fusion", "undone on the Insights page")
                st.rerun()
            if app.versions.current_version("precise") and st.button("Undo the last precise model"):
                app.versions.rollback("precise", "undone on the Insights page")
                st.rerun()
        st.fragment(_follow, run_every="2s" if progress.running else None)(app, progress.running)
        versions = app.versions.list_versions()
        if versions:
            st.dataframe(version_lines(versions), hide_index=True)
            _changes(app)
        else:
            st.caption("Nothing was learned yet: the shipped weights are in use.")


def _follow(app: Application, was_running: bool) -> None:
    progress = learning_progress(app.settings)
    if progress.lines:
        icon = ":material/hourglass_top:" if progress.running else ":material/check:"
        st.caption(f"{icon} {plain(short(progress.lines[-1], 300))}")
    if was_running and not progress.running:
        st.rerun()


def _changes(app: Application) -> None:
    """What the newest fusion weights would have shown for judged questions, whether they are in use or not."""
    newest = next((version for version in app.versions.list_versions("fusion")), None)
    if newest is None:
        return
    fusion = LinearFusion(weights=newest.weights["weights"], version=newest.id)
    stage = str(newest.scores.get("stage", PRECISE))
    changes = would_change(app.journal.judged_with_traces(), fusion, stage=stage)
    judged = len(app.journal.questions(judged=True))
    firsts = sum(change.another_first for change in changes)
    st.caption(
        f"With {plain(newest.id)}, {len(changes)} of {judged} judged questions would have shown other evidence or "
        f"another order, {firsts} of them another first passage."
    )
    for change in changes[:5]:
        st.markdown(f"- {plain(short(change.question, 110))}: {len(change.entered)} passages new among the first five")
