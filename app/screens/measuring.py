"""Measure every stage on questions whose pages the person knows: typed in, or from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.safe_text import plain
from app.show.evaluation import draw_report
from app.show.frame import asking_bar, section
from app.show.trouble import said_plainly
from ingest.errors import GoldensUnreadable
from rag.measure.goldens import Golden, goldens_from_csv, goldens_from_jsonl

if TYPE_CHECKING:
    from app.application import Application

HELP = (
    "One question a line: the question, the file's name and the page that answers it, with a bar between: "
    "`How long does it keep? | handbook.pdf | 4`. Or a CSV (question, document, page) or JSONL file."
)


def draw_measuring(app: Application) -> None:
    with section("Measure it on your own questions", HELP), said_plainly():
        with st.form("measure", border=True):
            typed = st.text_area("Questions", key="golden-lines", height=110, placeholder="question | file.pdf | page")
            file = st.file_uploader("or a file", type=["csv", "jsonl"], key="golden-file")
            pressed = st.form_submit_button("Measure", icon=":material/monitoring:", type="primary")
        if pressed:
            goldens = _from_file(file) if file else goldens_from_lines(typed)
            st.session_state["measured"] = _measured(app, goldens)
        if report := st.session_state.get("measured"):
            draw_report(report)


def _measured(app: Application, goldens: tuple[Golden, ...]) -> object:
    from app.evaluation import evaluated

    with asking_bar() as progress:
        return evaluated(app, goldens, progress=progress)


def _from_file(file: object) -> tuple[Golden, ...]:
    name = str(getattr(file, "name", "questions"))
    try:
        text = file.getvalue().decode("utf-8-sig")  # type: ignore[attr-defined]
    except UnicodeDecodeError:
        raise GoldensUnreadable(f"{plain(name)} is not UTF-8 text.") from None
    return goldens_from_csv(text, name) if name.lower().endswith(".csv") else goldens_from_jsonl(text, name)


def goldens_from_lines(text: str) -> tuple[Golden, ...]:
    """ "question | file.pdf | page" a line → goldens. Raises GoldensUnreadable with the line that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = [part.strip() for part in line.rsplit("|", 2)]
        if not line.strip():
            continue
        if len(parts) != 3 or not parts[0] or not parts[2].isdigit():
            raise GoldensUnreadable(f'Line {number} is not "question | file.pdf | page".')
        found.append(Golden(question=parts[0], relevant=((parts[1], int(parts[2])),), id=str(number)))
    if not found:
        raise GoldensUnreadable("Type at least one question with its file and page, or choose a file.")
    return tuple(found)
