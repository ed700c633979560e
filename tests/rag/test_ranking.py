import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import Chunk
from rag.ranking import Candidate, Ranking, merged
from rag.stages import Kind
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
    rest = Ranking(candidates=hybrid.candidates[1:])
    trace = Trace(
        question="q",
        searched="q made whole",
        steps=(
            Step(name="encoding", kind=Kind.PREPARATION, ms=0.5),
            Step(name="bm25", kind=Kind.RETRIEVAL, ms=1.0, ranking=found),
            Step(name="passages", kind=Kind.PREPARATION, ms=0.25),
            Step(name="hybrid", kind=Kind.FUSION, ms=2.0, ranking=hybrid, note="n", intake=len(found)),
            Step(name="gate", kind=Kind.POLICY, ms=0.1, ranking=hybrid, intake=len(hybrid)),
            Step(name="folding", kind=Kind.POLICY, ms=0.1, ranking=rest, intake=len(hybrid), note="1 folded."),
            Step(name="evidence", kind=Kind.POLICY, ms=0.1, ranking=rest.top(evidence), intake=len(rest)),
        ),
        evidence=rest.top(evidence),
        warnings=("w",),
        wall_ms=3.0,
    )
    once = trace_to_json(trace, texts=evidence)
    assert trace_to_json(trace_from_json(once), texts=evidence) == once
    back = trace_from_json(once)
    assert [c.chunk.text for c in back.evidence] == [c.chunk.text for c in trace.evidence]
    assert back.total_ms == 3.0
    assert [(step.name, step.kind, step.intake) for step in back.steps] == [
        (step.name, step.kind, step.intake) for step in trace.steps
    ]
    assert [[chunk.id for chunk in step.ranking.chunks] for step in back.steps] == [
        [chunk.id for chunk in step.ranking.chunks] for step in trace.steps
    ]
    assert [row["name"] for row in once["stages"]] == ["bm25", "hybrid"]


# As version 0.1 kept it before policies and preparation were steps.
OLD = """{
  "question": "q", "searched": "q", "evidence": ["b"], "warnings": [], "total_ms": 7.0,
  "configuration": {"fast": "late-interaction", "precise": "none", "fast_keep": 2},
  "passages": {
    "a": {"document_id": "d", "document": "d.pdf", "position": 0, "page": 1, "section": "", "title": ""},
    "b": {"document_id": "d", "document": "d.pdf", "position": 1, "page": 2, "section": "", "text": "t"}
  },
  "stages": [
    {"name": "dense", "ms": 1.0, "note": "", "ranking": [
      {"rank": 1, "chunk_id": "a", "document": "d.pdf", "page": 1, "score": 0.9},
      {"rank": 2, "chunk_id": "b", "document": "d.pdf", "page": 2, "score": 0.8}]},
    {"name": "hybrid", "ms": 1.0, "note": "", "ranking": [
      {"rank": 1, "chunk_id": "a", "document": "d.pdf", "page": 1, "score": 2.0},
      {"rank": 2, "chunk_id": "b", "document": "d.pdf", "page": 2, "score": 1.0}]},
    {"name": "fast", "ms": 2.0, "note": "", "model": "late-interaction", "scored": 2, "ranking": [
      {"rank": 1, "chunk_id": "b", "document": "d.pdf", "page": 2, "score": 3.0, "parts": {"late": 0.5}},
      {"rank": 2, "chunk_id": "a", "document": "d.pdf", "page": 1, "score": 2.0, "parts": {"late": 0.4}}]},
    {"name": "precise", "ms": 3.0, "note": "switched off", "model": "none", "degraded": false, "ranking": [
      {"rank": 1, "chunk_id": "b", "document": "d.pdf", "page": 2, "score": null},
      {"rank": 2, "chunk_id": "a", "document": "d.pdf", "page": 1, "score": null}]}
  ]
}"""


def test_a_trace_that_an_older_version_kept_can_be_read() -> None:
    trace = trace_from_json(json.loads(OLD))
    kinds = [Kind.RETRIEVAL, Kind.FUSION, Kind.RERANK, Kind.RERANK]
    assert [(step.name, step.kind) for step in trace.stages] == list(
        zip(("dense", "hybrid", "fast", "precise"), kinds, strict=True)
    )
    assert trace.total_ms == 7.0
    assert [trace.start_of(step).name for step in trace.stages[1:]] == ["dense", "hybrid", "fast"]
    assert trace.start_of(trace.stages[0]) is None
    assert trace.evidence.candidates[0].mark("fast").parts == {"late": 0.5}
    assert trace_to_json(trace_from_json(trace_to_json(trace))) == trace_to_json(trace)


def test_an_answer_survives_json() -> None:
    answer = Answer(
        text="Yes [1].",
        outcome=Outcome.ANSWERED,
        citations=(Citation(number=1, chunk_id="c", document="a.pdf", page=2, sentences=("Yes.",)),),
        tokens={"prompt": 3},
        confidence=0.5,
    )
    assert answer_from_json(answer_to_json(answer)) == answer
