from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.bench.feedback import FeedbackBench, fusion_learner, precise_learner, simulate
from ingest.errors import SecondPassError
from rag.fuse import LinearFusion
from rag.learn.listnet import fit_fusion
from rag.learn.signal_lists import signal_list
from rag.learn.taught_model import BuiltinTeacher
from rag.measure.goldens import Golden
from rag.tracing import Trace
from tests.fakes.traces import fused_trace

# "late" misleads in these traces, so there is something to learn.
PRESENT = LinearFusion(weights={"precise": {"cross-encoder": 1.0, "late": 1.0, "dense": 0.3}}, version="0")


def asked(count: int, start: int = 0) -> list[tuple[Golden, Trace]]:
    rows = []
    for i in range(start, start + count):
        question = " ".join(f"word{n}" for n in np.random.default_rng(i).integers(0, 10**6, 4).tolist())
        rows.append((Golden(question=question, chunks=((f"{question}-7", 1),)), fused_trace(question, i, PRESENT)))
    return rows


@pytest.fixture(scope="module")
def bench() -> FeedbackBench:
    shipped = [row for golden, trace in asked(60, 9000) if (row := signal_list(golden, trace, "precise"))]
    return simulate(
        asked(250), PRESENT, fusion_learner(PRESENT, shipped=shipped, fit=fit_fusion), marks=(0, 20, 200), seeds=3
    )


def points(bench: FeedbackBench, crowd: str) -> list[Any]:
    return [point for point in bench.points if point.crowd == crowd]


def test_without_marks_nothing_changes(bench: FeedbackBench) -> None:
    for point in bench.points:
        if point.marks == 0:
            assert point.candidate == point.in_use == point.shipped
            assert point.promoted == 0


def test_honest_marks_make_unseen_questions_better(bench: FeedbackBench) -> None:
    at_200 = points(bench, "honest")[-1]
    assert at_200.promoted == at_200.seeds
    assert at_200.in_use > at_200.shipped + 0.05


def test_no_crowd_gets_a_worse_model_into_use(bench: FeedbackBench) -> None:
    assert all(point.harmed == 0 for point in bench.points)
    for crowd in ("random", "adversarial"):
        assert all(point.in_use >= point.shipped - 1e-9 for point in points(bench, crowd))


def test_the_simulation_gives_the_same_figures_again(bench: FeedbackBench) -> None:
    shipped = [row for golden, trace in asked(60, 9000) if (row := signal_list(golden, trace, "precise"))]
    learn = fusion_learner(PRESENT, shipped=shipped, fit=fit_fusion)
    again = simulate(asked(250), PRESENT, learn, marks=(20,), crowds=("honest",), seeds=3)
    assert again.points[0] == points(bench, "honest")[1]


def test_the_curve_is_printed_and_written(bench: FeedbackBench) -> None:
    assert "adversarial" in bench.table()
    assert max(map(len, bench.table().splitlines())) <= 120
    json.dumps(bench.to_json(), allow_nan=False)


def test_too_few_questions_with_evidence_are_refused() -> None:
    with pytest.raises(SecondPassError, match="too few questions"):
        simulate(asked(5), PRESENT, fusion_learner(PRESENT, shipped=[], fit=fit_fusion))


def test_below_200_marks_the_weights_learn_in_the_place_of_the_precise_model(tmp_path: Path) -> None:
    lists = [row for golden, trace in asked(30) if (row := signal_list(golden, trace, "precise"))]
    learn = precise_learner(
        PRESENT,
        shipped=lists,
        teacher=BuiltinTeacher(tmp_path / "not there"),
        fit=fit_fusion,
        folder=tmp_path,
        fewer=fusion_learner(PRESENT, shipped=lists, fit=fit_fusion),
    )
    taught = learn(lists, np.arange(len(lists)), 0)
    assert taught is not None
    assert taught.quality(lists[0]) > 0
