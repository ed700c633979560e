"""The SQL store: a document's life, what may be seen of it, and what two people at once can do."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ingest.documents import Status
from ingest.errors import Cancelled, DiskFull, LibraryDamaged, LibraryInUse, SecondPassError, UnknownName
from ingest.store.files.folder import Label, SetAside
from ingest.store.sql.store import SqlStore
from tests.fakes.library_parts import encoded, open_store, passages, ready_document


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    return open_store(tmp_path)


def test_a_ready_document_gives_its_chunks_in_the_order_asked_for(store: SqlStore) -> None:
    _, saved = ready_document(store, count=4)
    ids = [item.chunk.id for item in saved]
    found = store.documents.chunks([ids[2], "unknown", ids[0], ids[2]])
    assert [chunk.id for chunk in found] == [ids[2], ids[0], ids[2]]
    assert found[0].text == saved[2].chunk.text
    assert found[0].boxes[0].left == 72.0
    assert found[0].header == "one · Results"


def test_more_ids_than_one_query_takes_come_back_in_order(store: SqlStore) -> None:
    _, saved = ready_document(store, count=1203)
    ids = [item.chunk.id for item in reversed(saved)]
    assert [chunk.id for chunk in store.documents.chunks(ids)] == ids


def test_chunks_of_a_document_that_is_not_ready_are_never_given(store: SqlStore) -> None:
    added = store.queue.add(b"x", name="x.pdf", collection="default", pipeline="p", embedder="e")
    store.queue.claim_next()
    chunks = store.documents.make_chunks(added.document.id, passages())
    saved = store.queue.save_chunks(added.document.id, chunks, [encoded(i) for i in range(3)])
    ids = [item.chunk.id for item in saved]
    assert store.documents.chunks(ids) == []
    store.queue.mark_ready(added.document.id)
    assert len(store.documents.chunks(ids)) == 3
    store.queue.begin_delete([added.document.id])
    assert store.documents.chunks(ids) == []
    assert store.documents.documents() == []


def test_neighbours_are_in_reading_order_and_stop_at_the_ends(store: SqlStore) -> None:
    _, saved = ready_document(store, count=3)
    first, middle = store.documents.chunks([saved[0].chunk.id, saved[1].chunk.id])
    assert [chunk.position for chunk in store.documents.neighbours(middle)] == [0, 1, 2]
    assert [chunk.position for chunk in store.documents.neighbours(first)] == [0, 1]


def test_the_same_bytes_from_two_sessions_at_once_are_one_document(store: SqlStore) -> None:
    def add(number: int) -> bool:
        name = f"copy {number}.pdf"
        return store.queue.add(b"same", name=name, collection="c", pipeline="p", embedder="e").created

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(add, range(16)))
    assert sum(created) == 1
    assert len(store.documents.documents()) == 1


def test_the_same_bytes_in_two_collections_are_two_documents_and_one_file(store: SqlStore) -> None:
    one, _ = ready_document(store, b"same", collection="a")
    two, _ = ready_document(store, b"same", collection="b")
    path = store.files.path(store.documents.documents()[0].sha256)
    store.queue.begin_delete([one])
    store.queue.finish_delete(one)
    assert path.read_bytes() == b"same"
    store.queue.begin_delete([two])
    store.queue.finish_delete(two)
    assert not path.exists()


def test_document_and_chunk_ids_are_the_same_in_another_library(tmp_path: Path) -> None:
    first = ready_document(open_store(tmp_path / "a"))
    second = ready_document(open_store(tmp_path / "b"))
    assert first[0] == second[0]
    assert [item.chunk.id for item in first[1]] == [item.chunk.id for item in second[1]]


def test_a_file_can_be_added_again_while_it_is_still_being_deleted(store: SqlStore) -> None:
    old, _ = ready_document(store)
    store.queue.begin_delete([old])
    new, _ = ready_document(store)
    assert new != old
    store.queue.finish_delete(old)
    assert [document.id for document in store.documents.documents()] == [new]
    assert store.files.path(store.documents.documents()[0].sha256).exists()


def test_a_failed_document_is_queued_again_when_its_file_is_added_again(store: SqlStore) -> None:
    added = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e")
    store.queue.claim_next()
    assert store.queue.fail(added.document.id, "damaged: no pages")
    assert store.documents.documents()[0].reason == "damaged: no pages"
    again = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e")
    assert (again.created, again.document.status) == (False, Status.PENDING)


def test_the_oldest_document_is_claimed_first_and_each_only_once(store: SqlStore) -> None:
    names = [f"{number}.pdf" for number in range(6)]
    for name in names:
        store.queue.add(name.encode(), name=name, collection="c", pipeline="p", embedder="e")
    assert store.queue.claim_next().name == "0.pdf"  # type: ignore[union-attr]
    with ThreadPoolExecutor(6) as pool:
        claimed = [document.name for document in pool.map(lambda _: store.queue.claim_next(), range(6)) if document]
    assert sorted(claimed) == names[1:]
    assert store.queue.claim_next() is None


def test_the_replacing_document_is_ready_before_the_old_one_goes(store: SqlStore) -> None:
    old, old_chunks = ready_document(store, b"v1")
    ids = [item.chunk.id for item in old_chunks]
    again = store.queue.add_again(old, pipeline="p2", embedder="e1")
    assert again.created
    assert again.document.replaces == old
    assert store.queue.stale(pipelines=["p2"], embedder="e1") == []
    store.queue.claim_next()
    new_chunks = store.documents.make_chunks(again.document.id, passages(2))
    new = store.queue.save_chunks(again.document.id, new_chunks, [encoded(1), encoded(2)])
    assert len(store.documents.chunks(ids)) == 3
    assert store.queue.mark_ready(again.document.id) == [old]
    assert store.documents.chunks(ids) == []
    assert len(store.documents.chunks([item.chunk.id for item in new])) == 2
    assert store.queue.deleting() == [old]


def test_a_replacement_that_fails_leaves_the_old_version_ready(store: SqlStore) -> None:
    old, chunks = ready_document(store, b"v1")
    new = store.queue.add(b"v2", name="one.pdf", collection="default", pipeline="p", embedder="e", replaces=old)
    store.queue.claim_next()
    store.queue.fail(new.document.id, "damaged")
    assert len(store.documents.chunks([item.chunk.id for item in chunks])) == 3


def test_what_was_deleted_while_it_was_being_read_is_not_saved(store: SqlStore) -> None:
    added = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e")
    store.queue.claim_next()
    chunks = store.documents.make_chunks(added.document.id, passages())
    store.queue.begin_delete([added.document.id])
    with pytest.raises(Cancelled):
        store.queue.save_chunks(added.document.id, chunks, [encoded(i) for i in range(3)])
    with pytest.raises(Cancelled):
        store.queue.mark_ready(added.document.id)
    assert not store.queue.fail(added.document.id, "cancelled")
    assert store.queue.deleting() == [added.document.id]


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


def test_a_document_is_given_up_when_the_reader_died_on_it_three_times(store: SqlStore) -> None:
    document_id = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e").document.id
    for last in (False, False, True):
        assert store.queue.claim_next() is not None
        assert store.queue.reader_died(document_id, "the PDF reader crashed: SIGSEGV") is last
    assert store.queue.claim_next() is None
    assert store.documents.known(document_id).reason == "the PDF reader crashed: SIGSEGV"
    assert store.queue.retry(document_id)
    assert store.queue.claim_next() is not None


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


def test_what_was_cancelled_while_it_was_being_read_is_nobodys_any_more(store: SqlStore) -> None:
    document_id = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e").document.id
    store.queue.claim_next()
    assert store.queue.cancel(document_id)
    assert not store.queue.holds(document_id)
    with pytest.raises(Cancelled):
        store.queue.mark_ready(document_id)
    assert store.documents.known(document_id).status == Status.CANCELLED
    assert not store.queue.cancel(document_id)


def test_a_deletion_that_fails_is_tried_three_times_until_the_next_start(store: SqlStore) -> None:
    document_id, _ = ready_document(store)
    store.queue.begin_delete([document_id])
    for _ in range(3):
        assert store.queue.claim_next().id == document_id
        store.queue.delete_failed(document_id)
    assert store.queue.claim_next() is None
    assert store.queue.waiting() == 0
    store.queue.recover(alone=True)
    assert store.queue.claim_next().id == document_id


def test_the_ready_documents_are_read_again_only_after_a_change(store: SqlStore) -> None:
    assert not store.documents.has_ready_documents()
    assert store.documents.ready_documents() == ()
    document_id, _ = ready_document(store, collection="drafts")
    assert store.documents.has_ready_documents()
    first = store.documents.ready_documents()
    assert [document.id for document in first] == [document_id]
    store.queue.add(b"waits", name="w.pdf", collection="c", pipeline="p", embedder="e")
    assert store.documents.ready_documents() is first
    store.collections.rename("drafts", "final")
    assert [document.collection for document in store.documents.ready_documents()] == ["final"]
    store.queue.begin_delete([document_id])
    assert store.documents.ready_documents() == ()
    assert not store.documents.has_ready_documents()


def test_vectors_come_back_exactly_as_they_were_saved(store: SqlStore) -> None:
    document_id, saved = ready_document(store, count=5)
    again = store.documents.encoded_chunks(document_id)
    assert [item.chunk.id for item in again] == [item.chunk.id for item in saved]
    assert all(np.array_equal(a.encoded.vector, b.encoded.vector) for a, b in zip(again, saved, strict=True))


def test_renaming_a_collection_keeps_its_documents_and_its_key(store: SqlStore) -> None:
    document_id, saved = ready_document(store, collection="drafts")
    key = store.collections.key("drafts")
    store.collections.rename("drafts", "final")
    assert store.collections.key("final") == key
    assert store.collections.key("drafts") == ""
    assert store.documents.document(document_id).collection == "final"  # type: ignore[union-attr]
    assert store.documents.chunks([saved[0].chunk.id])[0].collection == "final"
    assert store.collections.create("drafts")
    assert store.collections.key("drafts") != key
    with pytest.raises(SecondPassError, match="already"):
        store.collections.rename("final", "drafts")
    with pytest.raises(UnknownName):
        store.collections.rename("nowhere", "x")


def test_a_collection_goes_when_its_documents_are_gone(store: SqlStore) -> None:
    document_id, _ = ready_document(store, collection="old")
    assert store.queue.begin_delete_collection("old") == [document_id]
    assert not store.collections.drop("old")
    store.queue.finish_delete(document_id)
    assert store.collections.drop("old")
    assert store.collections.collections() == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "//", "\0"])
def test_a_collection_needs_a_name_that_can_be_read(store: SqlStore, name: str) -> None:
    with pytest.raises(SecondPassError, match="name a collection"):
        store.collections.create(name)


def test_any_file_name_can_be_stored(store: SqlStore) -> None:
    names = ["../../x", "<img onerror=x>", "a#b.pdf", "\u202efdp.exe", "y" * 4000, "nul\0 and \ud800.pdf"]
    for name in names:
        store.queue.add(name.encode("utf-8", "replace"), name=name, collection="c", pipeline="p", embedder="e")
    assert len(store.documents.documents()) == len(names)
    assert all(
        store.files.path(document.sha256).parent.parent == store.files.folder
        for document in store.documents.documents()
    )


def test_documents_are_found_by_name_and_percent_signs_are_no_wildcards(store: SqlStore) -> None:
    ready_document(store, b"a", name="3M_2018_10K.pdf")
    ready_document(store, b"b", name="100% cotton.pdf")
    assert [document.name for document in store.documents.documents(name_contains="2018 10k")] == ["3M_2018_10K.pdf"]
    assert [document.name for document in store.documents.documents(name_contains="0%")] == ["100% cotton.pdf"]
    assert store.documents.documents("elsewhere") == []


def test_files_that_no_document_names_are_set_aside_and_come_back_when_one_does(store: SqlStore) -> None:
    ready_document(store)
    orphan, size = store.files.keep(b"orphan", Label(name="orphan.pdf", collection="c"))
    named = store.documents.sha256s()
    assert store.files.agree_with(named) == 1
    assert store.files.agree_with(named) == 0
    assert store.files.set_aside_files() == [
        SetAside(sha256=orphan, bytes=size, label=Label(name="orphan.pdf", collection="c"))
    ]
    assert store.files.hashes() == set(named)
    assert store.files.agree_with({*named, orphan}) == 0
    assert store.files.path(orphan).read_bytes() == b"orphan"
    assert store.files.set_aside_files() == []


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


def test_a_path_is_made_of_a_hash_only(store: SqlStore) -> None:
    for name in ("../../etc/passwd", "", "A" * 64, "a" * 63):
        with pytest.raises(LibraryDamaged):
            store.files.path(name)


def test_stats_count_what_is_ready(store: SqlStore) -> None:
    ready_document(store, b"abc", count=3)
    store.queue.add(b"d", name="d.pdf", collection="c", pipeline="p", embedder="e")
    stats = store.documents.stats()
    assert stats.documents == {Status.READY: 1, Status.PENDING: 1}
    assert (stats.chunks, stats.bytes) == (3, 3)
    assert stats.database_bytes > 0
    assert [(one.name, one.documents) for one in store.collections.collections()] == [("c", 1), ("default", 1)]


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
