"""Backups under attack and in bad moments: hostile, cut off, written while files come and go, into a mount point."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

import pytest

from app.backup import finish_restore, read_backup, verify_backup, write_backup
from app.learning import current_precise
from ingest.errors import LibraryDamaged, SecondPassError
from ingest.store.files.folder import Files
from ingest.store.sql.database import open_database
from ingest.store.sql.store import SqlStore
from ingest.store.sql.versions import SqlVersions, VersionState
from tests.fakes.library_parts import open_store, ready_document
from tests.places import ROOT

processes = multiprocessing.get_context("forkserver")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    store = open_store(home)
    ready_document(store, b"%PDF one", name="one.pdf")
    ready_document(store, b"%PDF two", name="two.pdf", count=5)
    store.close()
    return home


def names(home: Path) -> set[str]:
    store = open_store(home)
    try:
        documents = store.documents.documents()
        return {document.name for document in documents if store.files.path(document.sha256).is_file()}
    finally:
        store.close()


def deleted(store: SqlStore, document_id: str) -> None:
    store.queue.begin_delete([document_id])
    while (claimed := store.queue.claim_next()) is not None:
        store.queue.finish_delete(claimed.id)


def packed(home: Path, archive: Path) -> Path:
    """An archive of a directory as it is, written by somebody else's tool."""
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(home.rglob("*")):
            if path.is_file():
                tar.add(path, path.relative_to(home).as_posix())
    return archive


def altered(home: Path, archive: Path, *statements: str) -> Path:
    """A backup whose database was changed by hand."""
    copy = archive.with_suffix(".home")
    shutil.copytree(home, copy)
    with contextlib.closing(sqlite3.connect(copy / "library.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    packed(copy, archive)
    shutil.rmtree(copy)
    return archive


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE documents SET sha256 = '/../../victim.txt', status = 'deleting' WHERE name = 'one.pdf'",
        "UPDATE documents SET sha256 = '/../../victim.txt', status = 'pending' WHERE name = 'one.pdf'",
        "UPDATE documents SET sha256 = upper(sha256)",
        "UPDATE documents SET sha256 = sha256 || char(10)",
        "UPDATE documents SET status = 'whatever'",
        "UPDATE documents SET replaces = '../../victim.txt'",
        "INSERT INTO model_versions (id, kind, created_at, weights, scores, state, reason) VALUES "
        "('../../evil', 'precise', '2026-01-01 00:00:00', '{}', '{}', 'current', '')",
        "UPDATE chunks SET id = '../../x-00001' WHERE rowid = 1",
        "UPDATE chunks SET boxes = 'no JSON'",
        "UPDATE vectors SET dimensions = 7",
        "CREATE TRIGGER t AFTER UPDATE ON documents BEGIN DELETE FROM chunks; END",
        "CREATE VIEW v AS SELECT 1",
    ],
)
def test_fault_28_a_backup_with_hostile_ids_is_refused(home: Path, tmp_path: Path, statement: str) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    archive = altered(home, tmp_path / "bad.tar.gz", statement)
    with pytest.raises(SecondPassError, match="no sound backup"):
        read_backup(archive, tmp_path / "elsewhere")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


def test_fault_28_a_file_that_is_not_what_its_name_says_is_left_out_and_named(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    next(copy.glob("files/??/*")).write_bytes(b"%PDF something else")
    contents = read_backup(packed(copy, tmp_path / "bad.tar.gz"), tmp_path / "elsewhere")
    assert len(contents.missing) == 1
    assert contents.missing[0] in contents.note()
    assert names(tmp_path / "elsewhere") == {"one.pdf", "two.pdf"} - set(contents.missing)


def test_fault_28_only_what_belongs_to_a_library_is_unpacked(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    for name in ("second-pass.toml", ".streamlit/secrets.toml", "vectors/chroma.sqlite3", "files/evil.sh"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("x")
    read_backup(packed(copy, tmp_path / "odd.tar.gz"), tmp_path / "elsewhere")
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {
        *("library.sqlite3", "files", "in-use.lock", "learning.lock")
    }
    assert not (tmp_path / "elsewhere" / "files" / "evil.sh").exists()


def test_fault_28_what_a_backup_says_was_in_work_is_queued_anew(home: Path, tmp_path: Path) -> None:
    archive = altered(home, tmp_path / "busy.tar.gz", "UPDATE documents SET status = 'indexing', attempts = 3")
    read_backup(archive, tmp_path / "elsewhere")
    with contextlib.closing(sqlite3.connect(tmp_path / "elsewhere" / "library.sqlite3")) as connection:
        assert connection.execute("SELECT DISTINCT status, attempts FROM documents").fetchall() == [("pending", 0)]


@pytest.mark.parametrize("name", ["/../../victim.txt", "../../victim.txt", "A" * 64, "0" * 63, "0" * 64 + "\n", ""])
def test_fault_28_no_other_name_becomes_a_path(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    files = Files(tmp_path / "a" / "files")
    with pytest.raises(LibraryDamaged):
        files.path(name)
    files.remove(name)
    assert victim.read_text() == "mine"


def test_fault_28_token_vectors_stay_in_their_folder(tmp_path: Path) -> None:
    from ingest.store.tokens.mapped_files import TokenIndex
    from tests.fakes.library_parts import encoded_chunk, small_projection

    index = TokenIndex(tmp_path / "tokens", fingerprint="e1", projection=small_projection())
    victim = tmp_path / "victim.safetensors"
    victim.write_text("mine")
    with pytest.raises(LibraryDamaged):
        index.add([encoded_chunk("../../victim", 0)])
    with pytest.raises(LibraryDamaged):
        index.remove("../../victim")
    assert victim.read_text() == "mine"


def test_fault_28_a_model_version_outside_the_data_directory_is_never_loaded(tmp_path: Path) -> None:
    (tmp_path / "evil").mkdir()
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    versions = SqlVersions(open_database(home))
    versions.add_version(kind="precise", weights={"path": "../evil"}, scores={}, version_id="../../evil")
    versions.promote("../../evil")
    assert current_precise(versions, home)[0] == "shipped"
    (home / "models" / "inside").symlink_to(tmp_path / "evil")
    versions.add_version(kind="precise", weights={}, scores={}, state=VersionState.CANDIDATE, version_id="inside")
    versions.promote("inside")
    assert current_precise(versions, home)[0] == "shipped"


def test_fault_33_the_data_directory_may_be_a_mount_point(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "library.tar.gz"
    write_backup(home, archive)
    mounted = tmp_path / "mounted" / "library"
    mounted.mkdir(parents=True)
    rename, mkdtemp, rmdir = Path.rename, tempfile.mkdtemp, Path.rmdir

    def as_a_mount_point(path: Path, *more: object) -> object:
        if path == mounted or mounted in more:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(path, *more) if more else rmdir(path)

    def on_a_read_only_root(*more: object, **names: object) -> str:
        if names.get("dir") == mounted.parent:
            raise OSError(errno.EROFS, "Read-only file system")
        return mkdtemp(*more, **names)

    monkeypatch.setattr(Path, "rename", as_a_mount_point)
    monkeypatch.setattr(Path, "rmdir", as_a_mount_point)
    monkeypatch.setattr(tempfile, "mkdtemp", on_a_read_only_root)
    read_backup(archive, mounted)
    assert names(mounted) == {"one.pdf", "two.pdf"}
    read_backup(archive, mounted, force=True)
    assert names(mounted) == {"one.pdf", "two.pdf"}
    assert names(mounted / "before-restore-1") == {"one.pdf", "two.pdf"}


def test_fault_33_a_data_directory_that_cannot_be_written_is_said_in_words(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "library.tar.gz"
    write_backup(home, archive)

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(SecondPassError, match="Read-only file system"):
        read_backup(archive, tmp_path / "elsewhere")


def test_fault_34_a_backup_while_documents_come_and_go_is_whole(home: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    store = open_store(home)

    def busy() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            one, _ = ready_document(store, os.urandom(20_000), name=f"{number}.pdf")
            if number % 3:
                deleted(store, one)

    worker = threading.Thread(target=busy)
    worker.start()
    try:
        for number in range(8):
            contents = write_backup(home, tmp_path / f"{number}.tar.gz")
            assert contents.missing == ()
    finally:
        stop.set()
        worker.join()
        store.close()
    for number in range(8):
        assert verify_backup(tmp_path / f"{number}.tar.gz").missing == ()
        read_backup(tmp_path / f"{number}.tar.gz", tmp_path / f"home{number}")
        store = open_store(tmp_path / f"home{number}")
        kept = [document for document in store.documents.documents() if document.status != "deleting"]
        assert {document.sha256 for document in kept} <= store.files.hashes()
        assert {"one.pdf", "two.pdf"} <= {document.name for document in kept}
        store.close()


def test_fault_34_a_file_that_goes_after_the_snapshot_takes_its_document_with_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(home)
    (one,) = [document.id for document in store.documents.documents() if document.name == "one.pdf"]
    monkeypatch.setattr(
        "app.backup.reach",
        lambda place: place == "backup snapshot" and deleted(store, one),
    )
    contents = write_backup(home, tmp_path / "library.tar.gz")
    store.close()
    assert contents.missing == ()
    read_backup(tmp_path / "library.tar.gz", tmp_path / "elsewhere")
    assert names(tmp_path / "elsewhere") == {"two.pdf"}


def test_fault_34_a_lost_or_damaged_file_is_named_and_stops_nothing(home: Path, tmp_path: Path) -> None:
    store = open_store(home)
    for document in store.documents.documents():
        path = store.files.path(document.sha256)
        path.unlink() if document.name == "one.pdf" else path.write_bytes(b"%PDF twp")
    store.close()
    assert write_backup(home, tmp_path / "library.tar.gz").missing == ("one.pdf", "two.pdf")
    assert verify_backup(tmp_path / "library.tar.gz").missing == ("one.pdf", "two.pdf")


@pytest.mark.parametrize("place", ["a file", "the database", "the end"])
def test_fault_34_an_archive_that_is_not_whole_is_noticed(home: Path, tmp_path: Path, place: str) -> None:
    archive = tmp_path / "library.tar.gz"
    write_backup(home, archive)
    assert verify_backup(archive).missing == ()
    data = bytearray(archive.read_bytes())
    if place == "the end":
        data[-6] ^= 1  # within gzip's own checksum
    else:
        data[len(data) // 2 if place == "the database" else 60] ^= 0x55
    archive.write_bytes(bytes(data))
    with pytest.raises(SecondPassError, match=r"damaged|no sound|no backup"):
        assert verify_backup(archive).missing


def test_fault_34_the_command_says_whether_an_archive_is_whole(home: Path, tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "backup", *words],
            cwd=ROOT,
            env=os.environ | {"SECOND_PASS_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    archive = tmp_path / "library.tar.gz"
    done = run(str(archive))
    assert (done.returncode, done.stdout) == (0, f"3 files saved to {archive}\n"), done.stderr
    assert run("--verify", str(archive)).stdout == f"3 files are whole in {archive}\n"
    archive.write_bytes(archive.read_bytes()[:500])
    done = run("--verify", str(archive))
    assert (done.returncode, "damaged" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


RESTORE_POINTS = [
    "restore unpacked",
    "restore put aside",
    "restore put aside:2",
    "restore all aside",
    "restore moved in",
    "restore moved in:2",
]


def restored_with(archive: Path, home: Path, failpoint: str) -> None:
    os.environ["SECOND_PASS_FAILPOINT"] = failpoint
    read_backup(archive, home, force=True)


@pytest.mark.parametrize("failpoint", RESTORE_POINTS)
def test_fault_44_a_restore_that_was_killed_is_finished_or_undone(home: Path, tmp_path: Path, failpoint: str) -> None:
    archive = tmp_path / "library.tar.gz"
    write_backup(home, archive)
    store = open_store(home)
    ready_document(store, b"%PDF later", name="later.pdf")
    store.close()
    (home / "vectors").mkdir()
    child = processes.Process(target=restored_with, args=(archive, home, failpoint))
    child.start()
    child.join(60)
    assert child.exitcode == -9
    said = finish_restore(home)
    if failpoint == "restore unpacked":
        assert "undone" in said
        assert names(home) == {"one.pdf", "two.pdf", "later.pdf"}
        assert not list(home.glob("before-restore*"))
    else:
        assert "finished" in said
        assert names(home) == {"one.pdf", "two.pdf"}
        assert names(home / "before-restore-1") == {"one.pdf", "two.pdf", "later.pdf"}
        assert (home / "before-restore-1" / "vectors").is_dir()
    assert not list(home.glob("restoring*"))
    assert finish_restore(home) == ""


def test_fault_44_the_next_start_finds_it_and_says_so(home: Path, tmp_path: Path) -> None:
    from app.settings import read_settings
    from app.wiring import open_application

    write_backup(home, tmp_path / "library.tar.gz")
    child = processes.Process(target=restored_with, args=(tmp_path / "library.tar.gz", home, "restore all aside"))
    child.start()
    child.join(60)
    application = open_application(read_settings(home=home))
    try:
        assert "has been finished" in application.library.report.text()
        assert {document.name for document in application.store.documents()} == {"one.pdf", "two.pdf"}
    finally:
        application.close()


def readable_by_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def test_fault_38_only_the_owner_reads_the_library_and_its_backups(tmp_path: Path) -> None:
    home, archive = tmp_path / "home", tmp_path / "library.tar.gz"
    (tmp_path / "a.txt").write_text("The valve is opened by turning the brass wheel four times.")

    def run(*words: str, home: Path = home) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *words],
            cwd=ROOT,
            env=os.environ | {"SECOND_PASS_HOME": str(home)},
            capture_output=True,
            text=True,
            umask=0o022,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("ingest", str(tmp_path / "a.txt"))
    run("backup", str(archive))
    run("restore", str(archive), home=tmp_path / "elsewhere")
    assert readable_by_others(home) == readable_by_others(tmp_path / "elsewhere") == readable_by_others(archive) == []


def test_fault_38_a_library_of_an_older_version_is_closed_to_others_and_it_is_said(home: Path) -> None:
    from app.settings import read_settings
    from app.wiring import open_application

    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    application = open_application(read_settings(home=home))
    try:
        assert "only its owner can" in application.library.report.text()
        assert readable_by_others(home) == []
    finally:
        application.close()
    application = open_application(read_settings(home=home))
    application.close()
    assert "owner" not in application.library.report.text()
