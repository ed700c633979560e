from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import GoldensUnreadable, QuestionRefused
from rag.measure.evaluate import compare, evaluate, measure
from rag.measure.goldens import Golden, goldens_from_csv, goldens_from_jsonl, missing_documents, read_beir, read_goldens
from rag.measure.report_text import judgements, loss
from rag.measure.significance import difference, estimates
from rag.measure.stage_measures import stage_values
from rag.stages import Kind
from rag.tracing import Step, Trace
from tests.fakes.traces import chunk, trace
from tests.places import SHARED


def golden(*places: str, question: str = "q", id: str = "1") -> Golden:
    pages = tuple((chunk(place).document_name, chunk(place).page) for place in places)
    return Golden(question=question, relevant=pages, id=id)


def values_of(wanted: Golden, names: list[str]) -> dict[str, float]:
    found = stage_values([wanted], [[chunk(name) for name in names]])
    return {name: float(values[0]) for name, values in found.items()}


def test_the_measures_of_a_small_ranking_are_what_a_hand_computes() -> None:
    values = values_of(golden("a:1", "b:2"), ["x:9", "a:1", "x:8", "b:2", "x:7"])
    ideal = 1 + 1 / math.log2(3)
    assert values["mrr"] == 0.5
    assert values["recall@1"] == 0.0
    assert values["recall@3"] == 0.5
    assert values["recall@5"] == 1.0
    assert values["precision@1"] == 0.0
    assert values["precision@5"] == pytest.approx(0.4)
    assert values["hit@3"] == 1.0
    assert values["map@10"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert values["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)


def test_a_second_passage_of_the_same_page_is_precise_but_recalls_nothing_new() -> None:
    values = values_of(golden("a:1", "b:2"), ["a:1", "a:1#1", "a:1#2", "b:2"])
    assert values["precision@5"] == pytest.approx(4 / 5)
    assert values["recall@3"] == 0.5
    assert values["recall@5"] == 1.0
    assert values["ndcg@10"] == pytest.approx((1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))


def test_evidence_by_passage_is_judged_by_passage_with_its_grade() -> None:
    wanted = Golden(question="q", chunks=(("a:1", 2), ("a:1#1", 1)))
    values = values_of(wanted, ["a:1#1", "a:1"])
    assert values["recall@1"] == 0.5
    assert values["ndcg@10"] == pytest.approx((1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)))


def test_the_same_page_number_of_another_file_is_not_relevant() -> None:
    assert values_of(golden("a:1"), ["b:1"])["hit@100"] == 0.0


names = st.lists(st.integers(0, 30).map(lambda i: f"d{i % 3}:{i}"), max_size=25, unique=True)


@given(ranked=names, wanted=names.filter(bool))
@settings(deadline=None, max_examples=60)
def test_measures_stay_between_0_and_1_and_recall_never_falls_with_depth(ranked: list[str], wanted: list[str]) -> None:
    values = values_of(golden(*wanted), ranked)
    assert all(0 <= value <= 1 + 1e-9 for value in values.values())
    for family in ("recall", "hit"):
        deeper = [values[f"{family}@{k}"] for k in (1, 3, 5, 10, 20, 100)]
        assert deeper == sorted(deeper)
    assert (values["mrr"] > 0) == (values["hit@100"] > 0)


@given(wanted=names.filter(bool), rest=names)
@settings(deadline=None, max_examples=40)
def test_an_order_with_all_evidence_first_scores_1(wanted: list[str], rest: list[str]) -> None:
    order = wanted + [name for name in rest if name not in wanted]
    values = values_of(golden(*wanted), order)
    assert values["ndcg@10"] == pytest.approx(1)
    assert values["mrr"] == 1
    assert values["recall@100"] == 1


def test_where_evidence_is_lost_follows_the_funnel_and_adds_up_to_1() -> None:
    order = [f"x:{i}" for i in range(1, 8)]
    stages = {
        "recall": {"bm25": order, "dense": order, "hybrid": order, "fast": order, "precise": order[:6]},
        "fusion": {"bm25": [*order, "a:1"], "hybrid": order, "fast": order, "precise": order[:6]},
        "fast": {"bm25": ["a:1"], "hybrid": ["a:1", *order], "fast": [*order, "a:1"], "precise": order[:6]},
        "precise": {"bm25": ["a:1"], "hybrid": ["a:1"], "fast": ["a:1", *order], "precise": [*order[:6], "a:1"]},
        "found": {"bm25": ["a:1"], "hybrid": ["a:1"], "fast": [*order, "a:1"], "precise": ["x:1", "a:1"]},
    }
    goldens = [golden("a:1", question=place, id=place) for place in stages]
    report = measure(goldens, [trace(place, stages[place]) for place in stages])
    assert [row.lost for row in report.questions] == list(stages)
    assert dict(report.lost) == dict.fromkeys(stages, 0.2)
    text = report.table()
    assert all(loss(report, place) in text for place in stages)


def test_what_a_policy_left_out_is_lost_by_the_policy() -> None:
    whole = trace("q", {"bm25": ["x:1", "a:1"], "hybrid": ["x:1", "a:1"], "fast": ["x:1", "a:1"]})
    rest = whole.steps[-1].ranking.top(1)
    cap = Step(name="document cap", kind=Kind.POLICY, ms=1.0, ranking=rest, intake=2)
    report = measure([golden("a:1")], [replace(whole, steps=(*whole.steps, cap), evidence=rest)])
    assert report.lost["document cap"] == 1.0
    assert "left out by document cap" in report.table()


def test_what_an_answer_is_written_from_is_measured_as_it_is_given() -> None:
    order = ["x:1", "a:1", "x:2", "b:2", "x:3"]
    goldens = [golden("a:1", "b:2", question=f"q{i}", id=str(i)) for i in range(3)]
    few, many = (measure(goldens, [trace("q", {"hybrid": order, "fast": order}, evidence=size)] * 3) for size in (2, 5))
    assert {name: row.mean for name, row in few.evidence.metrics.items()} == pytest.approx(
        {"hit": 1.0, "recall": 0.5, "ndcg": 1 / math.log2(3) / (1 + 1 / math.log2(3)), "precision": 0.5}
    )
    sides = compare(few, many, ("evidence=2", "evidence=5"))
    tests = {(stage, test.metric): test.result.difference for stage, test in sides.tests}
    assert tests["final", "ndcg@10"] == 0.0
    assert tests["evidence", "recall"] == 0.5
    assert "evidence            recall" in sides.table()
    assert few.to_json()["evidence"]["metrics"]["recall"]["mean"] == 0.5
    assert [stage["name"] for stage in few.to_json()["stages"]] == ["hybrid", "fast"]


def test_a_stage_that_does_not_win_is_named() -> None:
    goldens = [golden("a:1", question=f"q{i}", id=str(i)) for i in range(12)]
    stages = {"hybrid": ["x:1", "a:1"], "fast": ["a:1", "x:1"], "precise": ["x:1", "a:1"]}
    said = judgements(measure(goldens, [trace("q", stages)] * 12))
    assert [line.split(":")[0] for line in said] == [
        "fast is better than hybrid",
        "precise does not win, it is worse than fast",
        "precise does not win, it cannot be told from hybrid",
    ]


def test_position_lift_counts_ups_downs_and_those_that_fell_out() -> None:
    rows = [(["x:1", "a:1"], ["a:1", "x:1"]), (["a:1", "x:1"], ["x:1", "a:1"]), (["a:1"], ["x:1"]), (["a:1"], ["a:1"])]
    goldens = [golden("a:1", id=str(i)) for i in range(len(rows))]
    report = measure(goldens, [trace("q", {"hybrid": old, "fast": new}) for old, new in rows])
    (lift,) = report.lifts
    assert (lift.up, lift.down, lift.same, lift.dropped, lift.found) == (1, 1, 1, 1, 0)
    assert lift.mean == 0.0


def full_trace(question: str, good: bool) -> Trace:
    order = ["x:1", "x:2", "a:1"] if not good else ["a:1", "x:1", "x:2"]
    first = {"bm25": ["x:1", "a:1"], "dense": ["x:2", "a:1"], "hybrid": ["x:1", "x:2", "a:1"]}
    return trace(question, first | {"fast": order})


def test_the_json_report_has_the_shape_that_scripts_are_built_on() -> None:
    goldens = [golden("a:1", question=f"q{i}", id=str(i)) for i in range(4)]
    seen: list[tuple[int, int]] = []
    report = evaluate(goldens, lambda question: full_trace(question, True), lambda *at: seen.append(at))
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert [stage["name"] for stage in data["stages"]] == ["bm25", "dense", "hybrid", "fast"]
    assert set(data["latency_ms"]) == {"p50", "p95"}
    assert data["questions"] == 4
    for stage in data["stages"]:
        assert set(stage["metrics"]["ndcg@10"]) == {"mean", "low", "high"}
        assert {"page-hit@5", "document-hit@5", "recall@100", "precision@5", "mrr", "map@10"} <= set(stage["metrics"])
    assert data["stages"][-1]["metrics"]["precision@1"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_table_fits_a_terminal_and_names_every_stage() -> None:
    goldens = [golden("a:1", question=f"q{i}", id=str(i)) for i in range(4)]
    text = evaluate(goldens, lambda question: full_trace(question, True)).table()
    assert max(map(len, text.splitlines())) <= 120
    assert all(stage in text for stage in ("bm25", "dense", "hybrid", "fast", "hybrid → fast"))


def test_a_question_that_is_refused_is_named_and_counts_in_no_figure() -> None:
    def retrieve(question: str) -> Trace:
        if question == "q0":
            raise QuestionRefused("This question is empty.")
        return full_trace(question, True)

    goldens = [golden("a:1", question=f"q{i}", id=str(i)) for i in range(3)]
    report = evaluate(goldens, retrieve)
    assert report.failed == (("0", "This question is empty."),)
    assert len(report.questions) == 2


def test_an_evaluation_without_questions_says_so() -> None:
    with pytest.raises(GoldensUnreadable, match="no question"):
        measure([], [])


def test_two_configurations_are_compared_question_by_question() -> None:
    goldens = [golden("a:1", question=f"q{i}", id=str(i)) for i in range(12)]
    worse = evaluate(goldens, lambda question: full_trace(question, False))
    better = evaluate(goldens, lambda question: full_trace(question, True))
    sides = compare(worse, better, ("plain", "reranked"))
    final = {test.metric: test.result for stage, test in sides.tests if stage == "final"}
    assert final["precision@1"].difference == 1.0
    assert final["precision@1"].better == 12
    assert final["precision@1"].real
    hybrid = {test.metric: test.result for stage, test in sides.tests if stage == "hybrid"}
    assert hybrid["mrr"].difference == 0.0
    assert hybrid["mrr"].p == 1.0
    assert max(map(len, sides.table().splitlines())) <= 120
    json.dumps(sides.to_json(), allow_nan=False)


def test_reports_over_other_questions_are_not_compared() -> None:
    one = evaluate([golden("a:1", id="1")], lambda question: full_trace(question, True))
    other = evaluate([golden("a:1", id="2")], lambda question: full_trace(question, True))
    with pytest.raises(ValueError, match="same questions"):
        compare(one, other)


def test_bootstrap_intervals_are_those_of_the_normal_distribution_for_many_questions() -> None:
    values = np.random.default_rng(1).beta(2, 3, size=400)
    error = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    estimate = estimates(values[:, None], resamples=4000)[0]
    assert estimate.mean - estimate.low == pytest.approx(error, rel=0.1)
    assert estimate.high - estimate.mean == pytest.approx(error, rel=0.1)


def test_one_question_has_an_interval_of_no_width_and_proves_nothing() -> None:
    assert estimates(np.array([[0.4]]))[0].low == estimates(np.array([[0.4]]))[0].high == 0.4
    assert difference([0.0], [1.0]).p == 1.0


def test_the_randomisation_p_is_that_of_swapping_the_two_sides_of_each_question() -> None:
    rng = np.random.default_rng(3)
    before, change = rng.random(40), rng.normal(0.05, 0.2, 40)
    ours = difference(before, before + change, resamples=5000)
    theirs = scipy.stats.permutation_test(
        (before + change, before), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=5000, rng=rng
    )
    assert ours.p == pytest.approx(theirs.pvalue, abs=0.03)
    assert ours.low < ours.difference < ours.high


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.randoms())
@settings(deadline=None, max_examples=40)
def test_swapping_the_sides_of_a_comparison_turns_its_sign(before: list[float], random: object) -> None:
    after = sorted(before, key=lambda _: random.random())  # type: ignore[attr-defined]
    one, other = difference(before, after), difference(after, before)
    assert one.difference == pytest.approx(-other.difference)
    assert (one.better, one.worse, one.same) == (other.worse, other.better, other.same)
    assert one.low == pytest.approx(-other.high)
    assert one.better + one.worse + one.same == len(before)
    assert 0 < one.p <= 1


def test_jsonl_goldens_are_read_with_their_pages() -> None:
    line = {"question": "Who\u2028pays?", "relevant": [{"document": "a.pdf", "page": 3}], "answer": "Ann", "type": "x"}
    (read,) = goldens_from_jsonl(json.dumps(line, ensure_ascii=False) + "\n\n")
    assert read == Golden(question="Who\u2028pays?", relevant=(("a.pdf", 3),), id="1", answers=("Ann",))


def test_rows_of_a_csv_with_the_same_question_are_one_golden() -> None:
    text = 'question;document;page\n"Who; when?";a.pdf;3\n"Who; when?";a.pdf;4\nWhy?;b.pdf;1\n'
    read = goldens_from_csv(text)
    assert [(row.question, row.relevant) for row in read] == [
        ("Who; when?", (("a.pdf", 3), ("a.pdf", 4))),
        ("Why?", (("b.pdf", 1),)),
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("g.jsonl", '{"question": "a", "relevant": []}', "g.jsonl, line 1: no relevant page"),
        ("g.jsonl", '{"question": "a"}', "'relevant' is missing"),
        ("g.jsonl", '{"question": "a", "relevant": [{"document": "a.pdf", "page": 0}]}', "pages count from 1"),
        ("g.jsonl", '\n{"question": ', "line 2: not JSON"),
        ("g.jsonl", "", "holds no questions"),
        ("g.csv", "question,page\nWho?,3\n", "'document' is missing"),
        ("g.csv", "question,document,page\nWho?,a.pdf,three\n", "row 2"),
    ],
)
def test_a_wrong_golden_file_says_which_line_and_what_was_expected(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(GoldensUnreadable, match=says):
        read_goldens(tmp_path / name)


def test_documents_that_the_library_lacks_are_named() -> None:
    assert missing_documents([golden("a:1", "b:2")], ["a"]) == ("b",)


@pytest.mark.parametrize("where", ["qrels.tsv", "qrels/test.tsv"])
def test_a_beir_folder_is_read_and_unjudged_questions_are_left_out(tmp_path: Path, where: str) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"_id": "p0", "title": "T", "text": "body"}\n{"_id": "p1", "text": "b"}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "q0", "text": "who"}\n{"_id": "q1", "text": "why"}\n')
    (tmp_path / where).parent.mkdir(exist_ok=True)
    (tmp_path / where).write_text("query-id\tcorpus-id\tscore\nq0\tp1\t1\nq0\tp0\t0\nq1\tp0\t0\n")
    read = read_beir(tmp_path)
    assert read.passages == {"p0": ("T", "body"), "p1": ("", "b")}
    assert read.goldens == (Golden(question="who", id="q0", chunks=(("p1", 1),)),)


def test_a_folder_that_is_not_beir_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(GoldensUnreadable, match="qrels"):
        read_beir(tmp_path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared development sets are not beside this checkout")
def test_the_development_sets_can_be_read() -> None:
    assert len(read_goldens(SHARED / "filings" / "golden.jsonl")) == 53
    covid = read_beir(SHARED / "passages" / "covid-qa")
    assert (len(covid.passages), len(covid.goldens)) == (1374, 1357)
