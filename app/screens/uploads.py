"""Adding files: several at once, into a collection, with a plain word on what happened to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.show.documents import became
from app.show.passage import short
from app.words import explain
from ingest.errors import SecondPassError
from ingest.read.registry import ENDINGS, OFFERED

if TYPE_CHECKING:
    from app.application import Application


def upload(app: Application) -> None:
    with st.form("upload", border=True, clear_on_submit=True):
        files = st.file_uploader(
            f"Add files: {', '.join(one.name for one in OFFERED)}",
            type=list(ENDINGS),
            accept_multiple_files=True,
            max_upload_size=app.settings.read.file_mb,
            key="files",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            own = app.settings.library.collection  # first, so that nobody's files land among the samples by accident
            names = [own, *(name for name in app.library.collections() if name != own)]
            collection = st.selectbox(
                "Collection (type a new name to create one)",
                names,
                accept_new_options=True,
                key="into",
                width=320,
            )
            replace = st.checkbox("Replace files of the same name", key="replace")
            pressed = st.form_submit_button("Add to the library", type="primary", icon=":material/upload:")
    if pressed and not files:
        st.caption("Choose at least one file first.")
    if pressed and files:
        st.session_state["added"] = [
            _add(app, file.name, file.getvalue(), (collection or app.settings.library.collection).strip(), replace)
            for file in files
        ]
    for icon, line in st.session_state.pop("added", []):
        st.markdown(f"{icon} {line}")


def _add(app: Application, name: str, data: bytes, collection: str, replace: bool) -> tuple[str, str]:
    """(icon, what happened) as Markdown of our own with the name escaped."""
    shown = f"**{plain(short(name))}**"
    try:
        added = app.library.add(data, name, collection=collection, replace=replace)
    except (SecondPassError, OSError) as error:
        words = explain(error)
        return ":red[:material/error:]", f"{shown}: {plain(words.sentence)} {plain(words.action)}"
    line = f"{shown} {plain(short(became(added.document, name, existed=added.existed), 300))}"
    return (":orange[:material/content_copy:]" if added.existed else ":green[:material/check:]"), line
