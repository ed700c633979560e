"""What a passage card can do with the library behind it: pictures, neighbours, marks, the whole document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.show.evidence import PassageActions, boxes_by_page
from app.show.passage import passage_html, short
from app.show.trouble import draw_error, said_plainly
from ingest.documents import Box, Chunk, Document
from ingest.errors import SecondPassError
from ingest.questions import Signal
from ingest.read.registry import has_sheets

if TYPE_CHECKING:
    from app.application import Application

PICTURE_WIDTH = 1000  # pixels: sharp on a phone and on a wide screen

READER_WIDTH = 760


def passage_actions(app: Application, question_id: str) -> PassageActions:
    def pages(chunk: Chunk) -> list[tuple[int, bytes]]:
        if not any(row.id == chunk.document_id for row in app.store.documents()):
            return []  # deleted, or not this visitor's: pictures made before are still in the cache
        if not chunk.boxes:
            return []  # of a format without sheets, such as Markdown or Word
        try:
            return [(page, _png(app, chunk.document_id, page, boxes)) for page, boxes in boxes_by_page(chunk).items()]
        except (SecondPassError, OSError) as error:
            draw_error(error)
            return []

    def neighbour(chunk: Chunk, offset: int) -> Chunk | None:
        span = abs(offset)
        around = app.store.neighbours(chunk, before=span, after=span)
        return next((other for other in around if other.position == chunk.position + offset), None)

    def opened(chunk_id: str) -> None:
        seen = st.session_state.setdefault("seen", set())
        if app.settings.ranking.signals and (question_id, chunk_id) not in seen:
            seen.add((question_id, chunk_id))
            app.journal.signal(Signal(question_id=question_id, kind="click", chunk_id=chunk_id, at=datetime.now(UTC)))

    return PassageActions(
        save_mark=app.journal.mark,
        remove_mark=app.journal.remove_mark,
        pages=pages,
        neighbour=neighbour,
        read=lambda chunk: read_document(app, chunk),
        opened=opened,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _png(_app: Application, document_id: str, page: int, boxes: tuple[Box, ...]) -> bytes:
    # A document's id stands for its bytes, so a picture never grows old.
    return _app.library.page_png(document_id, page, boxes, PICTURE_WIDTH)


def read_document(app: Application, chunk: Chunk) -> None:
    """A side drawer with the document's pages, opened where the passage stands."""
    document = next((row for row in app.store.documents() if row.id == chunk.document_id), None)
    if document is None:
        st.toast("This document is no longer in the library.", icon=":material/delete:")
        return
    open_reader(app, document, chunk)


def open_reader(app: Application, document: Document, passage: Chunk | None = None) -> None:
    """The document at the page of `passage`, which is marked there; at its first page without one."""
    page = passage.page if passage else 1

    @st.dialog(
        plain(short(document.name, 60)),
        width=READER_WIDTH,
        position="right",
        icon=":material/menu_book:",
        on_dismiss="rerun",  # a dialog that the server holds for open does not open again from elsewhere
    )
    def reader() -> None:
        with said_plainly():
            last = max(document.pages, page, 1)
            shown = st.pagination(last, default=page, key=f"reader-{document.id}-{page}", max_visible_pages=5)
            if has_sheets(document.name):
                _sheet(app, document, shown, passage)
            else:
                _words(app.library.passages(document.id, shown), passage)
            st.download_button(
                "Download the file",
                lambda: app.library.file_bytes(document.id),
                file_name=short(document.name, 120),
                icon=":material/download:",
                on_click="ignore",
                key=f"download-{document.id}",
            )

    reader()


def _sheet(app: Application, document: Document, page: int, passage: Chunk | None) -> None:
    picture, text = st.tabs(["Page", "Text as it was read"])
    with picture:
        try:
            png = _png(app, document.id, page, boxes_by_page(passage).get(page, ()) if passage else ())
            st.image(png, width="stretch", alt=f"Page {page} of the document")
        except (SecondPassError, OSError) as error:
            draw_error(error)
    with text:
        words = "\n\n".join(chunk.text for chunk in app.library.passages(document.id, page))
        st.code(words or "(no text on this page)", language=None, wrap_lines=True)


def _words(passages: Sequence[Chunk], marked: Chunk | None) -> None:
    """A page of a format without sheets: its text as it was read, the passage marked."""
    if not passages:
        st.caption("There is no text on this page.")
    for chunk in passages:
        chosen = marked is not None and chunk.id == marked.id
        st.html(passage_html(chunk.content, chunk.text.splitlines() if chosen else ()))
