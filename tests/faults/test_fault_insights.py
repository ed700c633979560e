"""Fault 31: the Insights page of a library with thousands of questions took gigabytes, and every trace was kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit
from sqlalchemy import LargeBinary, insert, literal, select, update
from streamlit.testing.v1 import AppTest

import app.shared
from app.application import Application
from app.settings import read_settings
from app.wiring import open_application
from ingest.questions import AskedQuestion, PassageMark, Thumb
from ingest.store.sql.journal import SqlJournal
from ingest.store.sql.tables import questions
from rag.measure.verdict import MINIMUM
from rag.tracing import trace_to_json
from tests.fakes.fake_application import a_chunk, a_trace, an_answer, asked_question
from tests.places import ROOT

QUESTIONS = 2_000
TRACE = a_trace("How warm?", [a_chunk(number) for number in range(200)])
MOST_MEMORY = 100_000_000  # two thousand traces are a gigabyte


def asked(number: int, days: int = 0) -> AskedQuestion:
    """A question with two hundred candidates through five stages, `days` ago."""
    at = datetime.now(UTC) - timedelta(days=days, minutes=number)
    return asked_question(
        replace(TRACE, question=f"How warm {number}?"), an_answer(TRACE), id=f"q{number}", asked_at=at
    )


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    """Two thousand questions with their traces; of those without a mark or thumb the traces cannot be read."""
    application = open_application(read_settings(home=tmp_path))
    for number in range(MINIMUM + 1):
        application.journal.record(asked(number))
    same = [column for column in questions.c if column.name not in ("id", "asked_at")]
    with application.journal._engine.begin() as connection:
        for number in range(MINIMUM + 1, QUESTIONS):
            at = literal(datetime.now(UTC) - timedelta(minutes=number), questions.c.asked_at.type)
            copy = select(literal(f"q{number}"), at, *same).where(questions.c.id == "q0")
            names = ["id", "asked_at", *(column.name for column in same)]
            connection.execute(insert(questions).from_select(names, copy))
    for number in range(MINIMUM):
        best = TRACE.evidence.chunks[0]
        application.journal.mark(
            PassageMark(
                question_id=f"q{number}", chunk_id=best.id, relevant=True, document=best.document_name, page=best.page
            )
        )
    application.journal.thumb(Thumb(question_id=f"q{MINIMUM}", value=-1, reasons=("wrong fact",)))
    yield application
    application.close()


def spoil_traces_of_unjudged(journal: SqlJournal) -> None:
    column = next(column for column in questions.c if "trace" in column.name)
    unjudged = questions.c.id.not_in([f"q{number}" for number in range(MINIMUM + 1)])
    with journal._engine.begin() as connection:
        connection.execute(update(questions).where(unjudged).values({column: literal(b"spoilt", LargeBinary)}))


def test_insights_reads_the_traces_of_judged_questions_only_one_at_a_time(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_traces_of_unjudged(application.journal)
    monkeypatch.setattr(app.shared, "_application", application)
    monkeypatch.setattr(streamlit, "page_link", lambda *args, **more: None)  # there is one page here
    page = AppTest.from_file(str(ROOT / "app" / "screens" / "insights.py")).run(timeout=300)  # imports what it needs
    tracemalloc.start()
    try:
        page.run(timeout=300)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not page.exception
    metrics = {metric.label: metric.value for metric in page.metric}
    assert metrics["Questions"] == "1,000"
    assert metrics["Passages marked"] == str(MINIMUM)
    assert most < MOST_MEMORY, most


def test_the_export_and_a_conversation_read_no_trace_that_they_do_not_need(application: Application) -> None:
    spoil_traces_of_unjudged(application.journal)
    assert len(application.journal.questions(conversation_id="talk")) == QUESTIONS
    assert sum(bool(row.trace["stages"]) for row in application.journal.judged_with_traces()) == MINIMUM + 1


def test_an_old_trace_is_forgotten_unless_somebody_judged_it(tmp_path: Path) -> None:
    application = open_application(read_settings(home=tmp_path))
    journal = application.journal
    for number in range(4):
        journal.record(asked(number, days=89 if number == 3 else 91))
    journal.record(asked(0, days=91))  # the first one went as soon as it was recorded
    journal.thumb(Thumb(question_id="q1", value=1))
    assert journal.forget_old_traces() == 2
    kept = [journal.question(f"q{number}") for number in range(4)]
    assert [bool(row and row.trace) for row in kept] == [False, True, False, True]
    assert kept[0] is not None
    assert (kept[0].answer["text"], kept[0].figures) == (an_answer(TRACE).text, asked(0).figures)
    application.close()


def test_a_recorded_question_with_a_hundred_candidates_takes_little_room(tmp_path: Path) -> None:
    application = open_application(read_settings(home=tmp_path))
    application.journal.record(asked(0))
    with application.journal._engine.begin() as connection:
        column = next(column for column in questions.c if "trace" in column.name)
        stored = connection.exec_driver_sql(f"SELECT length({column.name}) FROM questions").scalar_one()
    assert stored < len(str(trace_to_json(TRACE, texts=20))) / 5
    application.close()


def test_a_conversation_whose_trace_was_not_kept_shows_its_answer_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_application(read_settings(home=tmp_path))
    application.journal.record(replace(asked(0), trace={}))
    monkeypatch.setattr(app.shared, "_application", application)

    def script() -> None:
        from app.screens.turn import draw_turn
        from app.shared import application

        draw_turn(application(), application().journal.questions()[0], opened=True)

    page = AppTest.from_function(script).run(timeout=60)
    assert not page.exception
    assert any("See also the note on light" in text.value for text in page.markdown)
    assert any("traces_days" in text.value for text in page.caption)
    assert any("p. " in text.value for text in page.caption)
    application.close()
