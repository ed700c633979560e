"""Issue by issue the loop of feedback: marks → candidate → promoted or kept aside → named in the trace → undone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.application import Application
from app.cli.main import main
from app.learning import (
    REPLAY,
    current_fusion,
    current_precise,
    learn_from_feedback,
    shipped_fusion,
)
from app.model_family import FAMILIES, MODELS
from app.settings import read_settings
from app.wiring import open_application
from ingest.errors import SecondPassError
from ingest.questions import PassageMark, Thumb
from ingest.store.sql.versions import VersionState
from rag.learn.recipes import FEEDBACK_STAGE
from rag.learn.signal_lists import read_signal_lists, write_signal_lists
from rag.learn.train_cross_encoder import read_lists, write_lists
from rag.measure.goldens import read_goldens
from tests.places import SAMPLES

ASKED = 24


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Two sample manuals, questions asked of them, and a mark on the right page of each."""
    application = open_application(read_settings(home=tmp_path_factory.mktemp("loop")))
    files = [SAMPLES / "vaccine-cold-chain-handbook.pdf", SAMPLES / "valdora-onda-m-manual.pdf"]
    assert all(result.status == "ready" for result in application.library.ingest_files(files))
    goldens = [g for g in read_goldens(SAMPLES / "golden.jsonl") if g.relevant[0][0] in {file.name for file in files}]
    for golden in goldens[:ASKED]:
        stream = application.engine.ask(golden.question)
        assert stream.answer
        for candidate in stream.trace.stages[-1].ranking:
            place = (candidate.chunk.document_name, candidate.chunk.page)
            if place in golden.relevant:
                mark = PassageMark(
                    question_id=stream.record_id, chunk_id=candidate.chunk.id, relevant=True,
                    document=place[0], page=place[1], at=datetime.now(UTC),
                )  # fmt: skip
                application.journal.mark(mark)
                break
    yield application
    application.close()


def test_learning_leaves_a_version_with_its_scores_and_the_reason_of_its_state(application: Application) -> None:
    said: list[str] = []
    (version,) = learn_from_feedback(application.settings, say=said.append, encode_questions=False)
    assert version.kind == "fusion"
    assert version.scores["marks"] >= 20
    assert version.scores["feedback_ndcg@10"]["before"] > 0
    assert version.state in (VersionState.CURRENT, VersionState.KEPT_ASIDE)
    assert (version.state is VersionState.CURRENT) == version.scores["promoted"]
    assert version.reason in said
    if version.state is VersionState.CURRENT:
        application.versions.rollback("fusion")


def test_a_promoted_version_is_used_at_once_named_in_the_trace_and_undone(application: Application) -> None:
    question = "How long after mixing may the measles vaccine be used?"
    before = application.engine.retrieve(question)
    assert before.configuration["fusion_version"] == shipped_fusion().version
    weights = {stage: dict(row) for stage, row in shipped_fusion().weights.items()}
    weights["precise"] = {"bm25": 1.0}
    application.versions.add_version(kind="fusion", weights={"weights": weights}, scores={}, version_id="only-words")
    application.versions.promote("only-words")
    after = application.engine.retrieve(question)
    assert after.configuration["fusion_version"] == "only-words"
    scores = [candidate.mark("bm25") for candidate in after.stages[-1].ranking]
    known = [mark.score for mark in scores if mark]
    assert known == sorted(known, reverse=True)

    done = CliRunner(env={"SECOND_PASS_HOME": str(application.settings.library.home)}).invoke(
        main, ["versions", "rollback"]
    )
    assert done.exit_code == 0
    assert "only-words is undone" in done.output
    again = application.engine.retrieve(question)
    assert again.configuration["fusion_version"] == shipped_fusion().version
    assert [c.chunk.id for c in again.evidence] == [c.chunk.id for c in before.evidence]


def test_marks_teach_a_precise_model_that_lies_in_its_own_folder_with_weights_of_its_own(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real thing, small: few marks, few goldens, few replayed lists."""
    home = application.settings.library.home
    monkeypatch.setattr("rag.learn.precise_model.PRECISE_MINIMUM_MARKS", 20)
    monkeypatch.setattr("app.learning.REPLAY", tmp_path / "replay.jsonl")
    english = FAMILIES["english"]
    monkeypatch.setitem(FAMILIES, "english", replace(english, goldens=tmp_path / "goldens.jsonl"))
    short = replace(FEEDBACK_STAGE, passes={"feedback": 1, "synthetic-report": 1, "synthetic-handbook": 1})
    monkeypatch.setattr("rag.learn.recipes.FEEDBACK_STAGE", short)
    write_lists(read_lists(REPLAY)[:4], tmp_path / "replay.jsonl")
    write_signal_lists(read_signal_lists(english.goldens)[:12], tmp_path / "goldens.jsonl")
    (home / "models" / "killed.work").mkdir(parents=True)
    said: list[str] = []
    versions = learn_from_feedback(application.settings, say=said.append, encode_questions=False)
    assert [version.kind for version in versions] == ["fusion", "precise"]
    taught = versions[1]
    assert taught.scores["shipped_ndcg@10"]["before"] > 0
    assert taught.reason in said
    assert not list((home / "models").glob("*.work"))
    assert (home / "models" / taught.id / "precise.safetensors").stat().st_size > 1e7

    shown = application.engine.retrieve("What must be flushed before brewing?")
    for version in versions:
        if version.state is VersionState.CURRENT:
            application.versions.rollback(version.kind)
    application.versions.promote(taught.id)
    trace = application.engine.retrieve("What must be flushed before brewing?")
    assert trace.configuration["precise_version"] == trace.configuration["fusion_version"] == taught.id
    assert current_fusion(application.versions, home).weights["precise"] == taught.weights["weights"]
    assert current_fusion(application.versions, home).weights["fast"] == shipped_fusion().weights["fast"]
    assert learn_from_feedback(application.settings, say=said.append, encode_questions=False) == []
    assert said[-1].startswith("not enough marks yet: 0 of 20")  # none since the taught model is in use
    logits = [[c.mark("precise").parts["cross-encoder"] for c in t.evidence] for t in (shown, trace)]
    assert logits[0] != logits[1]

    application.versions.rollback("precise")
    again = application.engine.retrieve("What must be flushed before brewing?")
    assert again.configuration["precise_version"] == "shipped"
    assert again.configuration["fusion_version"] == shipped_fusion().version


def test_a_promoted_precise_model_is_read_from_its_own_folder(application: Application) -> None:
    home = application.settings.library.home
    shutil.copytree(MODELS / "precise", home / "models" / "precise-mine")
    application.versions.add_version(kind="precise", weights={}, scores={}, version_id="precise-mine")
    application.versions.promote("precise-mine")
    assert current_precise(application.versions, home) == ("precise-mine", home / "models" / "precise-mine")
    trace = application.engine.retrieve("What must be flushed before brewing?")
    assert trace.configuration["precise_version"] == "precise-mine"
    assert not trace.stages[-1].degraded
    shutil.rmtree(home / "models" / "precise-mine")
    assert current_precise(application.versions, home) == ("shipped", MODELS / "precise")
    application.versions.rollback("precise")


def test_a_thumb_and_a_mark_are_one_row_each_however_often_they_change(application: Application) -> None:
    asked = application.journal.questions(limit=1)[0]
    for value in (1, -1, 1):
        application.journal.thumb(Thumb(question_id=asked.id, value=value, reasons=("other",), comment="so"))
    found = application.journal.question(asked.id)
    assert found is not None
    assert found.thumb is not None
    assert found.thumb.value == 1
    mark = replace(application.journal.questions()[1].marks[0], relevant=False)
    before = len(application.journal.question(mark.question_id).marks)
    application.journal.mark(mark)
    assert len(application.journal.question(mark.question_id).marks) == before
    application.journal.mark(replace(mark, relevant=True))
    application.journal.remove_thumb(asked.id)
    assert application.journal.question(asked.id).thumb is None


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_feedback_is_exported_beside_an_open_app(application: Application, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"out.{kind}"
    environment = {"SECOND_PASS_HOME": str(application.settings.library.home)}
    done = CliRunner(env=environment).invoke(main, ["feedback", "export", str(file), "--format", kind])
    assert done.exit_code == 0, done.output
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    marked = [row for row in application.journal.questions() if row.marks]
    if kind == "jsonl":
        assert {json.loads(line)["question"] for line in lines} == {row.question for row in marked}
    else:
        assert len(lines) == 1 + sum(len(row.marks) for row in marked)


def test_without_a_library_learning_says_so(tmp_path: Path) -> None:
    with pytest.raises(SecondPassError, match="holds no library"):
        learn_from_feedback(read_settings(home=tmp_path / "nothing"), say=print)


def test_the_shipped_weights_are_used_where_nothing_was_learned(application: Application) -> None:
    assert current_fusion(application.versions, application.settings.library.home) == shipped_fusion()
