from __future__ import annotations

from dataclasses import replace

import pytest

from rag.measure.goldens import Golden
from rag.measure.verdict import overall_verdict, verdicts
from rag.tracing import Trace
from tests.fakes.traces import trace


def judged(dense: int, hybrid: int, fast: int, precise: int, ms: float = 10.0) -> tuple[Golden, Trace]:
    """A question whose evidence stands at the given rank in each stage."""

    def at(rank: int) -> list[str]:
        order = [f"x:{i}" for i in range(1, 11)]
        return [*order[: rank - 1], "a:1", *order[rank - 1 :]]

    stages = {"dense": at(dense), "hybrid": at(hybrid), "fast": at(fast), "precise": at(precise)}
    return Golden(question="q", chunks=(("a:1", 1),)), trace("q", stages, ms=ms)


def test_a_stage_that_lifts_the_evidence_earns_its_time() -> None:
    rows = [judged(5, 4, 3, 1, ms=140.0)] * 20 + [judged(5, 1, 1, 2, ms=140.0)] * 3 + [judged(5, 1, 1, 1, ms=140.0)] * 8
    by_stage = {verdict.stage: verdict for verdict in verdicts(rows)}
    precise = by_stage["precise"]
    assert (precise.better, precise.worse, precise.same) == (20, 3, 8)
    assert precise.earns_its_time is True
    assert precise.low > 0
    assert precise.added_ms == 140.0
    assert "MRR 0.57 → 0.95" in precise.sentence
    assert "20 better, 3 worse, 8 the same, +140 ms" in precise.sentence


def test_the_rerankers_are_also_judged_together() -> None:
    verdict = overall_verdict([judged(5, 4, 3, 1, ms=70.0)] * 25)
    assert verdict is not None
    assert (verdict.stage, verdict.compared_with) == ("rerankers", "hybrid")
    assert (verdict.before, verdict.after, verdict.added_ms) == (0.25, 1.0, 140.0)
    assert overall_verdict([]) is None


def test_a_stage_that_hurts_is_told_so() -> None:
    (_, _, precise) = verdicts([judged(1, 1, 1, 4)] * 25)
    assert precise.earns_its_time is False
    assert "worse" in precise.sentence


def test_a_stage_that_wins_as_often_as_it_loses_is_not_praised() -> None:
    (_, _, precise) = verdicts([judged(2, 2, 2, 1)] * 15 + [judged(2, 2, 1, 2)] * 15)
    assert precise.earns_its_time is None
    assert "no proof" in precise.sentence


def test_too_few_marks_give_no_judgement_however_clear_they_look() -> None:
    (_, _, precise) = verdicts([judged(9, 9, 9, 1)] * 7)
    assert not precise.enough
    assert precise.earns_its_time is None
    assert precise.sentence == "precise: not enough marks yet (7 of 20 questions)."


def test_a_stage_that_was_switched_off_is_not_judged_on_those_questions() -> None:
    golden, full = judged(5, 4, 3, 1)
    off = replace(full, steps=(*full.steps[:-1], replace(full.steps[-1], model="none")))
    found = {verdict.stage: verdict.questions for verdict in verdicts([(golden, full)] * 4 + [(golden, off)] * 6)}
    assert found == {"hybrid": 10, "fast": 10, "precise": 4}
    assert "precise" not in {verdict.stage for verdict in verdicts([(golden, off)])}


def test_without_judged_questions_there_is_no_verdict() -> None:
    assert verdicts([]) == ()


@pytest.mark.parametrize("metric", ["ndcg@10", "precision@1"])
def test_the_verdict_can_be_given_by_another_measure(metric: str) -> None:
    verdict = verdicts([judged(5, 4, 3, 1)] * 20, metric=metric)[-1]
    assert verdict.metric == metric
    assert verdict.after == 1.0
