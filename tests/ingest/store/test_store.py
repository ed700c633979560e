"""The library in SQLite and a folder: the contracts, and what only SQLite or a folder can meet."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
from pathlib import Path

import pytest

from ingest.documents import Status
from ingest.errors import Cancelled, DiskFull, LibraryDamaged, LibraryInUse
from ingest.store.sql.store import SqlStore
from tests.contracts.collections import CollectionsContract
from tests.contracts.documents import DocumentsContract
from tests.contracts.files import FilesContract
from tests.contracts.queue import QueueContract
from tests.fakes.library_parts import encoded, open_store, passages, ready_document


class TestSqlDocuments(DocumentsContract):
    def open_store(self, home: Path) -> SqlStore:
        return open_store(home)


class TestSqlQueue(QueueContract):
    def open_store(self, home: Path) -> SqlStore:
        return open_store(home)


class TestSqlCollections(CollectionsContract):
    def open_store(self, home: Path) -> SqlStore:
        return open_store(home)


class TestFolder(FilesContract):
    def open_store(self, home: Path) -> SqlStore:
        return open_store(home)


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    return open_store(tmp_path)


def test_document_and_chunk_ids_are_the_same_in_another_library(tmp_path: Path) -> None:
    first = ready_document(open_store(tmp_path / "a"))
    second = ready_document(open_store(tmp_path / "b"))
    assert first[0] == second[0]
    assert [item.chunk.id for item in first[1]] == [item.chunk.id for item in second[1]]


def test_unfinished_work_of_a_program_that_died_waits_again_behind_the_others_and_nothing_is_counted(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path)
    added = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e")
    other = store.queue.add(b"y", name="y.pdf", collection="c", pipeline="p", embedder="e")
    for turn in range(4):
        claimed = store.queue.claim_next()
        assert claimed.id == (added, other)[turn % 2].document.id
        chunks = store.documents.make_chunks(claimed.id, passages())
        store.queue.save_chunks(claimed.id, chunks, [encoded(i) for i in range(3)])
        store.close()
        store = open_store(tmp_path)
        assert store.queue.recover(alone=False) == []  # its lease is not over
        assert [document.id for document in store.queue.recover(alone=True)] == [claimed.id]
        assert store.documents.document_chunks(claimed.id) == []
        assert {document.status for document in store.documents.documents()} == {Status.PENDING}


def test_a_claim_whose_lease_is_over_goes_to_another_worker_and_the_first_can_write_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_store(tmp_path), open_store(tmp_path)
    document_id = first.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e").document.id
    assert first.queue.claim_next() is not None
    assert second.queue.claim_next() is None
    first.queue.renew()
    assert second.queue.claim_next() is None
    monkeypatch.setattr("ingest.store.sql.queue.LEASE_S", -1.0)
    first.queue.renew()
    assert second.queue.claim_next().id == document_id
    assert second.queue.holds(document_id)
    assert not first.queue.holds(document_id)
    with pytest.raises(Cancelled):
        first.queue.progress(document_id, pages_done=1)
    assert not first.queue.fail(document_id, "too late")
    assert first.queue.give_back() == 0
    assert second.queue.give_back() == 1


def test_a_file_that_was_kept_after_its_deletion_began_is_set_aside_when_an_older_database_finishes_it(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path)
    document_id, _ = ready_document(store, b"only copy")
    store.queue.begin_delete([document_id])
    store.snapshot(tmp_path / "older")
    ready_document(store, b"only copy", name="again.pdf")
    store.close()
    for path in tmp_path.glob("library.sqlite3*"):
        path.unlink()
    (tmp_path / "older").rename(tmp_path / "library.sqlite3")
    older = open_store(tmp_path)
    older.queue.finish_delete(document_id)
    assert [one.label.name for one in older.files.set_aside_files()] == ["again.pdf"]


def test_a_file_that_does_not_fit_on_the_disk_leaves_nothing(store: SqlStore, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    source = tmp_path / "large.pdf"
    source.write_bytes(os.urandom(3_000_000))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(OSError) as caught:  # noqa: PT011  the limit's own errno, which is not a full disk's
            store.queue.add(source, name="large.pdf", collection="c", pipeline="p", embedder="e")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.errno == errno.EFBIG
    assert store.documents.documents() == []
    assert list(store.files.folder.rglob("*.part")) == []


def test_a_full_database_says_so_and_stays_whole(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 8}")
        connection.commit()
        # Within one connection of the pool the limit holds, so that every write of this test meets it.
    added = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e")
    store.queue.claim_next()
    many = passages(200, text="word " * 200)
    with pytest.raises(DiskFull, match="disk is full"):
        store.queue.save_chunks(
            added.document.id, store.documents.make_chunks(added.document.id, many), [encoded(i) for i in range(200)]
        )
    assert store.documents.document_chunks(added.document.id) == []
    assert store.integrity() == "ok"


def test_a_database_that_stays_locked_is_said_and_nothing_is_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.store.sql.database.BUSY_TIMEOUT_S", 0.05)
    store = open_store(tmp_path)
    other = sqlite3.connect(tmp_path / "library.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LibraryInUse, match="locked"):
        store.collections.create("new")
    assert store.collections.collections() == []
    other.execute("ROLLBACK")
    other.close()
    assert store.collections.create("new")


def test_a_snapshot_is_a_whole_database(store: SqlStore, tmp_path: Path) -> None:
    ready_document(store)
    (tmp_path / "copy").mkdir()
    store.snapshot(tmp_path / "copy" / "library.sqlite3")
    ready_document(store, b"later", name="later.pdf")
    assert [document.name for document in open_store(tmp_path / "copy").documents.documents()] == ["one.pdf"]


def test_a_damaged_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.close()
    for left in tmp_path.glob("library.sqlite3*"):
        left.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(LibraryDamaged, match="backup"):
        open_store(tmp_path)


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "library.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LibraryDamaged, match="newer version"):
        open_store(tmp_path)
