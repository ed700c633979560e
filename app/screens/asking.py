"""One question on its way: files dropped with it are read first, then the answer streams in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.safe_text import SafeStream, plain
from app.screens.conversations import open_conversation
from app.screens.scope import Scope
from app.show.answer import draw_notices, notices, question_heading
from app.show.documents import ACTIVE, progress
from app.show.passage import short
from app.show.trouble import draw_error
from ingest.documents import Document, Status
from ingest.errors import SecondPassError
from rag.tracing import Answer, Outcome

if TYPE_CHECKING:
    from app.application import Application
    from rag.engine import Options

WAIT_S = 180.0  # for a file dropped with a question; reading goes on in the background after that


def attach(app: Application, files: Sequence[Any]) -> tuple[str, ...]:
    """Put the files into the library and wait, with live counts, until they are ready. Returns the ready ids."""
    added: list[str] = []
    for file in files:
        try:
            result = app.library.add(file.getvalue(), file.name, collection=app.settings.library.collection)
            added.append(result.document.id)
        except SecondPassError as error:
            st.markdown(f"**{plain(short(file.name))}**")
            draw_error(error)
    with st.status("Reading the files", expanded=True) as status:
        ready = _wait(app, added)
        missing = len(added) - len(ready)
        label = f"{len(ready)} file{'s' if len(ready) != 1 else ''} ready"
        status.update(
            label=label + (f", {missing} not: see the Library" if missing else ""),
            state="error" if missing else "complete",
            expanded=bool(missing),
        )
    st.session_state["search_only"] = list(ready)
    return ready


def _wait(app: Application, ids: Sequence[str]) -> tuple[str, ...]:
    line = st.empty()
    until = time.monotonic() + WAIT_S
    while True:
        rows = [document for document in app.store.documents() if document.id in ids]
        busy = [document for document in rows if document.status in ACTIVE]
        with line.container():
            for document in rows:
                _line(document)
        if not busy or time.monotonic() > until:
            return tuple(document.id for document in rows if document.status is Status.READY)
        time.sleep(0.3)


def _line(document: Document) -> None:
    share, text = progress(document)
    if document.status in (Status.PARSING, Status.INDEXING):
        st.progress(share, text=f"{plain(short(document.name, 50))}: {text}")
    else:
        st.markdown(f"**{plain(short(document.name))}**: {plain(document.reason or text)}")


def ask_now(
    app: Application,
    question: str,
    conversation: str,
    scope: Scope,
    attached: Sequence[str],
    options: Options | None = None,
) -> None:
    """Rank, stream the answer, then draw everything again from what was recorded. options: None for the settings'."""
    with st.container(gap="small", key="turn-asked-now"):  # newest.html looks for this key
        _answer_now(app, question, conversation, scope, attached, options)


def _answer_now(
    app: Application,
    question: str,
    conversation: str,
    scope: Scope,
    attached: Sequence[str],
    options: Options | None,
) -> None:
    st.header(question_heading(question), anchor=False)
    if not app.models_ready():
        st.caption(plain(app.models_note() or "The models are still loading; this first answer takes longer."))
    try:
        with st.spinner("Searching and ranking", show_time=True):
            stream = app.engine.ask(
                question,
                conversation_id=conversation or None,
                collections=() if attached else scope.collections,
                document_ids=tuple(attached) or scope.document_ids,
                options=options,
            )
        draw_notices(notices(stream.trace, Answer(text="", outcome=Outcome.ANSWERED)))
        with closing(stream):  # also when the tab is closed: what was said is kept, the model is let go
            st.write_stream(SafeStream(stream))
    except SecondPassError as error:
        draw_error(error)
        return
    open_conversation(stream.conversation_id)
    st.session_state["opened_turn"] = stream.record_id
    st.rerun()
