"""Every reranker that can be named in a setting, whether it can run here, and what it would send where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from app.application import Application


def choices(app: Application, *first: str) -> list[str]:
    """Names for a list to choose from: `first`, no reranker at all, then each that can run here as it is."""
    usable = [row.name for row in app.known_rerankers() if row.usable]
    return list(dict.fromkeys([*first, "none", *usable]))


def draw_rerankers(app: Application) -> None:
    import pandas as pd

    rows = app.known_rerankers()
    stages: dict[str, list[str]] = {}
    for stage in app.engine.options.cascade:
        stages.setdefault(stage.reranker, []).append(stage.name)
    usable = sum(row.usable for row in rows)
    st.caption(
        f"{usable} of {len(rows)} can run here as it is. Write a name into `fast` or `precise` under `[ranking]`; any "
        "other name of the model hub, a folder with a cross-encoder, or the address of a rerank server works too, "
        "without a re-index."
    )
    frame = pd.DataFrame(
        {
            "name": [row.name for row in rows],
            "usable": [row.usable for row in rows],
            "in use": [", ".join(stages.get(row.name, ())) for row in rows],
            "what it is, or what is missing": [row.note for row in rows],
            "sends": [row.sends for row in rows],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        height=420,
        column_config={
            "name": st.column_config.TextColumn(width=250),
            "usable": st.column_config.CheckboxColumn(width=60),
            "in use": st.column_config.TextColumn(width=70),
            "what it is, or what is missing": st.column_config.TextColumn(width=330),
            "sends": st.column_config.TextColumn(width="large"),
        },
        alt="Rerankers, whether they can run here, and what they send where",
    )
