"""The files that came in may be the only copies: whatever happens to the database, a start never unlinks one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.application import Application
from app.cli.main import main
from app.settings import read_settings
from app.wiring import open_application
from ingest.documents import Status

TEXTS = {
    "valve.txt": b"The valve of reactor seven is opened by turning the brass wheel four times to the left.",
    "pump.txt": b"The pump of reactor seven is greased with white oil every second Monday.",
    "door.txt": b"The door of reactor seven is locked with two keys that two people hold.",
}


def fill(home: Path, *names: str) -> None:
    application = open_application(read_settings(home=home))
    try:
        for name in names or TEXTS:
            added = application.library.add(TEXTS[name], name, collection="plant").document
            assert application.library.wait_for(added.id).status is Status.READY
    finally:
        application.close()


def kept(home: Path) -> set[bytes]:
    """What the data directory still holds of the files that came in, wherever it lies."""
    return {path.read_bytes() for path in home.rglob("*") if path.is_file()} & set(TEXTS.values())


def run(home: Path, *arguments: str) -> Result:
    return CliRunner(env={"SECOND_PASS_HOME": str(home)}).invoke(main, list(arguments))


def remove_database(home: Path) -> None:
    for path in home.glob("library.sqlite3*"):
        path.unlink()


def names(application: Application) -> dict[str, str]:
    return {document.name: document.collection for document in application.store.documents()}


@pytest.mark.parametrize("loss", ["deleted", "emptied", "older"])
def test_fault_26_a_lost_database_costs_no_file_and_the_files_can_be_taken_in_again(tmp_path: Path, loss: str) -> None:
    home = tmp_path / "home"
    if loss == "older":
        fill(home, "valve.txt")
        shutil.copy(home / "library.sqlite3", tmp_path / "older")
    fill(home)
    remove_database(home)
    if loss == "emptied":
        (home / "library.sqlite3").touch()
    if loss == "older":
        shutil.copy(tmp_path / "older", home / "library.sqlite3")
    for _ in range(2):
        application = open_application(read_settings(home=home))
        said = application.library.report.text()
        application.close()
        assert kept(home) == set(TEXTS.values())
        assert "--adopt" in said
    told = json.loads(run(home, "doctor", "--json").stdout)
    assert len(told["files_of_no_document"]) == (2 if loss == "older" else 3)
    assert run(home, "doctor", "--adopt").exit_code == 0
    application = open_application(read_settings(home=home))
    try:
        assert names(application) == dict.fromkeys(TEXTS, "plant")
        assert "--adopt" not in application.library.report.text()
        assert application.library.check(repair=False).healthy
    finally:
        application.close()


def test_fault_26_only_a_person_throws_set_aside_files_away(tmp_path: Path) -> None:
    fill(tmp_path, "valve.txt", "pump.txt")
    remove_database(tmp_path)
    fill(tmp_path, "door.txt")
    assert kept(tmp_path) == set(TEXTS.values())
    assert "2 stored files" in run(tmp_path, "doctor").output
    assert run(tmp_path, "doctor", "--discard").exit_code == 0
    assert kept(tmp_path) == {TEXTS["door.txt"]}
    assert "stored file" not in run(tmp_path, "doctor").output


def test_fault_26_a_file_that_a_person_deleted_is_gone_from_the_disk(tmp_path: Path) -> None:
    fill(tmp_path)
    application = open_application(read_settings(home=tmp_path))
    try:
        pump = next(row for row in application.store.documents() if row.name == "pump.txt")
        application.library.delete(pump.id)
        application.library.wait_for(pump.id)
    finally:
        application.close()
    open_application(read_settings(home=tmp_path)).close()  # finishes what the first may have left
    assert kept(tmp_path) == {TEXTS["valve.txt"], TEXTS["door.txt"]}


def test_fault_30_one_missing_file_does_not_keep_the_others_from_being_built_again(tmp_path: Path) -> None:
    fill(tmp_path)
    valve = next(path for path in (tmp_path / "files").rglob("*") if path.is_file() and b"valve" in path.read_bytes())
    valve.unlink()
    application = open_application(read_settings(home=tmp_path, chunk_tokens=120))
    try:
        assert "valve.txt" in application.library.report.text()
        application.library.finish()
        assert names(application) == dict.fromkeys(TEXTS, "plant")
        assert application.engine.retrieve("How is the valve opened?").evidence.chunks[0].document_name == "valve.txt"
        again = application.library.add(TEXTS["valve.txt"], "valve.txt", collection="plant").document
        assert application.library.wait_for(again.id).status is Status.READY
        assert sorted(row.name for row in application.store.documents()) == sorted(TEXTS)
    finally:
        application.close()
    result = run(tmp_path, "doctor")
    assert result.exit_code in (0, 3), result.output


def test_fault_46_a_flipped_byte_in_a_stored_file_is_named_and_adding_the_file_again_mends_it(tmp_path: Path) -> None:
    fill(tmp_path)
    valve = next(path for path in (tmp_path / "files").rglob("*") if path.is_file() and b"valve" in path.read_bytes())
    data = bytearray(valve.read_bytes())
    data[5] ^= 1
    valve.write_bytes(bytes(data))
    application = open_application(read_settings(home=tmp_path))
    try:
        report = application.library.check(repair=True)
        assert not report.healthy
        assert "valve.txt" in report.text()
        application.library.add(TEXTS["valve.txt"], "valve.txt", collection="plant")
        assert application.library.check(repair=False).healthy
    finally:
        application.close()


@pytest.mark.parametrize("damage", ["DELETE FROM vectors", "UPDATE vectors SET data = x'00000000'"])
def test_fault_46_a_lost_row_of_vectors_is_noticed_and_mended(tmp_path: Path, damage: str) -> None:
    fill(tmp_path)
    with sqlite3.connect(tmp_path / "library.sqlite3") as database:
        database.execute(damage)
    database.close()
    shutil.rmtree(tmp_path / "vectors")
    application = open_application(read_settings(home=tmp_path))
    try:
        noticed = application.library.check(repair=False)
        assert not noticed.healthy
        assert "vectors" in noticed.text()
        assert application.library.check(repair=True).healthy
        assert application.library.check(repair=False).findings == ()
        assert len(application.engine.retrieve("How is the valve opened?").step("dense").ranking) == 3
    finally:
        application.close()
