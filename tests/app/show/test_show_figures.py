from dataclasses import replace
from datetime import timedelta

import pytest

from app.show import figures, insights
from app.show.verdict import sentence
from ingest.questions import AskedQuestion, PassageMark, Thumb
from rag.measure.verdict import MINIMUM, Verdict
from rag.tracing import Outcome
from tests.fakes.fake_application import NOW, a_chunk, a_trace, an_answer, asked_question

TRACE = a_trace("q", [a_chunk(number) for number in range(30)])


def asked(days: int = 0, **changes: object) -> AskedQuestion:
    return asked_question(TRACE, an_answer(TRACE), asked_at=NOW + timedelta(days=days), **changes)


def test_latencies_name_every_stage_then_the_answer_and_the_total() -> None:
    rows = figures.latencies([asked(), asked()])
    assert [row.stage for row in rows] == ["bm25", "dense", "hybrid", "fast", "precise", "answer", "total"]
    assert rows[4].p50 == pytest.approx(212.0)
    assert rows[4].count == 2


def test_weeks_have_no_gap_and_count_each_thumb_once() -> None:
    rows = figures.weeks(
        [
            asked(thumb=Thumb(question_id="a", value=1)),
            asked(1, thumb=Thumb(question_id="b", value=-1)),
            asked(15),
        ]
    )
    assert [(row.up, row.down, row.asked) for row in rows] == [(1, 1, 2), (0, 0, 0), (0, 0, 1)]
    assert all(row.monday.weekday() == 0 for row in rows)


def test_lift_is_rank_before_minus_rank_after_over_the_evidence() -> None:
    found = figures.lift([asked()])
    hybrid, precise = TRACE.step("hybrid"), TRACE.step("precise")
    assert hybrid is not None
    assert precise is not None
    before = {c.chunk.id: n for n, c in enumerate(hybrid.ranking, start=1)}
    expected = [before[c.chunk.id] - n for n, c in enumerate(TRACE.evidence, start=1)]
    assert list(found.lifts) == expected
    assert found.mean == pytest.approx(sum(expected) / 5)


def test_a_question_went_wrong_without_an_answer_or_with_a_thumb_down() -> None:
    refused = asked(outcome=Outcome.NOT_IN_DOCUMENTS.value)
    disliked = asked(thumb=Thumb(question_id="a", value=-1, reasons=("wrong fact",)))
    liked = asked(thumb=Thumb(question_id="a", value=1))
    assert figures.failed([refused, disliked, liked]) == [refused, disliked]
    assert [figures.why(q) for q in (refused, disliked)] == ["not in documents", "wrong fact"]


def test_the_charts_hold_the_figures_that_they_are_given() -> None:
    weeks = figures.weeks([asked(thumb=Thumb(question_id="a", value=1)), asked()])
    data = next(iter(insights.thumbs_chart(weeks).to_dict()["datasets"].values()))
    assert {row["judgement"]: row["questions"] for row in data} == {"thumbs up": 1, "thumbs down": 0, "no thumb": 1}
    rows = figures.latencies([asked()])
    assert insights.latency_chart(rows).to_dict()["datasets"]
    assert insights.lift_chart(figures.lift([asked()])).to_dict()["datasets"]


@pytest.mark.parametrize(
    ("low", "high", "needed", "expected"),
    [
        (0.02, 0.15, 20, "help"),
        (-0.2, -0.01, 20, "harm"),
        (-0.1, 0.1, 20, "No difference"),
        (0.02, 0.15, 55, "Not enough marks yet: 43 marked questions, 12 more"),
    ],
)
def test_a_verdict_says_no_more_than_its_interval_allows(low: float, high: float, needed: int, expected: str) -> None:
    verdict = Verdict(
        stage="rerankers",
        compared_with="hybrid",
        before=0.61,
        after=0.7,
        metric="mrr",
        difference=(low + high) / 2,
        low=low,
        high=high,
        better=9,
        worse=3,
        same=31,
        added_ms=140,
        questions=43,
        needed=needed,
        enough=needed <= 43,
        sentence="",
    )
    assert expected in sentence(verdict)
    stages = [
        replace(verdict, stage=name, low=low, high=low + 0.1) for name, low in (("fast", 0.1), ("precise", -0.05))
    ]
    if verdict.enough:
        assert sentence(verdict, stages).endswith("No gain can be shown for precise.")
        assert "gets worse by precise:" in sentence(verdict, [replace(stages[1], low=-0.2, high=-0.1)])


def test_without_a_mark_the_verdict_says_how_many_it_takes() -> None:
    assert sentence(None) == f"Not enough marks yet: 0 marked questions, {MINIMUM} more are needed for a verdict."


def test_documents_are_ranked_by_the_marks_of_their_passages() -> None:
    def marked(document: str, relevant: bool) -> PassageMark:
        return PassageMark(question_id="q", chunk_id="c", relevant=relevant, document=document, page=1)

    rows = figures.documents_by_marks(
        [asked(marks=(marked("a.pdf", False), marked("b.pdf", True))), asked(marks=(marked("b.pdf", True),)), asked()]
    )
    assert rows == [
        {"document": "b.pdf", "relevant": 2, "not relevant": 0},
        {"document": "a.pdf", "relevant": 0, "not relevant": 1},
    ]
