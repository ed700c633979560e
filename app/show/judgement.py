"""Thumbs with their reasons, and relevant / not relevant on a passage. What is stored is said beside the control."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ingest.documents import Chunk
from ingest.questions import PassageMark, Thumb

REASONS = {
    "wrong fact": "Wrong fact",
    "missing part": "Missing part",
    "wrong source": "Wrong source",
    "should have refused": "Should have refused",
    "refused wrongly": "Refused wrongly",
    "other": "Other",
}
STORED = (
    "Stored on this machine only: your thumb, reasons and text, with the question, the answer and how the passages "
    "were ranked. You can change or withdraw it here at any time."
)


def thumbs(
    question_id: str,
    stored: Thumb | None,
    save: Callable[[Thumb], None],
    remove: Callable[[str], None],
) -> None:
    """Thumbs up or down; a thumbs down opens reason chips and free text. A second click withdraws it."""
    import streamlit as st

    key = f"thumb-{question_id}"
    st.session_state[key] = None if stored is None else (1 if stored.value > 0 else 0)

    def changed() -> None:
        value = st.session_state[key]
        if value is None:
            remove(question_id)
            return
        save(_thumb(question_id, 1 if value else -1, stored.reasons if stored and not value else (), stored))

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Was this answer right?", width="content")
        st.feedback("thumbs", key=key, on_change=changed)
        if stored:
            st.caption(":material/check: Saved", width="content")
    if stored and stored.value < 0:
        _why(question_id, stored, save)


def _why(question_id: str, stored: Thumb, save: Callable[[Thumb], None]) -> None:
    import streamlit as st

    with st.form(f"why-{question_id}", border=True):
        reasons = st.pills(
            "What was wrong?",
            list(REASONS),
            selection_mode="multi",
            default=[reason for reason in stored.reasons if reason in REASONS],
            format_func=REASONS.__getitem__,
            key=f"reasons-{question_id}",
        )
        comment = st.text_area(
            "In your words (optional)", stored.comment, key=f"comment-{question_id}", max_chars=2000, height=80
        )
        if st.form_submit_button("Save the reasons"):
            save(_thumb(question_id, -1, tuple(reasons), None, comment.strip()))
            st.toast("Saved", icon=":material/check:")
    st.caption(STORED)


def _thumb(
    question_id: str, value: int, reasons: tuple[str, ...], stored: Thumb | None, comment: str | None = None
) -> Thumb:
    text = comment if comment is not None else stored.comment if stored else ""
    return Thumb(question_id=question_id, value=value, reasons=reasons, comment=text, at=datetime.now(UTC))


def mark_control(
    question_id: str,
    chunk: Chunk,
    relevant: bool | None,
    save: Callable[[PassageMark], None],
    remove: Callable[[str, str], None],
    *,
    key: str,
) -> None:
    """Relevant / not relevant for this question; a second click takes the mark back."""
    import streamlit as st

    state = f"mark-{key}"
    st.session_state[state] = {True: "relevant", False: "not relevant", None: None}[relevant]

    def changed() -> None:
        chosen = st.session_state[state]
        if chosen is None:
            remove(question_id, chunk.id)
            return
        save(
            PassageMark(
                question_id=question_id,
                chunk_id=chunk.id,
                relevant=chosen == "relevant",
                document=chunk.document_name,
                page=chunk.page,
                at=datetime.now(UTC),
            )
        )

    icons = {"relevant": ":material/check:", "not relevant": ":material/close:"}
    st.segmented_control(
        "Does this passage help to answer the question?",
        list(icons),
        format_func=lambda value: f"{icons[value]} {value.capitalize()}",
        key=state,
        on_change=changed,
        label_visibility="collapsed",
    )
