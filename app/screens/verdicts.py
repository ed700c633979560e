"""The verdict on the rerankers, from the person's own marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.evaluation import moved_since_marked, verdicts_on
from app.safe_text import plain
from app.show import verdict
from app.show.frame import asking_bar, section
from app.show.trouble import said_plainly

if TYPE_CHECKING:
    from app.application import Application


def draw_verdict(app: Application) -> None:
    """All rerankers together as a card, each stage as a line; with too few marks it says how many are missing."""
    overall, stages = verdicts_on(app)
    verdict.draw(overall, stages)
    for stage in stages if overall and overall.enough else ():
        st.caption(plain(stage.sentence))


AGAIN = (
    "Asks every question with a relevant mark again and compares the places of the marked pages with those of then: "
    "after files were added or indexed anew, another model, or learned weights."
)


def draw_moved(app: Application) -> None:
    """Which marked pages stand elsewhere now, on request: it takes a question's time for each."""
    with section("What moved since you marked it", AGAIN), said_plainly():
        if st.button("Ask the marked questions again", icon=":material/replay:"):
            with asking_bar() as progress:
                st.session_state["moved"] = moved_since_marked(app, progress)
        changes = st.session_state.get("moved")
        if changes:
            st.dataframe(verdict.moved_lines(changes), hide_index=True)
        elif changes is not None:
            st.caption(verdict.NOTHING_MOVED)
