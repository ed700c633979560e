from dataclasses import replace

import pytest

from app.show import timing
from rag.tracing import Trace
from tests.fakes.fake_application import a_chunk, a_trace, an_answer

TRACE = a_trace("q", [a_chunk(number) for number in range(30)], keep=10)


def with_step(trace: Trace, name: str, **changes: object) -> Trace:
    return replace(
        trace,
        steps=tuple(replace(step, **changes) if step.name == name else step for step in trace.steps),  # type: ignore[arg-type]
    )


def test_every_stage_and_the_answer_has_a_row_in_the_order_in_which_they_ran() -> None:
    rows = timing.stage_times(TRACE, an_answer(TRACE))
    assert [row.stage for row in rows] == ["bm25", "dense", "hybrid", "fast", "precise", "answer"]
    assert {row.stage: row.scored for row in rows}["precise"] == 10


def test_the_saving_is_the_pace_of_the_precise_stage_times_all_candidates() -> None:
    found = timing.saving(with_step(TRACE, "precise", ms=100.0))
    assert found is not None
    assert (found.candidates, found.read) == (30, 10)
    assert found.alone_ms == pytest.approx(300.0)
    assert found.spent_ms == pytest.approx(131.0)
    assert "169 ms saved" in timing.saving_sentence(found)


@pytest.mark.parametrize("changes", [{"scored": 0}, {"degraded": True}, {"ms": 0.0}])
def test_no_saving_is_claimed_where_the_precise_stage_read_nothing(changes: dict[str, object]) -> None:
    assert timing.saving(with_step(TRACE, "precise", **changes)) is None
    assert "read a pair" in timing.saving_sentence(None)


def test_a_cascade_that_saved_nothing_says_so() -> None:
    found = timing.saving(with_step(with_step(TRACE, "precise", ms=10.0), "fast", ms=500.0))
    assert "saved nothing" in timing.saving_sentence(found)


def test_a_relevant_passage_outside_the_evidence_counts_as_lost() -> None:
    given = TRACE.evidence.candidates[0].chunk.id
    fast = TRACE.step("fast")
    assert fast is not None
    dropped = fast.ranking.candidates[-1].chunk.id
    assert timing.lost_marks(TRACE, {given: True, dropped: True, "other": False}) == [dropped]


def test_the_chart_holds_a_bar_for_every_row() -> None:
    rows = timing.stage_times(TRACE, an_answer(TRACE))
    data = next(iter(timing.chart(rows).to_dict()["datasets"].values()))
    assert [row["ms"] for row in data] == [row.ms for row in rows]
