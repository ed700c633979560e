"""The one open application of this process (the only `cache_resource`), as the person at the browser may use it."""

from __future__ import annotations

import streamlit as st

from app.application import Application
from app.settings import read_settings
from app.visitors import Visitor, private, visitor_of
from app.wiring import open_application
from ingest.errors import NotAllowed


@st.cache_resource(show_spinner=False)
def _opened() -> Application:
    return open_application(read_settings(), background=True)


def application() -> Application:
    """Open on first use; models load in the background. Raises SecondPassError (the page says it in words).

    With sign-in, what comes back holds the visitor's own documents and conversations only, and nothing before that.
    """
    if not sign_in_is_on():
        return _opened()
    who = visitor()
    if who is None:
        raise NotAllowed("Sign in first.")
    return private(_opened(), who)


def sign_in_is_on() -> bool:
    """Whether Streamlit's secrets.toml has an [auth] section."""
    return "is_logged_in" in st.user


def visitor() -> Visitor | None:
    """Who signed in; None for nobody."""
    return visitor_of(st.user.to_dict())
