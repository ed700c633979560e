"""Settings: what is in use, where data lies, what is sent where, and how to change each of it."""

from __future__ import annotations

import streamlit as st

from app.safe_text import plain
from app.screens.rerankers import draw_rerankers
from app.setting_fields import groups_of
from app.shared import application
from app.show.frame import READING_WIDTH, page_heading, section
from app.show.settings_table import in_use, rows, sent_where

app = application()
with st.container(horizontal_alignment="center"), st.container(width=READING_WIDTH, gap="medium"):
    page_heading("Settings", "Read from the environment and second-pass.toml at the start; nothing here changes them")
    sent = sent_where(app.settings)
    with st.container(border=True, gap="xsmall"):
        st.subheader("What leaves this machine", anchor=False)
        if not sent:
            st.markdown(":green[:material/lock:] **Nothing.** Files, questions and answers stay here.")
        for what, where in sent:
            st.markdown(f":orange[:material/upload:] {what} → **{plain(where)}**")
        st.caption(f"Your data lies in {plain(str(app.settings.library.home.resolve()))}")

    left, right = st.columns(2, gap="large")
    with left, section("In use"):
        for name, value in in_use(app.settings):
            st.markdown(f":gray[{name}]  \n{plain(value)}")
    with right, section("Health"):
        for part in app.health():
            icon = ":green[:material/check_circle:]" if part.ok else ":red[:material/error:]"
            st.markdown(f"{icon} {plain(part.name)}  \n:gray[{plain(part.detail) or 'well'}]")
        if not app.models_ready():
            st.caption(plain(app.models_note() or "The models are still loading."))

    with section(
        "Every setting",
        "To change one, set its variable in the environment, or write its name under its group into second-pass.toml "
        "(`fast_keep = 30` under `[ranking]`), and start again. The environment wins.",
    ):
        purposes = groups_of(type(app.settings))
        for group, found in rows(app.settings).items():
            with st.expander(f"**{group}** · {purposes[group]}"):
                for row in found:
                    changed = " :primary-badge[changed]" if row.changed else ""
                    st.markdown(
                        f"**{row.name}** = {plain(row.value)}{changed} :gray[:small[{row.variable}]]  \n"
                        f":gray[{row.description}]"
                    )
    with section("Rerankers"):
        draw_rerankers(app)
