"""Two rankings of one question side by side: who moved, who is only in one of them."""

from __future__ import annotations

from dataclasses import dataclass

from app.safe_text import plain
from app.show.passage import final_mark, heading, movement, number
from ingest.documents import Chunk
from rag.ranking import Candidate
from rag.tracing import Trace


@dataclass(frozen=True, kw_only=True)
class Place:
    """A passage's place in one list, and its place in the other (None when it is not there)."""

    rank: int
    other: int | None
    candidate: Candidate

    @property
    def chunk(self) -> Chunk:
        return self.candidate.chunk


def places(trace: Trace, other: Trace) -> list[Place]:
    """The evidence of `trace`, each with its place in the evidence of `other`."""
    elsewhere = {candidate.chunk.id: rank for rank, candidate in enumerate(other.evidence, start=1)}
    return [
        Place(rank=rank, other=elsewhere.get(candidate.chunk.id), candidate=candidate)
        for rank, candidate in enumerate(trace.evidence, start=1)
    ]


def agreement(left: Trace, right: Trace) -> str:
    """In one sentence, how much of the evidence the two have in common."""
    ours, theirs = ([candidate.chunk.id for candidate in trace.evidence] for trace in (left, right))
    if ours == theirs:
        return "Both give the answer the same passages in the same order."
    shared = len(set(ours) & set(theirs))
    first = "the same first passage" if ours[:1] == theirs[:1] else "different first passages"
    return f"{shared} of {max(len(ours), len(theirs))} passages in common, {first}."


def draw_list(listed: list[Place], *, compare: bool) -> None:
    import streamlit as st

    for place in listed:
        mark = final_mark(place.candidate)
        score = f":gray-badge[{plain(mark.stage)} {number(mark.score)}]" if mark else ""
        change = ""
        if compare:
            change = movement(place.other, place.rank) if place.other else ":orange-badge[only in this list]"
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{place.rank}** · {heading(place.chunk)}")
            st.markdown(f"{change} {score}")
            text = " ".join(place.chunk.text.split())
            st.caption(plain(text[:220] + ("…" if len(text) > 220 else "")))
