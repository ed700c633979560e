"""Library: add documents, follow each while it is read, look into it, retry, cancel, delete."""

from __future__ import annotations

import streamlit as st

from app.safe_text import plain
from app.screens.documents import act_on, document_list
from app.screens.uploads import upload
from app.shared import application
from app.show.documents import summary
from app.show.frame import READING_WIDTH, empty_state, page_heading

app = application()
act_on(app)  # a dialog that a line of the list asked for; opened here, outside the list's own reruns

with st.container(horizontal_alignment="center"), st.container(width=READING_WIDTH, gap="medium"):
    heading = st.container()
    upload(app)
    documents = list(app.store.documents())  # with what was just added
    with heading:
        page_heading("Library", summary(documents) if documents else "Files of your own, as many as you like")
        if notice := app.library.report.notice:
            st.warning(plain(notice), icon=":material/inventory_2:")
    if documents:
        document_list(app)
    else:
        empty_state(
            "library_add",
            "No documents yet",
            "Add files above. Each is read in a process of its own, cut into passages and indexed on this machine; "
            "you can leave this page meanwhile.",
        )
