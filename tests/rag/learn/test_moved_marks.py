from __future__ import annotations

from app.show.verdict import moved_lines
from rag.learn.judged import judged_questions
from rag.learn.moved_marks import Moved, moved
from tests.fakes.traces import trace
from tests.rag.learn.test_judged import asked

OTHER_IDS = {"precise": ["x.pdf:2#7", "x.pdf:9#1", "x.pdf:3#8", "x.pdf:5#2"]}  # the same pages, cut anew


def test_a_marked_page_is_found_again_under_its_new_passage_id_and_its_move_is_told() -> None:
    judged = judged_questions([asked(up=("x.pdf:3", "x.pdf:2", "x.pdf:12"))])
    told = moved(judged, lambda before: trace(before.question, OTHER_IDS))
    assert [(one.page, one.before, one.now) for one in told] == [(12, 12, None), (2, 2, 1)]


def test_questions_without_a_relevant_mark_are_not_asked_again() -> None:
    judged = judged_questions([asked(down=("x.pdf:3",)), asked("Who else?", id="q2", up=("x.pdf:1",))])
    questions: list[str] = []
    moved(judged, lambda before: questions.append(before.question) or before)  # type: ignore[func-returns-value]
    assert questions == ["Who else?"]


def test_the_same_order_again_is_no_move() -> None:
    assert moved(judged_questions([asked(up=("x.pdf:3",))]), lambda before: before) == []


def test_a_page_that_left_the_order_reads_as_out() -> None:
    lines = moved_lines([Moved(question="Who?", document="x.pdf", page=12, before=12, now=None)])
    assert lines == [{"question": "Who?", "marked page": "x.pdf, p. 12", "then": "12", "now": "out"}]
