"""The answer in words: citations that lead to their cards, and everything that a reader must know before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.safe_text import plain, safe_markdown
from app.show.passage import short, stage_name
from rag.tracing import Answer, Outcome, Trace

_NUMBER = re.compile(r"\[(\d{1,3})\](?![(\[:])")

OUTCOMES = {
    Outcome.NOT_IN_DOCUMENTS: (
        "Not in the documents",
        "Nothing in the searched documents answers this. The nearest passages are below, so that you can judge.",
    ),
    Outcome.NO_DOCUMENTS: (
        "Nothing to search yet",
        "No document is ready. Add a PDF in the Library, or drop one into the question box.",
    ),
    Outcome.MODEL_UNAVAILABLE: (
        "The language model gave no answer",
        "The passages below were found and ordered as always; only the wording of an answer is missing.",
    ),
    Outcome.INTERRUPTED: ("The answer was cut off", "What had arrived is shown. Ask again for the whole answer."),
}


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something to read before the answer. `grave` is a warning; otherwise it is information."""

    title: str
    text: str
    grave: bool = True


def anchor(question_id: str, number: int) -> str:
    """The id of an evidence card on the page."""
    return f"evidence-{re.sub(r'[^a-zA-Z0-9]', '', question_id)[:12]}-{number}"


def answer_markdown(answer: Answer, question_id: str, *, linked: bool = True) -> str:
    """The answer as safe Markdown; each [n] that was really cited becomes a link to its evidence card."""
    known = {citation.number for citation in answer.citations}

    def link(found: re.Match[str]) -> str:
        number = int(found[1])
        return f"[\\[{number}\\]](#{anchor(question_id, number)})" if number in known else found[0]

    spaced = re.sub(r"\](?=\[\d)", "] ", answer.text)  # "[1][2]" would read as a reference link
    safe = safe_markdown(spaced)
    return _NUMBER.sub(link, safe) if linked else safe


def notices(trace: Trace, answer: Answer) -> list[Notice]:
    """In the order in which they matter: how it ended, then what a stage could not do."""
    found = []
    if answer.outcome in OUTCOMES:
        title, text = OUTCOMES[answer.outcome]
        grave = answer.outcome in (Outcome.MODEL_UNAVAILABLE, Outcome.INTERRUPTED)
        found.append(Notice(title=title, text=f"{text} {answer.message}".strip(), grave=grave))
    elif answer.message:
        found.append(Notice(title="Good to know", text=answer.message, grave=False))
    found += [
        Notice(title=f"The {stage_name(step.name)} stage could not do its work", text=step.note)
        for step in trace.steps
        if step.degraded
    ]
    if answer.removed_citations:
        count = answer.removed_citations
        text = f"The model named {count} source{'s' if count > 1 else ''} that it was never given; removed."
        found.append(Notice(title="Citations removed", text=text))
    return found


def draw_notices(found: Sequence[Notice]) -> None:
    import streamlit as st

    for notice in found:
        if notice.grave:
            st.warning(plain(notice.text), title=plain(notice.title), icon=":material/warning:")
        else:
            st.info(plain(notice.text), title=plain(notice.title), icon=":material/info:")


def byline(answer: Answer, trace: Trace) -> str:
    """Who worded the answer, from how many passages, how sure, in which time; Markdown of our own."""
    parts = []
    if answer.generator:
        parts.append(plain(answer.generator))
    if len(trace.evidence):
        count = len(trace.evidence)
        parts.append(f"{count} passage{'s' if count > 1 else ''} given")
    if answer.confidence is not None:
        colour = "green" if answer.confidence >= 0.7 else "orange" if answer.confidence >= 0.4 else "red"
        parts.append(f":{colour}[{answer.confidence:.0%} sure that the evidence answers it]")
    total = trace.total_ms + answer.ms
    parts.append(f"{total / 1000:.1f} s" if total >= 1000 else f"{total:.0f} ms")
    return " · ".join(parts)


def question_heading(question: str) -> str:
    """A question as Markdown for a heading, escaped; very long ones are cut (the whole text stands in the prompt)."""
    return plain(short(question, 400))
