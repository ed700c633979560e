"""Which collections and documents a question searches. Nothing chosen means everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app.show.passage import short
from ingest.documents import Document, Status

if TYPE_CHECKING:
    from app.application import Application


@dataclass(frozen=True, kw_only=True)
class Scope:
    collections: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()


def scope_picker(app: Application, documents: Sequence[Document]) -> Scope:
    """A small popover above the question box."""
    ready = {document.id: document for document in documents if document.status is Status.READY}
    _forget_what_is_gone(ready, app.library.collections())
    wanted = st.session_state.pop("search_only", None)
    if wanted is not None:
        st.session_state["scope-documents"] = [document_id for document_id in wanted if document_id in ready]
    if not ready:
        return Scope()
    chosen = _chosen()
    with (
        st.container(horizontal=True),
        st.popover(_label(chosen, ready), icon=":material/filter_alt:", type="tertiary", key="scope"),
    ):
        st.multiselect("Collections", app.library.collections(), key="scope-collections", placeholder="All collections")
        st.multiselect(
            "Documents",
            list(ready),
            format_func=lambda document_id: short(ready[document_id].name, 60),
            key="scope-documents",
            placeholder="All documents",
        )
    return _chosen()


def _chosen() -> Scope:
    return Scope(
        collections=tuple(st.session_state.get("scope-collections", ())),
        document_ids=tuple(st.session_state.get("scope-documents", ())),
    )


def _forget_what_is_gone(ready: dict[str, Document], collections: Sequence[str]) -> None:
    for key, known in (("scope-documents", ready), ("scope-collections", collections)):
        # Read and written before the widget is made: also keeps the choice across pages.
        st.session_state[key] = [value for value in st.session_state.get(key, ()) if value in known]


def _label(scope: Scope, ready: dict[str, Document]) -> str:
    if scope.document_ids:
        count = len(scope.document_ids)
        return f"Searching {count} chosen document{'s' if count > 1 else ''}"
    if scope.collections:
        return f"Searching {len(scope.collections)} collection{'s' if len(scope.collections) > 1 else ''}"
    return f"Searching all {len(ready)} documents"
