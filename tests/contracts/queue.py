"""What the queue promises: a document's life, claims, and what two people at once can do."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.documents import Status
from ingest.errors import Cancelled
from ingest.store.sql.store import SqlStore
from tests.fakes.library_parts import encoded, passages, ready_document


class QueueContract:
    """`open_store` opens the implementation over an empty data directory."""

    def open_store(self, home: Path) -> SqlStore:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqlStore]:
        opened = self.open_store(tmp_path)
        yield opened
        opened.close()

    def test_the_same_bytes_from_two_sessions_at_once_are_one_document(self, store: SqlStore) -> None:
        def add(number: int) -> bool:
            name = f"copy {number}.pdf"
            return store.queue.add(b"same", name=name, collection="c", pipeline="p", embedder="e").created

        with ThreadPoolExecutor(8) as pool:
            created = list(pool.map(add, range(16)))
        assert sum(created) == 1
        assert len(store.documents.documents()) == 1

    def test_the_same_bytes_in_two_collections_are_two_documents_and_one_file(self, store: SqlStore) -> None:
        one, _ = ready_document(store, b"same", collection="a")
        two, _ = ready_document(store, b"same", collection="b")
        path = store.files.path(store.documents.documents()[0].sha256)
        store.queue.begin_delete([one])
        store.queue.finish_delete(one)
        assert path.read_bytes() == b"same"
        store.queue.begin_delete([two])
        store.queue.finish_delete(two)
        assert not path.exists()

    def test_a_file_can_be_added_again_while_it_is_still_being_deleted(self, store: SqlStore) -> None:
        old, _ = ready_document(store)
        store.queue.begin_delete([old])
        new, _ = ready_document(store)
        assert new != old
        store.queue.finish_delete(old)
        assert [document.id for document in store.documents.documents()] == [new]
        assert store.files.path(store.documents.documents()[0].sha256).exists()

    def test_a_failed_document_is_queued_again_when_its_file_is_added_again(self, store: SqlStore) -> None:
        added = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e")
        store.queue.claim_next()
        assert store.queue.fail(added.document.id, "damaged: no pages")
        assert store.documents.documents()[0].reason == "damaged: no pages"
        again = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e")
        assert (again.created, again.document.status) == (False, Status.PENDING)

    def test_the_oldest_document_is_claimed_first_and_each_only_once(self, store: SqlStore) -> None:
        names = [f"{number}.pdf" for number in range(6)]
        for name in names:
            store.queue.add(name.encode(), name=name, collection="c", pipeline="p", embedder="e")
        assert store.queue.claim_next().name == "0.pdf"  # type: ignore[union-attr]
        with ThreadPoolExecutor(6) as pool:
            claimed = [document.name for document in pool.map(lambda _: store.queue.claim_next(), range(6)) if document]
        assert sorted(claimed) == names[1:]
        assert store.queue.claim_next() is None

    def test_the_replacing_document_is_ready_before_the_old_one_goes(self, store: SqlStore) -> None:
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

    def test_a_document_is_on_record_as_what_it_is_built_with_not_as_it_was_queued(self, store: SqlStore) -> None:
        old, _ = ready_document(store, b"v1")
        again = store.queue.add_again(old, pipeline="p2", embedder="e2").document.id
        store.queue.claim_next()
        store.queue.build_with(again, pipeline="p3", embedder="e3")
        assert store.queue.stale(pipelines=["p3"], embedder="e3") == []
        store.queue.mark_ready(again)
        assert [document.id for document in store.queue.stale(pipelines=["p2"], embedder="e2")] == [again]

    def test_a_build_that_is_there_already_is_not_built_twice_and_takes_over_what_was_to_go(
        self, store: SqlStore
    ) -> None:
        version_1, _ = ready_document(store, b"v1")
        version_2, _ = ready_document(store, b"v2")
        known = store.documents.known(version_2)
        again = store.queue.add(
            b"v2", name=known.name, collection=known.collection, pipeline="p2", embedder="e2", replace=True
        ).document.id
        store.queue.claim_next()
        with pytest.raises(Cancelled):
            store.queue.build_with(again, pipeline="p1", embedder="e1")
        assert store.documents.known(version_2).status == Status.READY
        assert sorted(store.queue.deleting()) == sorted([version_1, again])

    def test_a_replacement_that_fails_leaves_the_old_version_ready(self, store: SqlStore) -> None:
        old, chunks = ready_document(store, b"v1")
        new = store.queue.add(b"v2", name="one.pdf", collection="default", pipeline="p", embedder="e", replaces=old)
        store.queue.claim_next()
        store.queue.fail(new.document.id, "damaged")
        assert len(store.documents.chunks([item.chunk.id for item in chunks])) == 3

    def test_what_was_deleted_while_it_was_being_read_is_not_saved(self, store: SqlStore) -> None:
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

    def test_a_document_is_given_up_when_the_reader_died_on_it_three_times(self, store: SqlStore) -> None:
        document_id = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e").document.id
        for last in (False, False, True):
            assert store.queue.claim_next() is not None
            assert store.queue.reader_died(document_id, "the reader crashed: SIGSEGV") is last
        assert store.queue.claim_next() is None
        assert store.documents.known(document_id).reason == "the reader crashed: SIGSEGV"
        assert store.queue.retry(document_id)
        assert store.queue.claim_next() is not None

    def test_what_was_cancelled_while_it_was_being_read_is_nobodys_any_more(self, store: SqlStore) -> None:
        document_id = store.queue.add(b"x", name="x.pdf", collection="c", pipeline="p", embedder="e").document.id
        store.queue.claim_next()
        assert store.queue.cancel(document_id)
        assert not store.queue.holds(document_id)
        with pytest.raises(Cancelled):
            store.queue.mark_ready(document_id)
        assert store.documents.known(document_id).status == Status.CANCELLED
        assert not store.queue.cancel(document_id)

    def test_a_deletion_that_fails_is_tried_three_times_until_the_next_start(self, store: SqlStore) -> None:
        document_id, _ = ready_document(store)
        store.queue.begin_delete([document_id])
        for _ in range(3):
            assert store.queue.claim_next().id == document_id
            store.queue.delete_failed(document_id)
        assert store.queue.claim_next() is None
        assert store.queue.waiting() == 0
        store.queue.recover(alone=True)
        assert store.queue.claim_next().id == document_id

    def test_any_file_name_can_be_stored(self, store: SqlStore) -> None:
        names = ["../../x", "<img onerror=x>", "a#b.pdf", "\u202efdp.exe", "y" * 4000, "nul\0 and \ud800.pdf"]
        for name in names:
            store.queue.add(name.encode("utf-8", "replace"), name=name, collection="c", pipeline="p", embedder="e")
        assert len(store.documents.documents()) == len(names)
        assert all(
            store.files.path(document.sha256).parent.parent == store.files.folder
            for document in store.documents.documents()
        )
