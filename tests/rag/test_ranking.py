import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import Chunk
from rag.ranking import Candidate, Ranking, merged
from rag.tracing import (
    Answer,
    Citation,
    Outcome,
    Step,
    Trace,
    answer_from_json,
    answer_to_json,
    trace_from_json,
    trace_to_json,
)


def chunk(number: int, document: str = "a.pdf") -> Chunk:
    return Chunk(
        id=f"{document}-{number}", document_id=document, document_name=document, position=number,
        page=number + 1, section="", text=f"passage {number}",
    )  # fmt: skip


def ranking(count: int) -> Ranking:
    return Ranking(candidates=tuple(Candidate(chunk=chunk(i)) for i in range(count)))


scores = st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=30)


@given(scores)
def test_reordering_keeps_every_candidate_and_sorts_by_score(values: list[float]) -> None:
    before = ranking(len(values))
    after = before.reordered("fast", values)
    assert sorted(c.chunk.id for c in after) == sorted(c.chunk.id for c in before)
    marks = [c.marks[-1] for c in after]
    assert [mark.rank for mark in marks] == list(range(1, len(values) + 1))
    assert all(a.score >= b.score for a, b in pairwise(marks))


@given(st.integers(1, 20))
def test_ties_keep_the_previous_order(count: int) -> None:
    after = ranking(count).reordered("fast", np.zeros(count))
    assert [c.chunk.position for c in after] == list(range(count))


def test_a_score_that_is_not_a_number_or_a_wrong_count_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        ranking(2).reordered("fast", [1.0, math.nan])
    with pytest.raises(ValueError, match="fast gave"):
        ranking(2).reordered("fast", [1.0])


def test_merging_joins_the_marks_of_the_same_passage() -> None:
    first = ranking(3).reordered("bm25", [3, 2, 1])
    second = ranking(2).reordered("dense", [0.1, 0.9])
    both = merged([first, second])
    assert len(both) == 3
    assert {mark.stage for mark in both.candidates[0].marks} == {"bm25", "dense"}


@given(scores, st.integers(1, 10))
def test_a_trace_survives_json(values: list[float], evidence: int) -> None:
    found = ranking(len(values)).reordered("bm25", values)
    hybrid = found.reordered("hybrid", [-v for v in values], [{"bm25": v} for v in values])
    trace = Trace(
        question="q",
        searched="q made whole",
        steps=(Step(name="bm25", ms=1.0, ranking=found), Step(name="hybrid", ms=2.0, ranking=hybrid, note="n")),
        evidence=hybrid.top(evidence),
        warnings=("w",),
    )
    once = trace_to_json(trace, texts=evidence)
    assert trace_to_json(trace_from_json(once), texts=evidence) == once
    back = trace_from_json(once)
    assert [c.chunk.text for c in back.evidence] == [c.chunk.text for c in trace.evidence]
    assert back.total_ms == 3.0


def test_an_answer_survives_json() -> None:
    answer = Answer(
        text="Yes [1].",
        outcome=Outcome.ANSWERED,
        citations=(Citation(number=1, chunk_id="c", document="a.pdf", page=2, sentences=("Yes.",)),),
        tokens={"prompt": 3},
        confidence=0.5,
    )
    assert answer_from_json(answer_to_json(answer)) == answer
