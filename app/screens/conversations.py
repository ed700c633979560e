"""Conversations in the sidebar. The open one stands in the address (?c=…), so that a reload finds it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.show.passage import short

if TYPE_CHECKING:
    from app.application import Application


def current_conversation(app: Application) -> str:
    """The id in the address, else the one last open in this tab, else "" for a new one."""
    wanted = st.query_params.get("c", "")
    if st.session_state.pop("new_conversation", False):
        wanted = ""
    elif not wanted:
        wanted = st.session_state.get("conversation", "")
    if wanted and not any(row.id == wanted for row in app.journal.conversations()):
        wanted = ""
    open_conversation(wanted)
    return wanted


def open_conversation(conversation_id: str) -> None:
    """Remember which conversation is open, in the session and in the address."""
    st.session_state["conversation"] = conversation_id
    if conversation_id:
        st.query_params["c"] = conversation_id
    else:
        st.query_params.pop("c", None)


def _start_new() -> None:
    st.session_state["new_conversation"] = True
    st.session_state["search_only"] = []  # a file dropped into the last conversation does not narrow this one


def _switch(conversation_id: str) -> None:
    st.session_state.pop("opened_turn", None)
    open_conversation(conversation_id)


def sidebar(app: Application, conversation: str, *, shown: int = 30) -> None:
    with st.sidebar:
        st.button(
            "New conversation", on_click=_start_new, icon=":material/edit_square:", width="stretch", key="new-talk"
        )
        rows = app.journal.conversations()
        if not rows:
            st.caption("Your conversations will be listed here.")
        with st.container(gap="xxsmall"):
            for row in rows[:shown]:
                st.button(
                    plain(short(row.title or "Untitled", 90)),
                    key=f"talk-{row.id}",
                    on_click=_switch,
                    args=(row.id,),
                    type="secondary" if row.id == conversation else "tertiary",
                    icon=":material/chat_bubble:",
                    help=f"{row.questions} question{'s' if row.questions != 1 else ''}, {row.started_at:%d %b %Y}",
                    wrap=False,
                )
        if len(rows) > shown:
            st.caption(f"and {len(rows) - shown} older ones")
        if conversation:
            with st.popover("Delete this conversation", icon=":material/delete:", type="tertiary"):
                st.markdown("Delete it with its answers, thumbs and marks? This cannot be undone.")
                st.button(
                    "Delete for good", key="delete-talk", type="primary", on_click=_delete, args=(app, conversation)
                )


def _delete(app: Application, conversation_id: str) -> None:
    app.journal.delete_conversation(conversation_id)
    st.session_state["new_conversation"] = True
