"""A third reranking stage is one entry in the settings, and everything that shows or measures stages has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.application import Application
from app.cli.main import main
from app.evaluation import evaluated, verdicts_on
from app.settings import FILE, read_settings
from app.show import figures, rank_shift, timing
from app.show.passage import badges
from app.show.settings_table import in_use
from app.wiring import open_application
from ingest.errors import SettingsError
from rag.engine import Options
from rag.measure.goldens import Golden
from rag.stages import FAST, PRECISE, Kind, Stage, learning_stage
from rag.tracing import trace_from_json, trace_to_json

ENTRY = """
[[ranking.stages]]
name = "last look"
reranker = "late-interaction"
reads = 3
"""
NAMES = ["bm25", "dense", "hybrid", "fast", "precise", "last look"]
QUESTION = "How often is the pump greased?"
TEXTS = {
    f"{thing}.txt": f"The {thing} of reactor seven is greased every {day} with white oil."
    for thing, day in zip(
        ("pump", "valve", "gate", "crane", "wheel", "hatch"),
        ("Monday", "Friday", "May", "week", "day", "year"),
        strict=True,
    )
}
GOLDENS = [
    Golden(question=f"How often is the {name.partition('.')[0]} greased?", relevant=((name, 1),), id=name)
    for name in TEXTS
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("added")


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FILE.write_text(ENTRY, encoding="utf-8")


@pytest.fixture
def app(home: Path, settings_file: None) -> Iterator[Application]:
    application = open_application(read_settings(home=home))
    for name, text in TEXTS.items():
        application.library.wait_for(application.library.add(text.encode(), name).document.id)
    yield application
    application.close()


def test_the_trace_the_pictures_and_the_measures_have_the_added_stage(app: Application) -> None:
    trace = app.engine.retrieve(QUESTION)
    assert [step.name for step in trace.stages] == NAMES
    last = trace.stages[-1]
    assert (last.intake, len(last.ranking), last.scored) == (3, 3, 3)
    assert trace.start_of(last) is trace.step(PRECISE)
    assert trace.evidence.chunks == last.ranking.chunks  # the order that it left is what the answer is written from
    assert badges(trace.evidence.candidates[0]).startswith(":blue-badge[\\#1 last look ")

    shifts = rank_shift.shifts(trace)
    points = next(iter(rank_shift.chart(shifts).to_dict()["datasets"].values()))
    assert [row["stage"] for row in points if row["id"] == trace.evidence.chunks[0].id] == NAMES[2:]
    assert {f"{name} #" for name in NAMES[2:]} <= set(rank_shift.table(shifts).columns)
    assert {row.stage for row in timing.stage_times(trace)} >= set(NAMES)
    cascade = timing.saving(trace)
    assert (cascade.stage, cascade.stages, cascade.candidates, cascade.read) == (PRECISE, 3, 6, 6)
    assert "all 3 stages together" in timing.saving_sentence(cascade)
    assert trace_to_json(trace_from_json(trace_to_json(trace))) == trace_to_json(trace)
    assert ("Last look stage", "late-interaction, reads 3") in in_use(app.settings)

    report = evaluated(app, GOLDENS)
    assert [stage.name for stage in report.stages] == NAMES
    assert list(report.lost) == ["recall", "fusion", "fast", "precise", "last look", "found"]
    pairs = [("fast", "precise"), ("precise", "last look"), ("hybrid", "last look")]
    assert list(dict.fromkeys((test.before, test.after) for test in report.tests))[-3:] == pairs
    overall, stages = verdicts_on(app, GOLDENS)
    assert (overall.compared_with, overall.questions) == ("hybrid", 6)
    assert [(one.stage, one.compared_with) for one in stages][-2:] == [("precise", "fast"), ("last look", "precise")]
    assert learning_stage(app.engine.options.cascade, app.engine.parts.fusion().weights) == PRECISE


def test_a_question_on_record_keeps_the_added_stage_and_insights_count_it(app: Application) -> None:
    stream = app.engine.ask(QUESTION)
    assert stream.answer.text
    kept = app.journal.question(stream.record_id)
    assert [step.name for step in trace_from_json(kept.trace).stages] == NAMES
    assert [stage["name"] for stage in kept.configuration["stages"]] == NAMES[3:]
    assert {row.stage for row in figures.latencies([kept])} >= {*NAMES, "encoding", "folding", "answer", "total"}


def test_the_command_line_shows_the_added_stage(app: Application, home: Path) -> None:
    app.close()
    runner = CliRunner(env={"SECOND_PASS_HOME": str(home)})
    printed = runner.invoke(main, ["retrieve", QUESTION]).output
    assert "last look" in printed
    assert "encoding" in printed
    trace = json.loads(runner.invoke(main, ["retrieve", QUESTION, "--json"]).stdout)
    assert [stage["name"] for stage in trace["stages"]] == NAMES
    assert [step["name"] for step in trace["steps"] if step["kind"] == "policy"] == ["folding", "evidence"]
    goldens = home / "goldens.jsonl"
    goldens.write_text(
        "".join(
            json.dumps({"question": row.question, "relevant": [{"document": row.id, "page": 1}]}) + "\n"
            for row in GOLDENS
        )
    )
    table = runner.invoke(main, ["eval", str(goldens)]).output
    assert "precise → last look" in table
    assert (
        "last look: not enough marks yet (6 of 20 questions)." in runner.invoke(main, ["verdict", str(goldens)]).output
    )


def test_the_steps_of_a_question_are_its_time_on_the_clock(app: Application) -> None:
    app.engine.retrieve(QUESTION)
    trace = app.engine.retrieve("Which thing is greased in May?")
    kinds = {step.name: step.kind for step in trace.steps}
    assert kinds["encoding"] is kinds["named documents"] is kinds["passages"] is Kind.PREPARATION
    assert kinds["folding"] is kinds["evidence"] is Kind.POLICY
    side_by_side = min(step.ms for step in trace.steps if step.kind is Kind.RETRIEVAL)
    assert trace.total_ms >= sum(step.ms for step in trace.steps) - side_by_side


def test_an_entry_of_a_known_name_takes_that_stages_place() -> None:
    options = Options(stages=(Stage(name=PRECISE, reranker="none", reads=7), Stage(name="more", reranker="builtin")))
    assert [(stage.name, stage.reranker, stage.reads) for stage in options.cascade] == [
        (FAST, "late-interaction", None),
        (PRECISE, "none", 7),
        ("more", "builtin", None),
    ]
    changed = options.with_stage("more", reads=2).with_stage(FAST, keeps=9)
    assert [(stage.name, stage.reads, stage.keeps) for stage in changed.cascade] == [
        (FAST, None, 9),
        (PRECISE, 7, None),
        ("more", 2, None),
    ]


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([{"name": "dense", "reranker": "none"}], 'cannot be called "dense"'),
        ([{"name": "a", "reranker": "none"}, {"name": "a", "reranker": "none"}], 'cannot be called "a"'),
        ([{"name": "a", "reranker": "none", "keeps": 0}], "at least one passage"),
        ([{"name": "a", "reranker": "none", "starts_from": "b"}], "starts from b, which is not before it"),
        ([{"name": "a", "reranker": "none", "reeds": 3}], "reeds"),
    ],
)
def test_a_stage_that_cannot_be_is_said_with_its_name(
    tmp_path: Path, stages: list[dict[str, object]], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        open_application(read_settings(home=tmp_path, ranking={"stages": stages}))


def test_stages_can_stand_in_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_PASS_RANKING_STAGES", '[{"name": "a", "reranker": "none", "reads": 3}]')
    assert read_settings().ranking.stages == (Stage(name="a", reranker="none", reads=3),)
