"""What every page begins with, and what it says when there is nothing to show yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.safe_text import plain

READING_WIDTH = 860  # pixels: about 95 characters of body text
WIDE = 1120


def page_heading(title: str, subtitle: str) -> None:
    import streamlit as st

    with st.container(gap=None):
        st.title(title, anchor=False)
        st.markdown(f":gray[{subtitle}]")


@contextmanager
def section(title: str, text: str = "") -> Iterator[None]:
    """A headed part of a page; `text` is a line of our own under the heading."""
    import streamlit as st

    with st.container(gap="xsmall"):
        st.subheader(title, anchor=False)
        if text:
            st.caption(text)
        yield


@contextmanager
def asking_bar() -> Iterator[Callable[[int, int], object]]:
    """A bar for a while; yields `progress(done, total)` that moves it on by questions asked."""
    import streamlit as st

    bar = st.progress(0.0, "Asking")
    try:
        yield lambda done, total: bar.progress(done / total, f"{done} of {total} questions asked")
    finally:
        bar.empty()


def empty_state(icon: str, title: str, text: str) -> None:
    """An empty page that says what to do next. `icon` is a Material name; title and text are our own words."""
    import streamlit as st

    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"## :primary[:material/{icon}:]", text_alignment="center", anchors=False)
        st.header(title, anchor=False, text_alignment="center", width="content")
        st.markdown(f":gray[{text}]", text_alignment="center", width=520)
        st.space("small")


def question_buttons(questions: Sequence[str], chosen: Callable[[str], None], *, key: str) -> None:
    """One full-width button a question; `chosen` is called with the question before the page runs again."""
    import streamlit as st

    for number, question in enumerate(questions):
        st.button(
            plain(question),
            key=f"{key}-{number}",
            on_click=chosen,
            args=(question,),
            width="stretch",
            icon=":material/arrow_forward:",
            wrap=True,
        )
