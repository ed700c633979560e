"""An error as the person who meets it reads it: what happened and what to do, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from app.safe_text import plain
from app.words import explain

log = logging.getLogger(__name__)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Draw whatever goes wrong inside in words. Streamlit's own stop and rerun signals pass through (BaseException)."""
    try:
        yield
    except Exception as error:
        log.exception("A page met an error")
        draw_error(error)


def draw_error(error: Exception) -> None:
    import streamlit as st

    words = explain(error)
    st.error(plain(f"{words.sentence} {words.action}".strip()), title=plain(words.title), icon=":material/error:")
