from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from app.show import rank_shift
from rag.ranking import Ranking
from rag.tracing import Trace
from tests.fakes import traces
from tests.fakes.fake_application import a_chunk, a_trace, an_answer

CHUNKS = [a_chunk(number) for number in range(30)]
TRACE = a_trace("q", CHUNKS, keep=8, evidence=3)


def test_every_candidate_is_there_also_those_that_fell_out() -> None:
    found = rank_shift.shifts(TRACE)
    assert {shift.chunk.id for shift in found} == {chunk.id for chunk in CHUNKS}
    assert [shift.fate for shift in found].count(rank_shift.EVIDENCE) == 3
    assert [shift.fate for shift in found].count(rank_shift.READ) == 5
    assert [shift.fate for shift in found].count(rank_shift.FELL_OUT) == 22


def test_evidence_comes_first_in_the_order_that_the_generator_was_given() -> None:
    found = rank_shift.shifts(TRACE)
    assert [shift.chunk.id for shift in found[:3]] == [c.chunk.id for c in TRACE.evidence]
    assert [shift.evidence_number for shift in found[:4]] == [1, 2, 3, None]


@given(st.integers(1, 25), st.integers(1, 30), st.integers(1, 8))
@settings(max_examples=25, deadline=None)
def test_ranks_are_the_places_in_each_stage_and_change_is_their_difference(keep: int, count: int, size: int) -> None:
    trace = a_trace("q", CHUNKS[:count], keep=keep, evidence=size)
    for shift in rank_shift.shifts(trace):
        for name, rank in shift.ranks.items():
            step = trace.step(name)
            assert step is not None
            assert step.ranking.candidates[rank - 1].chunk.id == shift.chunk.id
        last = shift.ranks.get("precise", shift.ranks["fast"])
        assert shift.change == shift.ranks["hybrid"] - last


def test_a_degraded_precise_stage_still_has_an_order_but_no_invented_score() -> None:
    fast, precise = TRACE.step("fast"), TRACE.step("precise")
    assert fast is not None
    assert precise is not None
    degraded = replace(precise, ranking=fast.ranking.top(8), degraded=True, note="timed out after 2 s")
    trace = replace(TRACE, steps=(*TRACE.steps[:-1], degraded), evidence=fast.ranking.top(3))
    found = rank_shift.shifts(trace)
    assert [shift.ranks["precise"] for shift in found[:3]] == [1, 2, 3]
    assert all("precise" not in shift.scores for shift in found)
    assert rank_shift.table(found)["precise score"].isna().all()


def test_cited_and_marked_passages_are_known() -> None:
    dropped = rank_shift.shifts(TRACE)[-1].chunk.id
    found = {s.chunk.id: s for s in rank_shift.shifts(TRACE, an_answer(TRACE), {dropped: False})}
    assert found[TRACE.evidence.candidates[0].chunk.id].cited
    assert not found[TRACE.evidence.candidates[1].chunk.id].cited
    assert found[dropped].relevant is False


def test_the_picture_keeps_the_best_of_any_stage_and_everything_that_was_marked() -> None:
    every = rank_shift.shifts(TRACE)
    last = max(every, key=lambda shift: min(shift.ranks.values())).chunk.id
    shown = rank_shift.best(rank_shift.shifts(TRACE, None, {last: True}), 5)
    assert {s.chunk.id for s in shown if s.chunk.id != last} == {
        s.chunk.id for s in every if min(s.ranks.values()) <= 5
    }
    assert last in {s.chunk.id for s in shown}


def test_the_chart_has_a_point_for_every_stage_that_a_candidate_reached() -> None:
    found = rank_shift.shifts(TRACE, an_answer(TRACE))
    data = next(iter(rank_shift.chart(found).to_dict()["datasets"].values()))
    points = {(row["id"], row["stage"]): row["rank"] for row in data}
    assert points == {(s.chunk.id, stage): rank for s in found for stage, rank in s.ranks.items()}
    assert {row["label"] for row in data} == {"", "[1]", "[2]", "[3]"}


def test_the_table_has_a_row_for_every_candidate_and_whole_numbers_for_ranks() -> None:
    frame = rank_shift.table(rank_shift.shifts(TRACE, an_answer(TRACE)))
    assert len(frame) == 30
    assert list(frame["fate"][:4]) == ["[1] cited", "[2] given", "[3] cited", "read, not used"]
    assert str(frame["precise #"].dtype) == "Int64"
    assert frame["precise #"].isna().sum() == 22


def test_an_empty_trace_gives_no_shift_and_says_so() -> None:
    trace = Trace(question="q", searched="q", evidence=Ranking())
    assert rank_shift.shifts(trace) == []
    assert len(rank_shift.table([])) == 0
    assert rank_shift.summary(trace, []) == "No passage was given to the answer."


def test_the_summary_counts_what_hybrid_search_alone_would_have_missed() -> None:
    found = rank_shift.shifts(TRACE)
    fresh = sum(shift.ranks["hybrid"] > 3 for shift in found[:3])
    assert rank_shift.summary(TRACE, found).startswith(f"{fresh} of the 3 passages")
    assert "22 candidates fell out" in rank_shift.summary(TRACE, found)


def test_the_summary_says_when_only_the_order_changed() -> None:
    trace = traces.trace("Q?", {"hybrid": ["a", "b", "c"], "fast": ["b", "a", "c"]}, evidence=2)
    sentence = rank_shift.summary(trace, rank_shift.shifts(trace))
    assert sentence.startswith("All 2 were already in hybrid's first 2; only their order changed.")
    same = traces.trace("Q?", {"hybrid": ["a", "b"], "fast": ["a", "b"]}, evidence=2)
    assert rank_shift.summary(same, rank_shift.shifts(same)).startswith("All 2 stand where hybrid search had put them.")
