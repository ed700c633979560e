"""The verdict on the reranker, from a person's own marks: one value in, one card out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.measure.verdict import MINIMUM
from rag.stages import Kind, kind_of

if TYPE_CHECKING:
    from rag.learn.moved_marks import Moved
    from rag.measure.verdict import Verdict


def sentence(verdict: Verdict | None, stages: Sequence[Verdict] = ()) -> str:
    """The verdict in one line, which says "not enough marks yet" when that is the truth, and which stage does not win.

    None: nothing was marked.
    """
    count, needed = (verdict.questions, verdict.needed) if verdict else (0, MINIMUM)
    if verdict is None or not verdict.enough:
        return f"Not enough marks yet: {count} marked questions, {needed - count} more are needed for a verdict."
    rerankers = [stage for stage in stages if stage.enough and kind_of(stage.stage) is Kind.RERANK]
    worse = [stage.stage for stage in rerankers if stage.earns_its_time is False]
    unproven = [stage.stage for stage in rerankers if stage.earns_its_time is None]
    if verdict.low > 0:
        said = "The rerankers help on your questions."
    elif verdict.high < 0:
        said = "The rerankers harm the order on your questions."
    else:
        said = "No difference can be shown on your questions: the interval holds zero."
    if worse:
        said += f" It gets worse by {_names(worse)}: switch that off, or choose another reranker."
    if unproven:
        said += f" No gain can be shown for {_names(unproven)}."
    return said


def _names(stages: Sequence[str]) -> str:
    return " and ".join(stages)


def figures(verdict: Verdict) -> str:
    return (
        f"MRR {verdict.before:.2f} → {verdict.after:.2f}, interval of the difference "
        f"{verdict.low:+.2f} to {verdict.high:+.2f}; {verdict.better} better, {verdict.worse} worse, "
        f"{verdict.same} the same, {verdict.added_ms:+.0f} ms a question"
    )


NOTHING_MOVED = "Every marked page stands where it stood when it was marked."


def moved_lines(moved: Sequence[Moved]) -> list[dict[str, object]]:
    """One row of a table for each marked page that stands elsewhere now."""
    return [
        {
            "question": one.question,
            "marked page": f"{one.document}, p. {one.page}",
            "then": str(one.before or "out"),
            "now": str(one.now or "out"),
        }
        for one in moved
    ]


def draw(verdict: Verdict | None, stages: Sequence[Verdict]) -> None:
    import streamlit as st

    from app.safe_text import plain

    with st.container(border=True):
        st.subheader("Verdict on the rerankers", anchor=False)
        st.markdown(f"**{plain(sentence(verdict, stages))}**")
        if verdict and verdict.enough:
            st.caption(figures(verdict))
