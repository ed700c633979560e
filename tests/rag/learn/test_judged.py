from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.questions import AskedQuestion, PassageMark, Thumb
from rag.learn.export import export_csv, export_jsonl
from rag.learn.judged import judged_questions, with_evidence
from rag.learn.paraphrases import folds, paraphrase_groups
from rag.measure.verdict import verdicts
from rag.tracing import trace_to_json
from tests.fakes.traces import trace

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
ORDER = [f"x.pdf:{i}" for i in range(1, 13)]


def asked(
    question: str = "Who pays?",
    *,
    id: str = "q1",
    hours: float = 0,
    up: tuple[str, ...] = (),
    down: tuple[str, ...] = (),
    thumb: Thumb | None = None,
    cited: tuple[str, ...] = (),
    order: list[str] = ORDER,
) -> AskedQuestion:
    at = NOON + timedelta(hours=hours)
    stages = {"bm25": order, "dense": order[::-1], "hybrid": order, "fast": order, "precise": order}
    citations = [
        {"number": i, "chunk_id": name, "document": "", "page": 1, "sentences": []} for i, name in enumerate(cited, 1)
    ]
    answer: dict[str, Any] = {"text": "Ann.", "outcome": "answered", "citations": citations}
    marks = tuple(
        PassageMark(question_id=id, chunk_id=name, relevant=relevant, document="x.pdf", page=3, at=at)
        for names, relevant in ((up, True), (down, False))
        for name in names
    )
    return AskedQuestion(
        id=id,
        conversation_id="c",
        asked_at=at,
        question=question,
        outcome="answered",
        total_ms=5.0,
        trace=trace_to_json(trace(question, stages), texts=20),
        answer=answer,
        configuration={"precise": "builtin"},
        thumb=thumb,
        marks=marks,
    )


def believed(*rows: AskedQuestion) -> dict[str, tuple[bool, float]]:
    (judged,) = judged_questions(rows)
    return {row.chunk.id: (row.relevant, row.weight) for row in judged.judgements}


def test_marked_passages_are_evidence_and_marked_down_ones_are_not() -> None:
    assert believed(asked(up=("x.pdf:7",), down=("x.pdf:1",))) == {"x.pdf:7": (True, 1.0), "x.pdf:1": (False, 1.0)}


def test_of_two_marks_that_disagree_the_newest_holds() -> None:
    rows = [asked(id="q1", up=("x.pdf:1",)), asked(id="q2", hours=1, down=("x.pdf:1",))]
    assert believed(*rows) == {"x.pdf:1": (False, 1.0)}
    assert believed(*reversed(rows)) == {"x.pdf:1": (False, 1.0)}


def test_more_marks_outvote_a_newer_one() -> None:
    rows = [asked(id=f"q{i}", hours=i, up=("x.pdf:1",)) for i in range(3)]
    assert believed(*rows, asked(id="q9", hours=9, down=("x.pdf:1",))) == {"x.pdf:1": (True, 1.0)}


def test_the_same_words_asked_again_are_one_question() -> None:
    rows = [asked("Who pays?", id="q1", up=("x.pdf:1",)), asked("who  PAYS", id="q2", hours=1, up=("x.pdf:2",))]
    (judged,) = judged_questions(rows)
    assert judged.ids == ("q2", "q1")
    assert {row.chunk.id for row in judged.positives} == {"x.pdf:1", "x.pdf:2"}


def thumb(value: int, *reasons: str) -> Thumb:
    return Thumb(question_id="q1", value=value, reasons=reasons, comment="=cmd()", at=NOON)


def test_a_thumb_up_vouches_for_the_cited_passages_but_less_than_a_mark() -> None:
    found = believed(asked(thumb=thumb(1), cited=("x.pdf:1", "x.pdf:2"), down=("x.pdf:2",)))
    assert found["x.pdf:1"] == (True, 0.5)
    assert found["x.pdf:2"] == (False, 1.0)


@pytest.mark.parametrize(("reason", "judged"), [("wrong source", True), ("missing part", False)])
def test_a_thumb_down_speaks_against_the_sources_only_when_it_says_so(reason: str, judged: bool) -> None:
    rows = list(judged_questions([asked(thumb=thumb(-1, reason), cited=("x.pdf:1",))]))
    assert bool(rows) is judged


def test_a_mark_on_a_passage_that_is_gone_is_still_evidence_by_page() -> None:
    (judged,) = judged_questions([asked(up=("old-id",))])
    assert judged.golden.chunks == (("old-id", 1),)
    assert judged.page_golden.relevant == (("x.pdf", 3),)


def test_marked_questions_feed_the_verdict() -> None:
    rows = [asked(f"Question {i}?", id=f"q{i}", up=("x.pdf:1",)) for i in range(20)]
    found = {verdict.stage: verdict for verdict in verdicts(with_evidence(judged_questions(rows)))}
    assert found["hybrid"].enough
    assert found["hybrid"].better == 20
    assert found["precise"].same == 20


def test_paraphrases_share_a_group_and_chains_of_them_stay_together() -> None:
    questions = [
        "What was the revenue of 3M in 2018?",
        "3M revenue 2018",
        "How do I store vaccines?",
        "tell me the revenue 3M had in 2018, please",
        "",
    ]
    groups = paraphrase_groups(questions)
    assert groups[0] == groups[1] == groups[3]
    assert len({groups[0], groups[2], groups[4]}) == 3


def test_questions_of_one_meaning_share_a_group_where_vectors_say_so() -> None:
    vectors = np.array([[1, 0], [0.99, 0.14], [0, 1]], dtype=np.float32)
    groups = paraphrase_groups(["Who pays?", "Whose money?", "Why?"], lambda texts: vectors)
    assert groups[0] == groups[1] != groups[2]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(2, 5), st.integers(0, 3))
@settings(deadline=None, max_examples=50)
def test_a_group_never_sits_in_two_folds(groups: list[int], count: int, seed: int) -> None:
    found = folds(np.array(groups), count, seed)
    assert len(found) == len(groups)
    assert all(len({int(f) for f, g in zip(found, groups, strict=True) if g == group}) == 1 for group in groups)
    assert 0 <= found.min() <= found.max() < count


def test_the_jsonl_export_holds_marks_with_the_rank_of_every_stage() -> None:
    rows = [asked(up=("x.pdf:2",), thumb=thumb(-1, "wrong fact")), asked(id="q2")]
    (line,) = export_jsonl(rows).splitlines()
    row = json.loads(line)
    assert row["marks"][0]["ranks"] == {"bm25": 2, "dense": 11, "hybrid": 2, "fast": 2, "precise": 2}
    assert row["thumb"]["reasons"] == ["wrong fact"]
    assert row["configuration"] == {"precise": "builtin"}


def test_the_csv_export_has_a_row_per_judgement_and_no_cell_that_runs_as_a_formula() -> None:
    text = export_csv([asked('=HYPERLINK("x"), who?', up=("x.pdf:2",), thumb=thumb(1))])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["kind"] for row in rows] == ["thumb", "mark"]
    assert rows[1]["rank"] == "2"
    assert all(not cell.startswith("=") for row in rows for cell in row.values())
