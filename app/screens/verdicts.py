"""The verdict on the rerankers, from the person's own marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.evaluation import verdicts_on_marks
from app.safe_text import plain
from app.show import verdict
from rag.verdict import MINIMUM

if TYPE_CHECKING:
    from app.wiring import Application


def draw_verdict(app: Application) -> None:
    """Both rerankers together as a card, each stage as a line; with too few marks it says how many are missing."""
    first, *stages = verdicts_on_marks(app) or [None]
    shown = (
        verdict.Verdict(
            metric="MRR",
            before=first.before,
            after=first.after,
            low=first.low,
            high=first.high,
            better=first.better,
            worse=first.worse,
            same=first.same,
            extra_ms=first.added_ms,
            needed=max(0, first.needed - first.questions),
        )
        if first
        else verdict.Verdict(
            metric="MRR", before=0, after=0, low=0, high=0, better=0, worse=0, same=0, extra_ms=0, needed=MINIMUM
        )
    )
    verdict.draw(shown)
    if shown.needed == 0:
        for stage in stages:
            if stage:
                st.caption(plain(stage.sentence))
