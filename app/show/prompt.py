"""Exactly what the language model was sent, and what was searched."""

from __future__ import annotations

from rag.tracing import Answer, Trace


def draw_prompt(trace: Trace, answer: Answer) -> None:
    import streamlit as st

    if answer.prompt:
        st.caption("Word for word what the language model was sent.")
        st.code(answer.prompt, language=None, wrap_lines=True)
    else:
        st.info(
            "No language model was asked: the answer quotes the passages. To have one word the answer, set "
            "OPENAI_API_KEY, or OPENAI_BASE_URL for a model of your own, and start again.",
            icon=":material/format_quote:",
        )
    if answer.tokens:
        st.caption(" · ".join(f"{count} {name.replace('_', ' ')}" for name, count in answer.tokens.items()))
    st.caption("Searched for")
    st.code(trace.searched, language=None, wrap_lines=True)
    with st.expander("Configuration of this question"):
        st.json(dict(trace.configuration))
