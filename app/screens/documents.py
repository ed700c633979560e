"""The list of documents, refreshed every two seconds while any is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.screens.passages import open_reader
from app.show import documents as lines
from app.show.frame import empty_state
from app.show.passage import short
from app.show.trouble import draw_error, said_plainly
from ingest.documents import Document, Status
from ingest.errors import SecondPassError

if TYPE_CHECKING:
    from app.application import Application

A_PAGE = 20
ALL = "All collections"


def document_list(app: Application) -> None:
    busy = any(document.status in lines.ACTIVE for document in app.store.documents())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Search by name or title", key="find", icon=":material/search:")
        st.selectbox("Collection", [ALL, *app.library.collections()], key="shelf", width=240)
    st.fragment(_draw, run_every="2s" if busy else None)(app, busy)


def _draw(app: Application, was_busy: bool) -> None:
    with said_plainly():
        every = list(app.store.documents())
        shelf = st.session_state.get("shelf", ALL)
        found = lines.matching(every, st.session_state.get("find", ""), None if shelf == ALL else shelf)
        found = lines.sorted_for_reading(found)
        if not found:
            empty_state("search_off", "Nothing found", "Clear the search or choose all collections.")
        pages = -(-len(found) // A_PAGE)
        page = st.pagination(pages, key="list-page") if pages > 1 else 1
        for document in found[(page - 1) * A_PAGE : page * A_PAGE]:
            _line(app, document)
    if was_busy and not any(document.status in lines.ACTIVE for document in every):
        st.rerun()  # the whole page: the refresh stops, the counts above are those of now


def _line(app: Application, document: Document) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall", width="stretch"):
                lines.draw_line(document)
            choice = st.menu_button(
                "Actions", _choices(document), key=f"menu-{document.id}", type="tertiary", icon=":material/more_vert:"
            )
        if lines.failed_for_password(document):
            _password(app, document)
    if choice:
        _chosen(app, choice, document)


def _choices(document: Document) -> list[str]:
    if document.status is Status.READY:
        return ["Open", "Delete"]
    if document.status in lines.STUCK:
        return ["Try again", "Delete"]
    return ["Cancel"] if document.status is not Status.DELETING else ["Open"]


def _chosen(app: Application, choice: str, document: Document) -> None:
    try:
        if choice == "Try again":
            app.library.retry(document.id)
        elif choice == "Cancel":
            app.library.cancel(document.id)
            st.toast("It stops as soon as the passages in hand are done.", icon=":material/block:")
        else:
            st.session_state["act"] = (choice, document.id)
    except (SecondPassError, OSError) as error:
        draw_error(error)
        return
    st.rerun()


def _password(app: Application, document: Document) -> None:
    with st.form(f"password-{document.id}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            typed = st.text_input("Password of this file", type="password", key=f"typed-{document.id}", width=280)
            pressed = st.form_submit_button("Open with this password")
        st.caption("Used once to read the file; it is not stored.")
    if pressed and typed:
        app.library.retry(document.id, password=typed)
        st.rerun()


def act_on(app: Application) -> None:
    """Open the dialog that a line asked for in the run before."""
    choice, document_id = st.session_state.pop("act", (None, ""))
    document = next((row for row in app.store.documents() if row.id == document_id), None)
    if document is None:
        return
    if choice == "Open":
        open_reader(app, document)
    if choice == "Delete":
        _confirm(app, document)


@st.dialog("Delete this document?", icon=":material/delete:")
def _confirm(app: Application, document: Document) -> None:
    st.markdown(f"**{plain(short(document.name))}**")
    st.markdown(
        "It disappears from search at once, with its passages and the stored file. "
        "Questions already asked keep their answers and the text of their evidence."
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="confirm-delete"):
            app.library.delete(document.id)
            st.rerun()
        if st.button("Keep it", key="keep"):
            st.rerun()
