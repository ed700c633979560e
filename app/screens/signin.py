"""The page before all others, where sign-in is on; and the visitor's name with the way out, in the sidebar."""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

from app.safe_text import plain
from app.shared import visitor
from app.show.frame import empty_state
from app.show.passage import short


def signed_in() -> bool:
    """Draw the name and the way out, or the way in. False when nobody is signed in: draw nothing else."""
    who = visitor()
    if who:
        with st.sidebar, st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/person: {plain(short(who.name, 40))}")
            st.button("Sign out", type="tertiary", on_click=st.logout, key="sign-out")
        return True
    empty_state("lock", "Sign in", "Your documents, questions and answers are seen by you alone.")
    if find_spec("authlib") is None:
        # Without the path of this Python, because whoever is not signed in reads it.
        st.error("Sign-in needs a package that is not installed: `python -m pip install Authlib`, then start again.")
        return False
    with st.container(horizontal_alignment="center"):
        if st.button("Sign in", type="primary", key="sign-in"):
            st.login()
    return False
