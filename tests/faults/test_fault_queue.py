"""A document that waits: no command harms it, closing gives it back, and of two replacements the last one stands."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.application import Application
from app.settings import read_settings
from app.wiring import open_application
from ingest.documents import Document, Status
from ingest.errors import DiskFull, ReaderCrashed, SecondPassError
from ingest.read.sandbox import Reader
from ingest.store.keywords.tantivy import TantivyIndex
from tests.faults.test_faults import with_stream

SLOW = with_stream(b"BT /F 9 Tf 50 700 Td (word ) Tj ET\n" * 20_000, pages=400)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    application = open_application(read_settings(home=tmp_path))
    yield application
    application.close()


def states(home: Path) -> dict[str, tuple[str, int]]:
    """name → (status, attempts), as SQL has it."""
    database = sqlite3.connect(home / "library.sqlite3")
    rows = database.execute("SELECT name, status, attempts FROM documents")
    found = {name: (status, attempts) for name, status, attempts in rows}
    database.close()
    return found


def change(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "library.sqlite3") as database:
        database.execute(statement)
    database.close()


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env=os.environ | {"SECOND_PASS_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def ready(application: Application, text: str, name: str, **how: bool) -> Document:
    found = application.library.wait_for(application.library.add(text.encode(), name, **how).document.id)
    assert found is not None
    assert found.status is Status.READY
    return found


def in_work(application: Application) -> Document:
    """A slow file that is being read, so that everything added after it waits."""
    document = application.library.add(SLOW, "slow.pdf").document
    until(lambda: application.store.document(document.id).status is Status.PARSING)
    return document


def until(condition) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_fault_29_commands_that_read_leave_a_waiting_document_alone_and_end_well(tmp_path: Path) -> None:
    application = open_application(read_settings(home=tmp_path))
    ready(application, "The valve is opened by turning the wheel to the left.", "valve.txt")
    application.close()
    change(tmp_path, "UPDATE documents SET status = 'pending', chunks = 0")
    for arguments in (["retrieve", "valve"], ["doctor"]):
        done = command(tmp_path, *arguments)
        assert done.returncode in (0, 3), (arguments, done.returncode, done.stderr[-500:])
        assert states(tmp_path) == {"valve.txt": ("pending", 0)}
    assert "1 document waits" in done.stdout
    done = command(tmp_path, "doctor", "--repair")
    assert done.returncode == 0, done.stderr[-500:]
    assert states(tmp_path) == {"valve.txt": ("ready", 0)}


def test_fault_29_a_rebuild_that_failed_is_told_and_tried_again(tmp_path: Path) -> None:
    application = open_application(read_settings(home=tmp_path))
    ready(application, "The valve is opened by turning the wheel to the left.", "valve.txt")
    application.close()
    changed = read_settings(home=tmp_path, chunk_tokens=120)
    application = open_application(changed)
    assert "1 document built with other settings" in application.library.check(repair=False).text()
    application.library.finish()
    assert application.library.check(repair=False).text() == "Every index agrees with the database."
    (new,) = application.store.documents()
    application.close()
    # As three aborted commands left it before: the old build ready, the new one failed.
    change(
        tmp_path,
        "INSERT INTO documents (id, collection_key, name, title, sha256, bytes, pipeline, embedder, replaces, status, "
        "reason, pages, chunks, pages_done, chunks_done, attempts, added_at, queued_at, seconds) "
        "SELECT 'old', collection_key, name, title, sha256, bytes, 'older', embedder, '', 'ready', "
        "'', pages, 0, 0, 0, 0, added_at, queued_at, 0 FROM documents",
    )
    change(
        tmp_path,
        "UPDATE documents SET replaces = 'old', status = 'failed', reason = 'stopped unexpectedly 3 times' "
        "WHERE id != 'old'",
    )
    application = open_application(changed)
    try:
        assert "stopped unexpectedly 3 times" in application.library.check(repair=False).text()
        application.library.finish()
        assert [(row.id, row.status) for row in application.store.documents()] == [(new.id, Status.READY)]
    finally:
        application.close()


def test_fault_36_of_two_queued_replacements_the_last_one_stands_alone(app: Application) -> None:
    ready(app, "The gate code is 1111.", "code.txt")
    slow = in_work(app)
    second = app.library.add(b"The gate code is 2222.", "code.txt", replace=True).document
    third = app.library.add(b"The gate code is 3333.", "code.txt", replace=True).document
    app.library.cancel(slow.id)
    for document in (second, third):
        app.library.wait_for(document.id)
    app.library.finish()
    assert [row.id for row in app.store.documents() if row.name == "code.txt"] == [third.id]


def test_fault_36_a_cancelled_version_added_again_with_replace_replaces(app: Application) -> None:
    ready(app, "The gate code is 1111.", "code.txt")
    slow = in_work(app)
    second = app.library.add(b"The gate code is 2222.", "code.txt").document
    app.library.cancel(second.id)
    assert app.store.document(second.id).status is Status.CANCELLED
    app.library.add(b"The gate code is 2222.", "code.txt", replace=True)
    app.library.cancel(slow.id)
    assert app.library.wait_for(second.id).status is Status.READY
    app.library.finish()
    assert [row.id for row in app.store.documents() if row.name == "code.txt"] == [second.id]


def test_fault_36_a_version_that_is_ready_already_replaces_when_it_is_added_again_so(app: Application) -> None:
    first = ready(app, "The gate code is 1111.", "code.txt")
    ready(app, "The gate code is 2222.", "code.txt")
    app.library.add(b"The gate code is 1111.", "code.txt", replace=True)
    until(lambda: [row.id for row in app.store.documents() if row.name == "code.txt"] == [first.id])


def test_fault_36_a_replacement_that_cannot_be_read_costs_nothing(app: Application) -> None:
    first = ready(app, "The gate code is 1111.", "code.pdf.txt")
    bad = app.library.add(b"   ", "code.pdf.txt", replace=True).document
    assert app.library.wait_for(bad.id).status is Status.FAILED
    assert app.store.document(first.id).status is Status.READY


@pytest.mark.parametrize("name", ["Annual  reports", " Annual reports", "Annual\u00a0reports", "Annual reports\n"])
def test_fault_37_a_collection_is_the_same_however_its_blanks_are_typed(app: Application, name: str) -> None:
    first = app.library.add(b"The gate code is 1111.", "a.txt", collection="Annual reports").document
    second = app.library.add(b"The gate code is 2222.", "b.txt", collection=name).document
    third = app.library.add(b"The gate code is 3333.", "c.txt", collection=name).document
    for document in (first, second, third):
        assert app.library.wait_for(document.id).status is Status.READY
    assert app.library.collections() == ["Annual reports"]
    assert len(app.library.documents(name)) == 3
    assert len(app.engine.retrieve("What is the gate code?", collections=[name]).evidence) == 3


def test_fault_45_closing_with_a_document_in_work_leaves_it_waiting(tmp_path: Path) -> None:
    application = open_application(read_settings(home=tmp_path))
    in_work(application)
    application.close()
    assert states(tmp_path) == {"slow.pdf": ("pending", 0)}


def test_fault_29_a_program_that_ends_without_closing_ends_well_and_its_document_waits(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from app.settings import read_settings\n"
        "from app.wiring import open_application\n"
        "import ingest.pipeline\n"
        "ingest.pipeline.EMBED_AT_ONCE = 8\n"
        "application = open_application(read_settings(home=Path(sys.argv[1])))\n"
        "text = ' '.join(f'Sentence {i} speaks of topic {i % 97}.' for i in range(3_000))\n"
        "document = application.library.add(text.encode(), 'long.txt').document\n"
        "while application.store.document(document.id).chunks_done == 0:\n"
        "    time.sleep(0.01)\n"  # now it is in the embedding model, which is native code
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert states(tmp_path) == {"long.txt": ("pending", 0)}


def test_fault_29_a_reader_that_died_is_tried_three_times_and_only_that_counts(
    app: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        seen.append(states(tmp_path)["code.txt"])
        raise ReaderCrashed("SIGSEGV")

    seen: list[tuple[str, int]] = []
    monkeypatch.setattr(Reader, "read", crash)
    document = app.library.add(b"The gate code is 1111.", "code.txt").document
    ended = app.library.wait_for(document.id)
    assert (ended.status, ended.reason) == (Status.FAILED, "the reader crashed: SIGSEGV")
    assert seen == [("parsing", 0), ("parsing", 1), ("parsing", 2)]


def test_a_deletion_that_cannot_be_finished_is_said_and_tried_again_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DiskFull("The disk is full.")

    monkeypatch.setattr("ingest.worker.PAUSE_S", 0.01)
    application = open_application(read_settings(home=tmp_path))
    document = ready(application, "The gate code is 1111.", "code.txt")
    with monkeypatch.context() as full:
        full.setattr(TantivyIndex, "remove", fail)
        application.library.delete(document.id)
        until(lambda: states(tmp_path)["code.txt"] == ("deleting", 3))
        assert application.library.wait_for(document.id).status is Status.DELETING
        with pytest.raises(SecondPassError, match="next start"):
            application.library.delete_collection("default")
    assert not application.engine.retrieve("What is the gate code?").evidence.chunks
    application.close()
    open_application(read_settings(home=tmp_path)).close()
    assert states(tmp_path) == {}
