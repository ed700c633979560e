"""The one open application of this process: the only `cache_resource`."""

from __future__ import annotations

import streamlit as st

from app.settings import read_settings
from app.wiring import Application, build


@st.cache_resource(show_spinner=False)
def application() -> Application:
    """Open on first use; models load in the background. Raises SecondPassError (the page says it in words)."""
    return build(read_settings(), background=True)
