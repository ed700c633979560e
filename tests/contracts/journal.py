"""What was asked and judged: one row a judgement, nothing lost, everything deletable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.errors import SecondPassError
from ingest.protocols import Journal
from ingest.questions import AskedQuestion, PassageMark, Signal, Thumb

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def asked(number: int = 1, conversation: str = "c1") -> AskedQuestion:
    return AskedQuestion(
        id=f"q{number}",
        conversation_id=conversation,
        asked_at=NOON + timedelta(minutes=number),
        question=f"What is the revenue of year {number}?",
        outcome="answered",
        total_ms=12.5,
        trace={"stages": [{"name": "bm25"}]},
        answer={"text": "§ 42 €"},
        configuration={"evidence": 5},
    )


class JournalContract:
    """`open_journal` opens the implementation over an empty data directory."""

    def open_journal(self, home: Path) -> Journal:
        raise NotImplementedError

    @pytest.fixture
    def journal(self, tmp_path: Path) -> Journal:
        return self.open_journal(tmp_path)

    def test_a_question_comes_back_as_it_was_recorded(self, journal: Journal) -> None:
        journal.record(asked())
        assert journal.question("q1") == asked()
        assert journal.question("q2") is None

    def test_recording_a_question_again_overwrites_it_and_keeps_its_judgements(self, journal: Journal) -> None:
        journal.record(replace(asked(), outcome="interrupted"))
        journal.mark(PassageMark(question_id="q1", chunk_id="d-00001", relevant=True))
        journal.record(asked())
        assert journal.question("q1").outcome == "answered"  # type: ignore[union-attr]
        assert len(journal.questions()) == 1
        assert len(journal.questions()[0].marks) == 1

    def test_a_double_click_is_one_row(self, journal: Journal) -> None:
        journal.record(asked())

        def click(_: int) -> None:
            journal.thumb(Thumb(question_id="q1", value=1))
            journal.mark(PassageMark(question_id="q1", chunk_id="d-00001", relevant=True))
            journal.signal(Signal(question_id="q1", kind="click", chunk_id="d-00001"))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(click, range(8)))
        assert len(journal.question("q1").marks) == 1  # type: ignore[union-attr]
        assert len(journal.signals()) == 1

    def test_a_judgement_can_be_changed_and_taken_back(self, journal: Journal) -> None:
        journal.record(asked())
        journal.thumb(Thumb(question_id="q1", value=1, at=NOON))
        journal.thumb(Thumb(question_id="q1", value=-1, reasons=("wrong fact",), comment="it was 41", at=NOON))
        found = journal.question("q1")
        assert found is not None
        assert found.thumb == Thumb(question_id="q1", value=-1, reasons=("wrong fact",), comment="it was 41", at=NOON)
        mark = PassageMark(question_id="q1", chunk_id="d-00001", relevant=True, document="a.pdf", page=3, at=NOON)
        journal.mark(mark)
        journal.mark(replace(mark, relevant=False))
        assert journal.questions()[0].marks == (replace(mark, relevant=False),)
        journal.remove_thumb("q1")
        journal.remove_mark("q1", "d-00001")
        assert journal.question("q1") == asked()

    def test_questions_are_listed_newest_first_or_as_a_conversation_went(self, journal: Journal) -> None:
        for number, conversation in ((1, "c1"), (2, "c2"), (3, "c1")):
            journal.record(asked(number, conversation))
        assert [q.id for q in journal.questions()] == ["q3", "q2", "q1"]
        assert [q.id for q in journal.questions(limit=2)] == ["q3", "q2"]
        assert [q.id for q in journal.questions(conversation_id="c1", newest_first=False)] == ["q1", "q3"]
        assert [(c.id, c.questions) for c in journal.conversations()] == [("c2", 1), ("c1", 2)]
        assert journal.conversations()[1].title == "What is the revenue of year 1?"

    def test_deleting_a_conversation_takes_everything_in_it(self, journal: Journal) -> None:
        journal.record(asked(1, "c1"))
        journal.record(asked(2, "c2"))
        for question_id in ("q1", "q2"):
            journal.thumb(Thumb(question_id=question_id, value=1))
            journal.mark(PassageMark(question_id=question_id, chunk_id="d-00001", relevant=True))
            journal.signal(Signal(question_id=question_id, kind="rephrase"))
        journal.delete_conversation("c1")
        assert [q.id for q in journal.questions()] == ["q2"]
        assert [s.question_id for s in journal.signals()] == ["q2"]
        assert [c.id for c in journal.conversations()] == ["c2"]

    def test_a_question_that_is_gone_cannot_be_judged(self, journal: Journal) -> None:
        with pytest.raises(SecondPassError, match="no longer on record"):
            journal.thumb(Thumb(question_id="gone", value=1))
        with pytest.raises(SecondPassError, match="no longer on record"):
            journal.mark(PassageMark(question_id="gone", chunk_id="x", relevant=True))

    def test_lists_are_read_without_traces_and_one_trace_at_a_time(self, journal: Journal) -> None:
        for number in (1, 2, 3):
            journal.record(replace(asked(number), figures={"ms": {"bm25": 1.5}}))
        journal.thumb(Thumb(question_id="q1", value=-1))
        journal.mark(PassageMark(question_id="q3", chunk_id="d-00001", relevant=False))
        assert [(row.trace, row.figures) for row in journal.questions()] == [({}, {"ms": {"bm25": 1.5}})] * 3
        assert [row.id for row in journal.questions(judged=True)] == ["q3", "q1"]
        assert journal.trace("q2") == asked(2).trace
        assert journal.trace("q4") == {}

    def test_text_that_sql_refuses_is_cleaned_on_the_way_in(self, journal: Journal) -> None:
        journal.record(replace(asked(), question="nul \0 and \ud800 surrogate", answer={"text": "\ud800"}))
        journal.thumb(Thumb(question_id="q1", value=1, comment="\ud800"))
        assert journal.question("q1").question == "nul  and ? surrogate"  # type: ignore[union-attr]
