"""Ask: the conversation, its answers, and under the newest one why each passage made the cut."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.screens.asking import ask_now, attach
from app.screens.conversations import current_conversation, sidebar
from app.screens.scope import scope_picker
from app.screens.turn import draw_turn
from app.screens.welcome import welcome
from app.shared import application
from app.show.frame import READING_WIDTH
from ingest.documents import Status
from ingest.read.registry import ENDINGS

STATIC = Path(__file__).resolve().parent.parent / "static"

app = application()
conversation = current_conversation(app)
documents = list(app.store.documents())
sidebar(app, conversation)
for page in ("citations.html", "direction.html", "newest.html", "phone.html"):  # of our own, the same for everyone
    st.sidebar.html(STATIC / page, unsafe_allow_javascript=True)

with st.bottom, st.container(horizontal_alignment="center", gap="xsmall"):
    with st.container(width=READING_WIDTH):
        scope = scope_picker(app, documents)
    box = st.chat_input(
        "Ask your documents, or drop a file here",
        key="question",
        accept_file="multiple",
        file_type=list(ENDINGS),
        max_upload_size=app.settings.read.file_mb,
        submit_mode="disable",
        width=READING_WIDTH,
    )
question = st.session_state.pop("ask_this", None) or (box.text.strip() if box else "")
files = list(box.files) if box else []

with st.container(horizontal_alignment="center"), st.container(width=READING_WIDTH, gap="medium"):
    past = app.journal.questions(conversation_id=conversation, newest_first=False) if conversation else []
    opened = st.session_state.get("opened_turn", "")
    place = st.empty()  # always here, so that the welcome goes away the moment a question is asked
    if not past and not question and not files:
        with place.container(gap="medium"):
            welcome(app, documents)
    newest = past[-1].id if past else ""
    shown = "" if question else opened if any(asked.id == opened for asked in past) else newest
    for asked in past:
        draw_turn(app, asked, opened=asked.id == shown)
    attached = attach(app, files) if files else ()
    if question:
        ask_now(app, question, conversation, scope, attached, st.session_state.pop("ask_with", None))
    elif attached:
        st.rerun()
    elif not any(document.status is Status.READY for document in documents) and past:
        st.caption("No document is ready now; answers need at least one.")
