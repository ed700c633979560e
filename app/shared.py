"""The one open application of this process, as the person at the browser may use it.

It is held here and not in `st.cache_resource`: any client can clear that cache with one message of two bytes, and the
library that was open in it would then be locked against the next.
"""

from __future__ import annotations

import threading

import streamlit as st

from app.application import Application
from app.settings import read_settings
from app.visitors import Visitor, private, visitor_of
from app.wiring import open_application
from ingest.errors import NotAllowed, SecondPassError

_opening = threading.Lock()
_application: Application | None = None


def whole_application() -> Application:
    """Open on first use, once; models load in the background. Raises SecondPassError, and tries again next time."""
    global _application
    with _opening:
        if _application is None:
            _application = open_application(read_settings(), background=True)
        return _application


def close_application() -> None:
    """At the end of the process. What is asked for later opens it anew."""
    global _application
    with _opening:
        if _application is not None:
            _application.close()
            _application = None


def trouble() -> str:
    """What keeps the pages from answering, in a sentence; "" while the library can be read. Opens it if need be."""
    try:
        whole_application().store.stats()
    except SecondPassError as error:
        return str(error)
    return ""


def application() -> Application:
    """The application as this visitor may use it. Raises SecondPassError (the page says it in words).

    With sign-in, what comes back holds the visitor's own documents and conversations only, and nothing before that.
    """
    if not sign_in_is_on():
        return whole_application()
    who = visitor()
    if who is None:
        raise NotAllowed("Sign in first.")
    return private(whole_application(), who)


def sign_in_is_on() -> bool:
    """Whether Streamlit's secrets.toml has an [auth] section."""
    return "is_logged_in" in st.user


def visitor() -> Visitor | None:
    """Who signed in; None for nobody."""
    return visitor_of(st.user.to_dict())
