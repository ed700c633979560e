from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingest.questions import AskedQuestion, PassageMark
from rag.fuse import LinearFusion
from rag.learn.changes import would_change
from rag.learn.decide import CHANCE, decision, falls
from rag.learn.fusion_weights import fitted, learn_from_lists, learn_fusion, restrained
from rag.learn.judged import judged_questions
from rag.learn.listnet import fit_fusion
from rag.learn.signal_lists import (
    SignalList,
    judged_list,
    ndcg,
    read_signal_lists,
    reorder,
    signal_list,
    write_signal_lists,
)
from rag.measure.goldens import Golden
from rag.measure.significance import difference
from rag.measure.stage_measures import stage_values
from rag.tracing import Trace, trace_from_json, trace_to_json
from tests.fakes.traces import chunk, fused_trace

PRESENT = LinearFusion(
    weights={"precise": {"cross-encoder": 1.0, "late": 1.0, "dense": 0.3, "document": 0.2, "page": 0.2}}, version="0"
)
WORDS = "amber birch cedar delta ember fjord grove heath inlet jetty knoll ledge marsh north oasis plain quarry".split()


def list_of(seed: int, *, good: str = "cross-encoder", bad: str = "late", noise: float = 0.0) -> SignalList:
    """20 passages as PRESENT orders them, one relevant; `good` knows it, `bad` says the opposite, others nothing."""
    rng = np.random.default_rng(seed)
    place = int(rng.integers(20))
    target = np.eye(20)[place]
    signals = {name: rng.normal(size=20) for name in ("cross-encoder", "late", "dense")}
    signals[good] = signals[good] + 2.5 * target
    signals[bad] = signals[bad] - 1.5 * target
    marked = int(rng.integers(20)) if rng.random() < noise else place
    keys = tuple(f"p{i}" for i in range(20))
    made = SignalList(
        question=f"question {seed}",
        signals=signals,
        documents=tuple(f"d{i % 4}" for i in range(20)),
        pages=tuple(i // 4 + 1 for i in range(20)),
        keys=keys,
        grades={keys[marked]: 1},
        labels=np.where(np.arange(20) == marked, 1.0, 0.02),
    )
    order = reorder(made, PRESENT.weights["precise"])
    return replace(
        made,
        signals={name: values[order] for name, values in signals.items()},
        labels=made.labels[order],
        **{name: tuple(getattr(made, name)[i] for i in order) for name in ("documents", "pages", "keys")},
    )


def lists_of(count: int, start: int = 0, **how: Any) -> list[SignalList]:
    return [list_of(seed, **how) for seed in range(start, start + count)]


def learned(lists: list[SignalList], shipped: list[SignalList]) -> Any:
    groups = np.arange(len(lists))
    return learn_from_lists(lists, groups, PRESENT, shipped=shipped, fit=fit_fusion, version="1")


def test_weights_that_help_unseen_questions_and_hurt_no_golden_are_promoted() -> None:
    found = learned(lists_of(80), lists_of(60, start=1000))
    assert found.promoted, found.reason
    assert found.fusion.version == "1"
    assert found.fusion.weights["precise"]["late"] < PRESENT.weights["precise"]["late"]
    unseen = lists_of(100, start=5000)
    before, after = (
        np.mean([ndcg(row, fusion.weights["precise"]) for row in unseen]) for fusion in (PRESENT, found.fusion)
    )
    assert after > before + 0.05
    json.dumps(found.to_json(), allow_nan=False)


def test_weights_that_help_one_person_but_hurt_the_shipped_goldens_are_kept_aside() -> None:
    found = learned(lists_of(80), lists_of(60, start=1000, good="late", bad="cross-encoder"))
    assert not found.promoted
    assert "shipped goldens fall" in found.reason
    assert found.feedback is not None
    assert found.feedback.real


def test_shipped_goldens_beside_the_marks_keep_what_the_marks_say_nothing_of() -> None:
    """In the marked questions `late` knows nothing; in the shipped ones it is what knows."""
    marks = lists_of(60, bad="dense")
    shipped = lists_of(60, start=1000, good="late", bad="dense")
    alone, beside = (fitted(marks, PRESENT, "precise", fit_fusion, "1", shipped, share) for share in (0.0, 0.5))
    assert alone.weights["precise"]["late"] < beside.weights["precise"]["late"]
    before = np.mean([ndcg(row) for row in shipped])
    assert np.mean([ndcg(row, beside.weights["precise"]) for row in shipped]) > before


def test_a_signal_that_no_marked_question_varies_in_stays_as_it_is() -> None:
    marks = [replace(row, signals={**row.signals, "dense": np.zeros(20)}) for row in lists_of(40)]
    found = fitted(marks, PRESENT, "precise", fit_fusion, "1", lists_of(40, start=1000, good="dense"), 0.5)
    assert found.weights["precise"]["dense"] == pytest.approx(PRESENT.weights["precise"]["dense"])
    assert found.weights["precise"]["late"] != pytest.approx(PRESENT.weights["precise"]["late"])


def test_shipped_goldens_are_compared_with_the_order_that_was_shipped() -> None:
    """Whatever is in use by now, many small falls do not add up."""
    shipped = lists_of(40, start=1000)
    drifted = replace(PRESENT, weights={"precise": {**PRESENT.weights["precise"], "late": 3.0}})
    found = learn_from_lists(lists_of(40), np.arange(40), drifted, shipped=shipped, fit=fit_fusion, version="1")
    assert found.shipped is not None
    assert found.shipped.before == pytest.approx(np.mean([ndcg(row, PRESENT.weights["precise"]) for row in shipped]))


@pytest.mark.parametrize("seed", range(4))
def test_marks_at_random_promote_nothing(seed: int) -> None:
    found = learned(lists_of(60, start=seed * 100, noise=1.0), lists_of(60, start=1000))
    assert not found.promoted


def test_marks_turned_upside_down_promote_nothing() -> None:
    upside_down = lists_of(80, good="late", bad="cross-encoder")
    assert not learned(upside_down, lists_of(60, start=1000)).promoted


def test_goldens_weigh_as_much_as_it_takes_that_they_do_not_fall() -> None:
    """Marks say that only the cross-encoder knows, the goldens that `late` knows as well."""
    marks = lists_of(60, bad="late")
    shipped = [*lists_of(30, start=1000, bad="dense"), *lists_of(30, start=2000, good="late", bad="dense")]
    taken = []

    def fit(*table: Any, importance: list[float]) -> NDArray[np.float64]:
        taken.append(sum(importance) / importance.count(1.0) - 1)
        return fit_fusion(*table, importance=importance)

    _, _, guard = restrained(marks, np.arange(60) % 5, PRESENT, "precise", fit, "1", shipped, (0.1, 0.5, 3.0, 9.0))
    assert guard is not None
    assert not falls(guard)
    assert taken[0] == pytest.approx(0.1)
    assert taken[-1] > 0.1
    assert taken[-1] < 9.0


def test_a_gain_that_one_try_in_twenty_would_show_is_not_enough() -> None:
    chance = difference([0.0] * 20, [0.3] * 5 + [0.0] * 15)
    assert chance.real
    assert chance.p > CHANCE
    assert not decision(chance, None)[0]
    assert "may be chance" in decision(chance, None)[1]
    assert "which is worse" in decision(difference([0.3] * 20, [0.0] * 20), None)[1]


def test_without_shipped_goldens_nothing_is_promoted() -> None:
    found = learned(lists_of(80), [])
    assert not found.promoted
    assert "no shipped goldens" in found.reason


def test_one_question_asked_fifty_times_has_one_vote() -> None:
    lists = lists_of(10, noise=1.0) + [list_of(3)] * 50
    groups = np.array([*range(10), *[10] * 50])
    found = learn_from_lists(lists, groups, PRESENT, shipped=lists_of(30, start=1000), fit=fit_fusion, version="1")
    assert found.feedback is not None
    assert found.feedback.better + found.feedback.worse + found.feedback.same == 11


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=30)
def test_our_ndcg_is_that_of_trec_eval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = list_of(seed)
    grades = {f"p{i}": int(rng.integers(1, 3)) for i in rng.choice(30, size=4, replace=False)}
    row = SignalList(**{**row.__dict__, "grades": grades})
    weights = PRESENT.weights["precise"]
    golden = Golden(question="q", chunks=tuple(grades.items()))
    ranked = [chunk(row.keys[i]) for i in reorder(row, weights)]
    assert ndcg(row, weights) == pytest.approx(float(stage_values([golden], [ranked])["ndcg@10"][0]))


def test_replaying_the_recorded_signals_gives_the_order_that_the_fusion_gave() -> None:
    for seed in range(20):
        trace = trace_from_json(trace_to_json(fused_trace("who", seed, PRESENT)))
        row = signal_list(Golden(question="who", chunks=(("who-7", 1),)), trace, "precise")
        assert row is not None
        assert reorder(row, PRESENT.weights["precise"]).tolist() == list(range(20))


def test_other_weights_replayed_give_the_order_that_they_would_have_given() -> None:
    other = LinearFusion(weights={"precise": {**PRESENT.weights["precise"], "late": 0.1, "document": 0.5}}, version="2")
    for seed in range(20):
        recorded, wanted = (fused_trace("who", seed, weights) for weights in (PRESENT, other))
        row = signal_list(Golden(question="who", chunks=(("who-7", 1),)), recorded, "precise")
        assert row is not None
        names = [recorded.steps[-1].ranking.chunks[i].id for i in reorder(row, other.weights["precise"])]
        assert names == [one.id for one in wanted.steps[-1].ranking.chunks]


def asked(i: int, up: str, down: str = "") -> AskedQuestion:
    question = " ".join(np.random.default_rng(i).choice(WORDS, size=4, replace=False).tolist()) + f" {i}"
    trace = fused_trace(question, i, PRESENT)
    marks = [(f"{question}-{up}", True)] + ([(f"{question}-{down}", False)] if down else [])
    return AskedQuestion(
        id=f"q{i}",
        conversation_id="c",
        asked_at=datetime(2025, 1, 1, tzinfo=UTC),
        question=question,
        outcome="answered",
        total_ms=1.0,
        trace=trace_to_json(trace, texts=20),
        answer={},
        configuration={},
        marks=tuple(PassageMark(question_id=f"q{i}", chunk_id=name, relevant=good) for name, good in marks),
    )


def test_a_mark_decides_the_label_and_what_nobody_judged_is_only_probably_wrong() -> None:
    (judged,) = judged_questions([asked(1, "7", "3")])
    row = judged_list(judged, "precise")
    assert row is not None
    labels = dict(zip(row.keys, row.labels.tolist(), strict=True))
    assert labels[f"{judged.question}-7"] == 1.0
    assert labels[f"{judged.question}-3"] == 0.0
    assert sorted(set(labels.values())) == [0.0, 0.02, 1.0]


def test_marks_in_the_journal_become_better_weights() -> None:
    judged = list(judged_questions([asked(i, "7") for i in range(60)]))
    found = learn_fusion(judged, PRESENT, shipped=lists_of(60, start=1000), fit=fit_fusion, version="1")
    assert found.promoted, found.reason
    assert found.marks == 60


def test_past_questions_that_other_weights_would_have_answered_otherwise_are_listed() -> None:
    rows = [asked(i, "7") for i in range(10)]
    assert would_change(rows, PRESENT) == []
    other = LinearFusion(weights={"precise": {**PRESENT.weights["precise"], "late": 0.0}}, version="2")
    changes = would_change(rows, other)
    assert changes
    lifted = [change for change in changes if change.after[0].endswith("-7") and change.another_first]
    assert lifted
    assert all(set(change.entered) <= set(change.after) - set(change.before) for change in changes)


def test_below_the_stated_number_of_marks_nothing_is_learned() -> None:
    judged = list(judged_questions([asked(i, "7") for i in range(19)]))
    found = learn_fusion(judged, PRESENT, shipped=lists_of(60, start=1000), fit=fit_fusion, version="1")
    assert found.fusion == PRESENT
    assert found.reason.startswith("not enough marks yet: 19 of 20")


def test_lists_written_to_a_file_read_back_the_same(tmp_path: Path) -> None:
    lists = [replace(row, texts=tuple(f"text {i % 7}" for i in range(20))) for row in lists_of(3)]
    lists[0].signals["late"][4] = np.nan
    write_signal_lists(lists, tmp_path / "goldens.jsonl")
    for ours, read in zip(lists, read_signal_lists(tmp_path / "goldens.jsonl"), strict=True):
        assert read.keys == ours.keys
        assert read.texts == ours.texts
        assert dict(read.grades) == dict(ours.grades)
        for name, values in ours.signals.items():
            np.testing.assert_allclose(read.signals[name], values, atol=1e-5)
    assert read_signal_lists(tmp_path / "none.jsonl") == []


def test_a_stage_without_weights_has_nothing_to_learn_from() -> None:
    fused = fused_trace("who", 1, PRESENT)
    plain = Trace(question="who", searched="who", steps=fused.steps[:1], evidence=fused.evidence)
    golden = Golden(question="who", chunks=(("who-7", 1),))
    assert signal_list(golden, plain, "precise") is None
    assert signal_list(golden, plain, "dense") is None


def test_the_fit_is_given_standardised_signals_and_the_present_weights_up_to_their_sharpness() -> None:
    seen: list[Any] = []

    def fit(
        tables: list[NDArray[np.float64]],
        labels: list[NDArray[np.float64]],
        prior: NDArray[np.float64],
        *,
        importance: list[float],
    ) -> NDArray[np.float64]:
        seen.append((tables, prior, importance))
        return prior

    fitted(lists_of(6), PRESENT, "precise", fit, "1", lists_of(2), 0.5)
    tables, prior, importance = seen[-1]
    assert importance == [1.0] * 6 + [1.5] * 2  # the two shipped ones together weigh half as much as the six marked
    present = np.array(list(PRESENT.weights["precise"].values()))
    np.testing.assert_allclose(prior / prior[0], present / present[0])
    assert all(table.shape == (20, 5) for table in tables)
    np.testing.assert_allclose(tables[0].mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(tables[0].std(axis=0), 1, atol=1e-9)
