"""What the library promises of its documents, whatever database it is in. A test class inherits it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.documents import Status
from ingest.store.sql.store import SqlStore
from tests.fakes.library_parts import encoded, passages, ready_document


class DocumentsContract:
    """`open_store` opens the implementation over an empty data directory."""

    def open_store(self, home: Path) -> SqlStore:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqlStore]:
        opened = self.open_store(tmp_path)
        yield opened
        opened.close()

    def test_a_ready_document_gives_its_chunks_in_the_order_asked_for(self, store: SqlStore) -> None:
        _, saved = ready_document(store, count=4)
        ids = [item.chunk.id for item in saved]
        found = store.documents.chunks([ids[2], "unknown", ids[0], ids[2]])
        assert [chunk.id for chunk in found] == [ids[2], ids[0], ids[2]]
        assert found[0].text == saved[2].chunk.text
        assert found[0].boxes[0].left == 72.0
        assert found[0].header == "one · Results"

    def test_more_ids_than_one_query_takes_come_back_in_order(self, store: SqlStore) -> None:
        _, saved = ready_document(store, count=1203)
        ids = [item.chunk.id for item in reversed(saved)]
        assert [chunk.id for chunk in store.documents.chunks(ids)] == ids

    def test_chunks_of_a_document_that_is_not_ready_are_never_given(self, store: SqlStore) -> None:
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

    def test_neighbours_are_in_reading_order_and_stop_at_the_ends(self, store: SqlStore) -> None:
        _, saved = ready_document(store, count=3)
        first, middle = store.documents.chunks([saved[0].chunk.id, saved[1].chunk.id])
        assert [chunk.position for chunk in store.documents.neighbours(middle)] == [0, 1, 2]
        assert [chunk.position for chunk in store.documents.neighbours(first)] == [0, 1]

    def test_the_ready_documents_are_read_again_only_after_a_change(self, store: SqlStore) -> None:
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

    def test_vectors_come_back_exactly_as_they_were_saved(self, store: SqlStore) -> None:
        document_id, saved = ready_document(store, count=5)
        again = store.documents.encoded_chunks(document_id)
        assert [item.chunk.id for item in again] == [item.chunk.id for item in saved]
        assert all(np.array_equal(a.encoded.vector, b.encoded.vector) for a, b in zip(again, saved, strict=True))

    def test_documents_are_found_by_name_and_percent_signs_are_no_wildcards(self, store: SqlStore) -> None:
        ready_document(store, b"a", name="3M_2018_10K.pdf")
        ready_document(store, b"b", name="100% cotton.pdf")
        assert [document.name for document in store.documents.documents(name_contains="2018 10k")] == [
            "3M_2018_10K.pdf"
        ]
        assert [document.name for document in store.documents.documents(name_contains="0%")] == ["100% cotton.pdf"]
        assert store.documents.documents("elsewhere") == []

    def test_stats_count_what_is_ready(self, store: SqlStore) -> None:
        ready_document(store, b"abc", count=3)
        store.queue.add(b"d", name="d.pdf", collection="c", pipeline="p", embedder="e")
        stats = store.documents.stats()
        assert stats.documents == {Status.READY: 1, Status.PENDING: 1}
        assert (stats.chunks, stats.bytes) == (3, 3)
        assert stats.database_bytes > 0
        assert [(one.name, one.documents) for one in store.collections.collections()] == [("c", 1), ("default", 1)]
