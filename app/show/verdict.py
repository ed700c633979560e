"""The verdict on the reranker, from a person's own marks: one value in, one card out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.moved import Moved


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Two orders compared on the same marked questions.

    metric: its name ("MRR"). before and after: its mean in 0..1. low and high: the bootstrap interval of
    after − before. better, worse, same: questions. extra_ms: what the second order costs a question.
    needed: marked questions that are still missing for a verdict; 0 when there are enough.
    """

    metric: str
    before: float
    after: float
    low: float
    high: float
    better: int
    worse: int
    same: int
    extra_ms: float
    needed: int = 0


def sentence(verdict: Verdict) -> str:
    """The verdict in one line, which says "not enough marks yet" when that is the truth."""
    count = verdict.better + verdict.worse + verdict.same
    if verdict.needed > 0:
        return f"Not enough marks yet: {count} marked questions, {verdict.needed} more are needed for a verdict."
    if verdict.low > 0:
        return "The rerankers help on your questions."
    if verdict.high < 0:
        return "The rerankers harm the order on your questions: switch the precise stage off, or choose another."
    return "No difference can be shown on your questions: the interval holds zero."


def figures(verdict: Verdict) -> str:
    return (
        f"{verdict.metric} {verdict.before:.2f} → {verdict.after:.2f}, interval of the difference "
        f"{verdict.low:+.2f} to {verdict.high:+.2f}; {verdict.better} better, {verdict.worse} worse, "
        f"{verdict.same} the same, {verdict.extra_ms:+.0f} ms a question"
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


def draw(verdict: Verdict) -> None:
    import streamlit as st

    with st.container(border=True):
        st.subheader("Verdict on the rerankers", anchor=False)
        st.markdown(f"**{sentence(verdict)}**")
        if verdict.needed == 0:
            st.caption(figures(verdict))
