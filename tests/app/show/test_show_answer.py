import re
from dataclasses import replace

import pytest

from app.show import answer as answers
from rag.tracing import Outcome
from tests.fakes.fake_application import a_chunk, a_trace, an_answer

TRACE = a_trace("q", [a_chunk(number) for number in range(12)])


def test_a_citation_becomes_a_link_to_its_card_and_an_unknown_number_stays_text() -> None:
    text = answers.answer_markdown(an_answer(TRACE, "Cold [1], not warm [7]."), "abc-123")
    assert f"(#{answers.anchor('abc-123', 1)})" in text
    assert text.count("](#") == 1


def test_neighbouring_citations_do_not_read_as_one_reference_link() -> None:
    text = answers.answer_markdown(an_answer(TRACE, "Cold [1][3]."), "q")
    assert text.count("](#evidence-") == 2


def test_an_unopened_turn_has_no_links_because_its_cards_are_not_drawn() -> None:
    assert "](#" not in answers.answer_markdown(an_answer(TRACE, "Cold [1]."), "q", linked=False)


@pytest.mark.parametrize(
    "hostile", ["![x](http://evil.example/x.png)", "<img src=http://evil.example/x>", "<script>x</script>"]
)
def test_an_answer_cannot_draw_an_image_or_run_a_script(hostile: str) -> None:
    text = answers.answer_markdown(an_answer(TRACE, f"See {hostile} [1]"), "q")
    assert not re.search(r"(?<!\\)(?:!(?=\[)|<)", text), "only escaped, as text"


def test_a_degraded_stage_is_said_once_and_aloud() -> None:
    note = "precise reranker timed out after 2.0 s. The order is the fast stage's."
    steps = (*TRACE.steps[:-1], replace(TRACE.steps[-1], degraded=True, note=note))
    trace = replace(TRACE, steps=steps, warnings=(f"precise: {note}",))
    found = answers.notices(trace, an_answer(TRACE))
    assert [notice.text for notice in found] == [note]
    assert found[0].grave


@pytest.mark.parametrize(
    ("outcome", "grave"),
    [
        (Outcome.NOT_IN_DOCUMENTS, False),
        (Outcome.NO_DOCUMENTS, False),
        (Outcome.MODEL_UNAVAILABLE, True),
        (Outcome.INTERRUPTED, True),
    ],
)
def test_not_in_the_documents_and_something_failed_look_different(outcome: Outcome, grave: bool) -> None:
    found = answers.notices(TRACE, an_answer(TRACE, outcome=outcome))
    assert found[0].title == answers.OUTCOMES[outcome][0]
    assert found[0].grave is grave


def test_removed_citations_are_counted_before_the_answer() -> None:
    found = answers.notices(TRACE, an_answer(TRACE, removed_citations=2))
    assert "2 sources" in found[0].text


def test_the_byline_says_who_worded_it_and_how_sure_it_is() -> None:
    line = answers.byline(an_answer(TRACE), TRACE)
    assert "5 passages given" in line
    assert ":green[83% sure" in line
    assert "sure" not in answers.byline(an_answer(TRACE, confidence=None), TRACE)
