"""An empty conversation: what to do first, and questions to try when the samples are there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.show.documents import ACTIVE
from app.show.frame import empty_state, page_heading, question_buttons
from ingest.documents import Document, Status

if TYPE_CHECKING:
    from app.application import Application

GOLDEN = Path(__file__).resolve().parent.parent.parent / "data" / "samples" / "golden.jsonl"


def welcome(app: Application, documents: Sequence[Document]) -> None:
    ready = [document for document in documents if document.status is Status.READY]
    if not ready:
        _nothing_ready(documents)
        return
    pages = sum(document.pages for document in ready)
    page_heading(
        "What do you want to know?",
        f"{len(ready)} documents, {pages} pages. Every answer shows the passages it rests on, "
        "how each was ranked before and after reranking, and what fell out.",
    )
    questions = sample_questions({document.name for document in ready})
    if questions:
        st.caption("Try one of these on the sample documents")
        question_buttons(questions, _ask_this, key="sample")
    if not app.models_ready():
        _models_line(app)


@st.fragment(run_every="2s")
def _models_line(app: Application) -> None:
    if app.models_ready():
        st.caption(":material/check: Models are loaded.")
    else:
        from app.safe_text import plain

        st.caption(f":material/hourglass_top: {plain(app.models_note() or 'The models are loading.')}")


def _nothing_ready(documents: Sequence[Document]) -> None:
    if any(document.status in ACTIVE for document in documents):
        empty_state("hourglass_top", "Your documents are being read", "Follow them in the Library; then ask here.")
    else:
        empty_state(
            "library_add",
            "Begin with a document",
            "Drop a file into the question box below, or add several in the Library. They stay on this machine.",
        )
    with st.container(horizontal_alignment="center"):
        st.page_link("screens/library.py", label="Go to the Library", icon=":material/library_books:")


def _ask_this(question: str) -> None:
    st.session_state["ask_this"] = question


def sample_questions(names: set[str], count: int = 4, path: Path = GOLDEN) -> list[str]:
    """At most `count` golden questions, of different documents that are in the library; [] without samples."""
    if not path.is_file():
        return []
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        relevant = row.get("relevant") or [{}]
        document = relevant[0].get("document", "")
        if document in names:
            found.setdefault(document, row["question"])
    return list(found.values())[:count]
