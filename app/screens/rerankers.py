"""Every reranker that can be named in a setting, and whether it can run here."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, kw_only=True)
class KnownReranker:
    """A name for `fast` or `precise`; `note` says what it is, or why it cannot run here."""

    name: str
    usable: bool
    note: str


def known_rerankers() -> list[KnownReranker]:
    """What the registry knows; empty while there is no registry."""
    try:
        from rag.rerank import registry
    except ImportError:
        return []
    return [
        KnownReranker(name=str(entry.name), usable=bool(entry.usable), note=str(getattr(entry, "note", "") or ""))
        for entry in registry.known()
    ]


def draw_rerankers() -> None:
    import pandas as pd

    found = known_rerankers()
    if not found:
        st.caption("The list of rerankers is not available.")
        return
    usable = sum(entry.usable for entry in found)
    st.caption(f"{usable} of {len(found)} can run here as it is. Any hub name or folder of a cross-encoder also works.")
    frame = pd.DataFrame(
        {
            "name": [entry.name for entry in found],
            "can run here": [entry.usable for entry in found],
            "why / what": [entry.note for entry in found],
        }
    )
    st.dataframe(frame, hide_index=True, alt="Rerankers and whether they can run here")
