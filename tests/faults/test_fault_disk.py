"""A disk that is full, a folder that cannot be written to, a database that is locked: said, survived, and put right.

The full disk is a real one (a tmpfs of a few megabytes) where the machine lets a test mount it.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import ingest.store.sql.database
from app.settings import read_settings
from app.wiring import open_application
from ingest.documents import Document, Status
from ingest.errors import DiskFull, LibraryInUse, SecondPassError
from ingest.library import Library
from ingest.store.reconcile import resume
from tests.fakes.library_run import everything_equals_sql, open_library, open_stores

SIZE_MB = 48


def words(number: int, count: int = 4000) -> bytes:
    return " ".join(f"Sentence {number}.{i} speaks of topic {i % 97}." for i in range(count // 6)).encode()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "disk"
    home.mkdir()
    with small_tmpfs(home):
        yield home


def fill(home: Path, leave_kb: int) -> Path:
    """Fill the disk but for `leave_kb`."""
    ballast = home / "ballast"
    found = os.statvfs(home)
    size = max(0, found.f_bavail * found.f_frsize - leave_kb * 1024)
    with ballast.open("wb") as file:
        for _ in range(size // 65536):
            file.write(b"\1" * 65536)
        file.write(b"\1" * (size % 65536))
    return ballast


def worked_off(library: Library, document_id: str) -> Document:
    """The document as SQL has it, once it is no longer in work."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        document = library._documents.document(document_id)
        if document.status in (Status.READY, Status.FAILED):
            return document
        time.sleep(0.05)
    raise AssertionError(f"it is still {document.status}; {library._worker.trouble}")


@pytest.mark.parametrize("leave_kb", [0, 100, 260])
def test_fault_21_a_full_disk_fails_that_file_and_room_heals_everything(small_disk: Path, leave_kb: int) -> None:
    with open_library(small_disk) as library:
        first = library.add(words(1), "first.txt").document
        assert library.wait_for(first.id).status is Status.READY
        ballast = fill(small_disk, leave_kb)
        try:
            second = library.add(words(2), "second.txt").document
        except DiskFull:
            second = None
        else:
            ended = library.wait_for(second.id)
            assert ended.status is Status.READY or "disk is full" in ended.reason.lower()
        assert len(library._documents.document_chunks(first.id)) > 3
        ballast.unlink()
        if second is not None:
            assert worked_off(library, second.id).status in (Status.READY, Status.FAILED)
            library.retry(second.id)
            assert worked_off(library, second.id).status is Status.READY
        third = library.add(words(3), "third.txt").document
        assert library.wait_for(third.id).status is Status.READY
        assert library._stores.sql.integrity() == "ok"
        assert list((small_disk / "files").glob(".*")) == []
        assert library.check(repair=False).healthy
    stores = open_stores(small_disk)
    assert resume(stores).findings == ()
    assert everything_equals_sql(stores)


def test_fault_21_a_start_on_a_full_disk_says_so_and_the_next_one_in_the_same_process_is_well(small_disk: Path) -> None:
    with open_library(small_disk) as library:
        first = library.add(words(1), "first.txt").document
        assert library.wait_for(first.id).status is Status.READY
    ballast = fill(small_disk, 0)
    with pytest.raises(DiskFull, match="Free some space"), open_library(small_disk) as library:
        library.delete(first.id)
    ballast.unlink()
    with open_library(small_disk) as library:
        assert [document.name for document in library.documents()] == ["first.txt"]
        assert library.check(repair=False).healthy


def test_a_document_that_was_cancelled_can_be_added_again(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        document = library.add(words(1, 60_000), "long.txt").document
        library.cancel(document.id)
        ended = library.wait_for(document.id)
        assert ended is not None
        assert ended.status in (Status.CANCELLED, Status.READY)
        library.add(words(1, 60_000), "long.txt")
        ended = library.wait_for(document.id)
        assert ended is not None
        assert ended.status is Status.READY


def test_fault_23_a_database_that_stays_locked_is_said_and_the_document_is_read_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.store.sql.database, "BUSY_TIMEOUT_S", 0.3)
    with open_library(tmp_path) as library:
        first = library.add(words(1), "first.txt").document
        other = sqlite3.connect(tmp_path / "library.sqlite3", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        told = library.wait_for(first.id)
        assert told is not None
        assert told.status is Status.READY or "locked" in told.reason
        with pytest.raises(LibraryInUse, match="locked"):
            library.add(words(2), "second.txt")
        other.execute("ROLLBACK")
        other.close()
        second = library.add(words(2), "second.txt").document
        for document in (first, second):
            assert worked_off(library, document.id).status is Status.READY
        assert library.check(repair=False).healthy


@pytest.mark.parametrize("there", [True, False], ids=["a library", "no library yet"])
def test_a_data_directory_that_cannot_be_written_to_is_named(tmp_path: Path, there: bool) -> None:
    home = tmp_path / "disk" / "library"
    home.parent.mkdir()
    with (
        read_only(home.parent, lambda: open_application(read_settings(home=home)).close() if there else None),
        pytest.raises(SecondPassError, match="SECOND_PASS_HOME") as said,
    ):
        open_application(read_settings(home=home))
    assert str(home) in str(said.value)


@contextmanager
def read_only(folder: Path, before: Callable[[], object]) -> Iterator[None]:
    """`before()` may still write. Root may write wherever the disk allows it, so for root the disk forbids it."""
    if os.geteuid() != 0:
        before()
        paths = [folder, *folder.rglob("*")]
        for path in paths:
            path.chmod(path.stat().st_mode & 0o555)
        try:
            yield
        finally:
            for path in paths:
                path.chmod(path.stat().st_mode | 0o200)
        return
    with small_tmpfs(folder):
        before()
        # Chroma's connection pool lets its file go a moment after close; until then the disk is busy.
        deadline = time.monotonic() + 10
        while (busy := subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=False).returncode) and (
            time.monotonic() < deadline
        ):
            time.sleep(0.05)
        assert not busy
        yield


@contextmanager
def small_tmpfs(home: Path) -> Iterator[Path]:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "second-pass-test", str(home)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root)")
    try:
        yield home
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)
