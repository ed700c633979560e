"""The command line is a contract: names, exit codes and JSON that scripts are built on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.main import main

TEXTS = {
    "valve.txt": "The valve of reactor seven is opened by turning the brass wheel four times to the left.",
    "pump.md": "# Pump\n\nThe pump of reactor seven is greased with white oil every second Monday.",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("cli")
    assert run(home, "ingest", files).exit_code == 0
    return home


def run(home: Path, *arguments: object) -> Result:
    return CliRunner(env={"SECOND_PASS_HOME": str(home)}).invoke(main, [str(argument) for argument in arguments])


def rows(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_ingest_says_what_became_of_each_file_and_3_where_one_failed(tmp_path: Path, files: Path) -> None:
    folder = tmp_path / "more"
    shutil.copytree(files, folder)
    (folder / "broken.pdf").write_bytes(b"not a pdf at all")
    result = run(tmp_path / "home", "ingest", folder, "--json")
    assert result.exit_code == 3
    found = {row["file"]: row for row in rows(result)}
    assert set(found) == {*TEXTS, "broken.pdf"}
    assert set(found["valve.txt"]) == {"file", "status", "reason", "pages", "chunks", "seconds"}
    assert (found["valve.txt"]["status"], found["valve.txt"]["chunks"]) == ("ready", 1)
    assert found["broken.pdf"]["status"] == "failed"
    assert found["broken.pdf"]["reason"].startswith("not a format that can be read")
    again = run(tmp_path / "home", "ingest", files)
    assert again.exit_code == 0
    assert "2 unchanged" in again.output


def test_retrieve_gives_every_stage_with_its_order(home: Path) -> None:
    (trace,) = rows(run(home, "retrieve", "How is the valve opened?", "--json", "--no-cache"))
    assert [stage["name"] for stage in trace["stages"]] == ["bm25", "dense", "hybrid", "fast", "precise"]
    for stage in trace["stages"]:
        assert stage["ms"] >= 0
        assert isinstance(stage["note"], str)
        assert [row["rank"] for row in stage["ranking"]] == list(range(1, len(stage["ranking"]) + 1))
    first = trace["stages"][-1]["ranking"][0]
    assert (first["document"], first["page"]) == ("valve.txt", 1)
    assert {"rank", "chunk_id", "document", "page", "score"} <= set(first)
    assert trace["total_ms"] > 0


def test_retrieve_reads_questions_from_a_file_and_writes_one_trace_a_line(home: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": "a", "question": "Which oil?"}\n\n{"id": "b", "question": "Which wheel?"}\n')
    traces = rows(run(home, "retrieve", "--questions", questions, "--json"))
    assert [trace["id"] for trace in traces] == ["a", "b"]
    questions.write_text('{"id": "a", "question": " "}\n{"id": "b", "question": "Which wheel?"}\n')
    some = run(home, "retrieve", "--questions", questions, "--json")
    assert some.exit_code == 3
    refused, answered = (json.loads(line) for line in some.stdout.splitlines())
    assert (refused["id"], refused["error"]) == ("a", "Type a question first.")
    assert answered["id"] == "b"
    assert answered["stages"]
    questions.write_text('{"id": "a"}\n')
    wrong = run(home, "retrieve", "--questions", questions, "--json")
    assert wrong.exit_code == 1
    assert "line 1" in wrong.output


def test_ask_adds_answer_citations_generator_and_outcome(home: Path) -> None:
    (said,) = rows(run(home, "ask", "How is the valve of reactor seven opened?", "--json"))
    assert "four times to the left" in said["answer"]
    assert said["citations"][0]["document"] == "valve.txt"
    assert said["generator"] == "quoted from the passages"
    assert said["outcome"] == "answered"
    assert said["stages"]


def test_eval_has_the_shape_of_the_contract_and_names_missing_files(home: Path, tmp_path: Path) -> None:
    golden = tmp_path / "golden.jsonl"
    golden.write_text(
        "".join(
            json.dumps({"question": question, "relevant": [{"document": document, "page": 1}]}) + "\n"
            for question, document in (("How is the valve opened?", "valve.txt"), ("Which oil?", "pump.md"))
        )
    )
    (report,) = rows(run(home, "eval", golden, "--json"))
    assert [stage["name"] for stage in report["stages"]] == ["bm25", "dense", "hybrid", "fast", "precise"]
    assert set(report["stages"][0]["metrics"]["ndcg@10"]) == {"mean", "low", "high"}
    assert set(report["latency_ms"]) == {"p50", "p95"}
    assert report["questions"] == 2
    table = run(home, "eval", golden)
    assert "nDCG@10" in table.output
    both = run(home, "eval", golden, "--compare", "precise=none", "fusion=rrf, evidence=3", "--json")
    (sides,) = rows(both)
    assert sides["names"] == ["precise=none", "fusion=rrf, evidence=3"]
    wrong = run(home, "eval", golden, "--compare", "no_such=1", "precise=none")
    assert wrong.exit_code == 1
    assert "fold_duplicates" in wrong.output
    golden.write_text(json.dumps({"question": "q", "relevant": [{"document": "gone.pdf", "page": 1}]}))
    missing = run(home, "eval", golden)
    assert missing.exit_code == 1
    assert "gone.pdf" in missing.output


def test_a_beir_folder_is_measured_by_passage_and_indexed_once(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text(
        "".join(json.dumps({"_id": f"p{i}", "text": text}) + "\n" for i, text in enumerate(TEXTS.values()))
    )
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "Which oil has the pump?"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\tp1\t1\n")
    for _ in range(2):
        (report,) = rows(run(home, "eval", "--beir", folder, "--json"))
        assert report["stages"][-1]["metrics"]["precision@1"]["mean"] == 1.0
    assert len(list((home / "evaluations").iterdir())) == 1


def test_doctor_names_a_lost_index_repairs_it_and_is_then_content(home: Path) -> None:
    assert run(home, "doctor").exit_code == 0
    shutil.rmtree(home / "keywords")
    found = run(home, "doctor", "--repair", "--json")
    (report,) = rows(found)
    assert any("keyword" in finding["store"] or "keyword" in finding["text"] for finding in report["findings"])
    (again,) = rows(run(home, "doctor", "--json"))
    assert again["healthy"]
    (trace,) = rows(run(home, "retrieve", "Which oil has the pump?", "--json"))
    assert trace["stages"][0]["ranking"][0]["document"] == "pump.md"


def test_an_unknown_reranker_is_an_error_that_names_the_nearest(home: Path) -> None:
    result = run(home, "retrieve", "Which oil?", "--precise", "buildin")
    assert "builtin" in result.output
    assert "Traceback" not in result.output


def test_backup_and_restore_are_one_command_each(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "library.tar.gz"
    assert run(home, "backup", archive).exit_code == 0
    assert run(tmp_path / "new", "restore", archive).exit_code == 0
    (trace,) = rows(run(tmp_path / "new", "retrieve", "How is the valve opened?", "--json"))
    assert trace["stages"][-1]["ranking"][0]["document"] == "valve.txt"
    assert run(home, "restore", archive).exit_code == 1


def test_without_marks_the_verdict_says_so(home: Path) -> None:
    assert "Not enough marks yet" in run(home, "verdict").output
    assert "Nothing was learned yet" in run(home, "versions").output
    assert "nothing to undo" in run(home, "versions", "rollback").output


@pytest.mark.parametrize("passwords", [b"nonsense", b"[1]", b'{"a.pdf": 5}', b"\xff\xfe", b"[" * 100_000])
def test_a_password_file_that_is_none_is_said_in_a_sentence(
    home: Path, files: Path, tmp_path: Path, passwords: bytes
) -> None:
    file = tmp_path / "passwords.json"
    file.write_bytes(passwords)
    result = run(home, "ingest", files, "--passwords", file)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert 'expected one JSON object, {"file name": "password"}' in result.output


@pytest.mark.parametrize("line", [b"\xff", b"[" * 100_000, b'"text"'])
def test_a_line_that_is_no_question_is_named(home: Path, tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_bytes(b'{"question": "brass wheel"}\n' + line)
    result = run(home, "retrieve", "--questions", file, "--json")
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "line 2: not a question in JSON" in result.output


def test_a_golden_that_is_nested_too_deep_is_named(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "goldens.jsonl"
    file.write_text("[" * 100_000)
    result = run(home, "eval", file)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "goldens.jsonl, line 1: not JSON" in result.output


@pytest.mark.parametrize("option", ["--fast", "--precise"])
def test_a_misspelt_reranker_is_an_error_and_not_an_answer(home: Path, option: str) -> None:
    result = run(home, "ask", "brass wheel", option, "biultin")
    assert result.exit_code == 1
    assert "Did you mean 'builtin'?" in result.output


def test_feedback_that_cannot_be_written_is_said_in_a_sentence(home: Path, tmp_path: Path) -> None:
    result = run(home, "feedback", "export", tmp_path / "nowhere" / "marks.jsonl")
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "could not be written (No such file or directory)" in result.output
