"""The frame: theme, navigation, and one place where an error becomes words. Run it with `second-pass serve`."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).resolve().parent
if str(_HERE.parent) not in sys.path:  # Streamlit puts app/ first; the packages lie beside it
    sys.path.append(str(_HERE.parent))

from app.show.trouble import said_plainly  # noqa: E402

PAGES = (
    ("screens/ask.py", "Ask", ":material/forum:", "Ask your documents and see why each passage made the cut."),
    ("screens/library.py", "Library", ":material/library_books:", "Add documents, follow them while they are read."),
    ("screens/playground.py", "Playground", ":material/compare_arrows:", "Two rankings of one question, side by side."),
    ("screens/insights.py", "Insights", ":material/insights:", "What was asked, how it was judged, how long it took."),
    ("screens/settings.py", "Settings", ":material/tune:", "What is in use, how to change it, and whether it is well."),
)

st.set_page_config(page_title="Second Pass", page_icon=str(_HERE / "static" / "icon.svg"), layout="wide")
tone = "dark" if st.context.theme.type == "dark" else "light"
st.logo(str(_HERE / "static" / f"wordmark-{tone}.svg"), size="large", icon_image=str(_HERE / "static" / "icon.svg"))
page = st.navigation(
    [st.Page(path, title=title, icon=icon, help=help) for path, title, icon, help in PAGES], position="sidebar"
)
with said_plainly():
    from app.screens.signin import signed_in
    from app.shared import sign_in_is_on

    if not sign_in_is_on() or signed_in():
        page.run()
