from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import LibraryDamaged
from rag.learn.calibration import RIDGE, collect, fit, fit_calibration, rates_at, reliability
from rag.measure.goldens import Golden
from rag.refuse import Calibration, features, read_calibration
from rag.tracing import Trace, trace_from_json, trace_to_json
from tests.fakes.traces import trace

QUESTION = "What did Acme earn in 2018?"
PARTS = {"fast": "late", "precise": "cross-encoder"}


def answered_trace(
    logit: float = 4.0, late: float = 0.8, text: str = "Acme earned 12 in 2018.", question: str = QUESTION
) -> Trace:
    names = ["a:1", "x:2", "x:3"]
    logits = [{"cross-encoder": value} for value in (logit, logit - 2.0, logit - 3.0)]
    lates = [{"late": value} for value in (late, late - 0.2, late - 0.3)]
    return trace(
        question,
        {"bm25": names, "dense": names, "hybrid": names, "fast": names, "precise": names},
        scores={"dense": [0.7, 0.5, 0.4]},
        parts={"fast": lates, "precise": logits},
        texts={"a:1": text},
    )


def examples(count: int, seed: int) -> tuple[list[tuple[Golden, Trace]], dict[str, list[tuple[Golden, Trace]]]]:
    """Answerable questions with higher logits than unanswerable ones, overlapping."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 10**6, size=(2 * count, 3))
    rows = []
    for i in range(2 * count):
        question = " ".join(f"word{word}" for word in words[i])
        logit = rng.normal(3.0 if i < count else 0.0, 1.5)
        rows.append(
            (
                Golden(question=question, id=str(i), chunks=(("a:1", 1),)),
                answered_trace(logit, 0.5 + 0.05 * logit + rng.normal(0, 0.05), question=question),
            )
        )
    return rows[:count], {"elsewhere": rows[count:]}


def test_the_features_speak_of_the_evidence_and_survive_being_stored() -> None:
    found = features(answered_trace())
    assert found is not None
    assert found == pytest.approx(
        {
            "logit_lead": 2.0,
            "late": 0.8,
            "late_lead": 0.2,
            "cosine": 0.7,
            "cosine_lead": 0.2,
            "choice": np.log(3),
        }
    )
    stored = features(trace_from_json(trace_to_json(answered_trace(), texts=5)))
    assert stored == pytest.approx(found)


def test_evidence_that_only_the_words_found_has_the_least_cosine() -> None:
    names = ["a:1", "x:2", "x:3"]
    found = features(
        trace(
            QUESTION,
            {"bm25": names, "dense": ["y:1", "y:2"], "fast": names, "precise": names},
            scores={"dense": [0.7, 0.1]},
            parts={stage: [{part: value} for value in (3.0, 2.0, 1.0)] for stage, part in PARTS.items()},
        )
    )
    assert found is not None
    assert found["cosine"] == 0.1


def test_without_the_stages_that_it_was_fitted_on_there_is_no_probability() -> None:
    calibration, _ = fit_calibration(*examples(60, 1))
    whole = answered_trace()
    assert calibration.probability(whole) is not None
    assert calibration.probability(replace(whole, steps=whole.steps[:-1])) is None
    assert calibration.probability(replace(whole, evidence=whole.evidence.top(0))) is None
    degraded = replace(whole.steps[-1], degraded=True)
    assert calibration.probability(replace(whole, steps=(*whole.steps[:-1], degraded))) is None
    other = replace(whole.steps[-1], model="BAAI/bge-reranker-v2-m3")
    assert calibration.probability(replace(whole, steps=(*whole.steps[:-1], other))) is None


def test_a_fitted_calibration_tells_the_kinds_apart_and_can_be_believed() -> None:
    calibration, report = fit_calibration(*examples(300, 2))
    assert report.questions == 600
    assert report.auc > 0.85
    assert report.expected_error < 0.06
    assert report.chosen.false_refusals <= 0.02
    assert report.false_answers_by_kind == {"elsewhere": pytest.approx(report.chosen.false_answers)}
    assert calibration.threshold == report.chosen.threshold
    weak, strong = (calibration.probability(answered_trace(logit, 0.5 + 0.05 * logit)) for logit in (-3.0, 6.0))
    assert weak is not None
    assert strong is not None
    assert weak < 0.2 < 0.9 < strong


def test_labels_without_any_signal_give_no_confidence() -> None:
    rng = np.random.default_rng(5)
    answerable, unanswerable = examples(150, 3)
    rows = answerable + unanswerable["elsewhere"]
    order = rng.permutation(len(rows))
    _, report = fit_calibration([rows[i] for i in order[:150]], {"elsewhere": [rows[i] for i in order[150:]]})
    assert report.auc < 0.62
    assert report.chosen.false_answers > 0.7


def test_evidence_that_did_not_make_it_counts_as_unanswered() -> None:
    answerable, unanswerable = examples(40, 4)
    lost = [(replace(golden, chunks=(("gone", 1),)), found) for golden, found in answerable[:15]]
    _, report = fit_calibration(answerable[15:] + lost, unanswerable)
    assert report.answerable == 25


def test_too_few_examples_are_refused() -> None:
    answerable, unanswerable = examples(9, 4)
    with pytest.raises(ValueError, match="at least ten"):
        fit_calibration(answerable, unanswerable)


def test_a_saved_calibration_reads_back_the_same(tmp_path: Path) -> None:
    calibration, _ = fit_calibration(*examples(30, 6), version="2025-01")
    calibration.save(tmp_path / "models" / "calibration.json")
    assert read_calibration(tmp_path / "models" / "calibration.json") == calibration
    assert read_calibration(tmp_path / "none.json") is None


OTHER = '{"names": ["a"], "means": [0], "spreads": [1], "weights": [1], "intercept": 0, "threshold": 0.5}'


UNEQUAL = '{"names": ["late"], "means": [], "spreads": [], "weights": [], "intercept": 0, "threshold": 0.5}'


@pytest.mark.parametrize("text", ["", "{}", OTHER, UNEQUAL, "[1]"])
def test_a_damaged_calibration_file_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(LibraryDamaged, match="train calibration"):
        read_calibration(tmp_path / "calibration.json")


def test_perfect_probabilities_have_no_calibration_error() -> None:
    rng = np.random.default_rng(7)
    probabilities = rng.random(20_000)
    report = reliability(probabilities, (rng.random(20_000) < probabilities).astype(float))
    assert report.expected_error < 0.02
    overconfident = reliability(np.where(probabilities > 0.5, 0.99, 0.01), (rng.random(20_000) < 0.5).astype(float))
    assert overconfident.expected_error > 0.4


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50), st.data())
@settings(deadline=None, max_examples=50)
def test_a_higher_threshold_answers_less_and_refuses_more(values: list[float], data: st.DataObject) -> None:
    labels = np.array([1.0, 0.0] + [float(data.draw(st.booleans())) for _ in values[2:]])
    rates = [rates_at(np.array(values), labels, threshold) for threshold in (0.0, 0.2, 0.5, 0.9)]
    assert [row.false_answers for row in rates] == sorted((row.false_answers for row in rates), reverse=True)
    assert [row.false_refusals for row in rates] == sorted(row.false_refusals for row in rates)
    assert rates[0].false_refusals == 0.0


def test_the_fit_agrees_with_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(8)
    table = rng.normal(size=(200, 3))
    labels = (table @ [1.0, -2.0, 0.5] + rng.logistic(size=200) > 0).astype(float)
    ours: Calibration = fit([dict(zip("abc", row, strict=True)) for row in table.tolist()], labels)
    scaled = np.clip((table - table.mean(axis=0)) / table.std(axis=0), -3, 3)
    theirs = LogisticRegression(C=1 / RIDGE, tol=1e-8).fit(scaled, labels)
    assert ours.weights == pytest.approx(tuple(theirs.coef_[0]), abs=1e-3)
    assert ours.intercept == pytest.approx(float(theirs.intercept_[0]), abs=1e-3)


def test_collecting_keeps_each_golden_with_its_trace() -> None:
    goldens = [Golden(question=f"q{i}", relevant=(("a", 1),)) for i in range(3)]
    seen: list[tuple[int, int]] = []
    rows = collect(goldens, lambda question: answered_trace(question=question), lambda *at: seen.append(at))
    assert [found.question for _, found in rows] == ["q0", "q1", "q2"]
    assert seen[-1] == (3, 3)
