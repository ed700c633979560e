"""Answers are measured without a judge: what counts as holding a gold, and what a report makes of many answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.measure.answer_measures import AnswerRow, compare_answers, first_paragraph, measure_answer, report_answers
from rag.measure.answer_text import exact_match, holds, number_matches, numbers, token_f1, tokens
from rag.measure.goldens import Golden
from rag.ranking import Candidate, Ranking
from rag.tracing import Answer, Citation, Outcome, Trace
from tests.fakes.passages import chunk


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("Taxis may be taken after 9 in the evening.", "9 in the evening"),
        ("The Eiffel Tower, in Paris", "a Paris"),
        ("Der Preis beträgt 12 €.", "Preis beträgt 12"),
        ("答えは東京都です。", "東京都"),
        ("توفي الحجاج سنة 714 في واسط", "714"),
        ("Silicone grease | on the cam", "silicone grease on the cam"),
    ],
)
def test_a_gold_stands_in_a_text_whatever_case_and_punctuation(text: str, gold: str) -> None:
    assert holds(text, [gold])


@pytest.mark.parametrize(("text", "gold"), [("It costs 17 crowns.", "7"), ("Parisian nights", "Paris"), ("x", "the")])
def test_a_part_of_a_word_or_number_is_no_gold(text: str, gold: str) -> None:
    assert not holds(text, [gold])


@given(st.text(), st.text())
def test_a_text_holds_itself_and_shares_tokens_symmetrically(one: str, other: str) -> None:
    assert holds(one, [one]) == bool(tokens(one))
    assert token_f1(one, [other]) == pytest.approx(token_f1(other, [one]))
    assert 0 <= token_f1(one, [other]) <= 1
    assert exact_match(one, [one])


def test_numbers_are_read_with_their_marks_and_scale_words() -> None:
    assert numbers("1,234.5 and 1.234,5 and 1 234.5") == [1234.5, 1234.5, 1234.5]
    assert numbers("1.5 million, 0.125, 12 %, 3.14 and 2,500") == [1_500_000, 0.125, 12, 3.14, 2500]


@pytest.mark.parametrize(
    ("text", "gold", "match"),
    [
        ("Capital expenditure was 1,577 | 1,373", "$1577.00", True),
        ("1,577,000 thousand", "$1,577 million", True),
        ("a ratio of 0.66", "66 %", True),
        ("it fell to 1,600", "$1577", False),
        ("whatever 3", "between 3 and 4", None),
    ],
)
def test_a_number_matches_within_one_per_cent_on_any_unit(text: str, gold: str, match: bool | None) -> None:
    assert number_matches(text, gold) is match


PASSAGES = [chunk("The gate closes at nine. Bring a lamp, says Anna.", 1), chunk("The moon has no gate.", 2)]
TRACE = Trace(
    question="When does the gate close?",
    searched="When does the gate close?",
    steps=(),
    evidence=Ranking(candidates=tuple(Candidate(chunk=one) for one in PASSAGES)),
    configuration={},
)
GOLDEN = Golden(id="g", question=TRACE.question, answers=("nine",), chunks=((PASSAGES[0].id, 1),))


def answer(text: str, *numbers: int, outcome: Outcome = Outcome.ANSWERED, confidence: float | None = None) -> Answer:
    cited = tuple(
        Citation(number=n, chunk_id=PASSAGES[n - 1].id, document="a.pdf", page=PASSAGES[n - 1].page) for n in numbers
    )
    return Answer(text=text, outcome=outcome, citations=cited, confidence=confidence)


def test_a_right_answer_is_right_in_every_measure() -> None:
    row = measure_answer(GOLDEN, TRACE, answer("“The gate closes at nine.” [1]", 1))
    assert row.right
    assert row.evidence_holds
    assert {name for name, value in row.values.items() if value != 1.0} == {"f1", "exact"}
    assert row.words_first == 5


def test_what_stands_further_down_is_not_in_the_first_paragraph() -> None:
    row = measure_answer(GOLDEN, TRACE, answer("“The moon has no gate.” [2]\n\n“The gate closes at nine.” [1]", 2, 1))
    assert (row.values["answer@first"], row.values["answer@any"]) == (0.0, 1.0)
    assert row.values["citation-precision"] == 0.5
    assert row.values["citation-map"] == 0.5


def test_words_that_the_cited_passage_does_not_hold_are_noticed() -> None:
    row = measure_answer(GOLDEN, TRACE, answer("“The gate closes at ten.” [1]", 1))
    assert row.values["verbatim"] == 0.0
    assert row.values["supported"] == 1.0  # "ten" is no figure; the quotation check is what finds it
    made_up = measure_answer(GOLDEN, TRACE, answer("The gate closes at 22 hours, says Anna Berg [1].", 1))
    assert made_up.values["supported"] == 0.0


def row(id: str, kind: str, confidence: float, *, refused: bool = False, right: bool = True) -> AnswerRow:
    return AnswerRow(
        id=id,
        question=id,
        kind=kind,
        outcome=Outcome.NOT_IN_DOCUMENTS if refused else Outcome.ANSWERED,
        confidence=confidence,
        values={"answered": float(not refused)} if not kind else {},
        words_first=5,
        words_all=9,
        evidence_holds=not kind,
        right=right and not kind and not refused,
        ms=1.0,
    )


def test_refusals_and_confidence_are_reported_by_kind() -> None:
    rows = [row("a", "", 0.9), row("b", "", 0.8), row("c", "near", 0.7), row("d", "foreign", 0.1, refused=True)]
    report = report_answers(rows)
    assert report.false_answers == {"near": 1.0, "foreign": 0.0, "all": 0.5}
    assert report.false_refusals == 0.0
    assert report.auc == 1.0
    assert report.aurc == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)
    assert report.ece == pytest.approx((0.1 + 0.2 + 0.7 + 0.1) / 4)
    assert "near" in report.table()
    assert max(map(len, report.table().splitlines())) <= 120
    assert report.to_json()["measures"]["answered"]["n"] == 2


def test_without_confidences_nothing_is_said_of_them() -> None:
    report = report_answers([replace(row("a", "", 0.9), confidence=None)])
    assert (report.auc, report.aurc, report.ece) == (None, None, None)


def test_two_configurations_are_compared_question_by_question() -> None:
    before = report_answers([row("a", "", 0.9), row("b", "", 0.8, refused=True)])
    after = report_answers([row("a", "", 0.9), row("b", "", 0.8)])
    comparison = compare_answers(before, after, ("x", "y"))
    assert comparison.differences["answered"].difference == 0.5
    assert "answered" in comparison.table()
    with pytest.raises(ValueError, match="same questions"):
        compare_answers(before, report_answers([row("z", "", 0.9)]), ("x", "y"))


def test_the_first_paragraph_is_read_without_marks() -> None:
    assert first_paragraph("“One thing.” [1] [2]\n\nAnother.") == "One thing."
