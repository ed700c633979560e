"""What collections promise: names that change, keys that do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.errors import SecondPassError, UnknownName
from ingest.store.sql.store import SqlStore
from tests.fakes.library_parts import ready_document


class CollectionsContract:
    """`open_store` opens the implementation over an empty data directory."""

    def open_store(self, home: Path) -> SqlStore:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqlStore]:
        opened = self.open_store(tmp_path)
        yield opened
        opened.close()

    def test_renaming_a_collection_keeps_its_documents_and_its_key(self, store: SqlStore) -> None:
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

    def test_a_collection_goes_when_its_documents_are_gone(self, store: SqlStore) -> None:
        document_id, _ = ready_document(store, collection="old")
        assert store.queue.begin_delete_collection("old") == [document_id]
        assert not store.collections.drop("old")
        store.queue.finish_delete(document_id)
        assert store.collections.drop("old")
        assert store.collections.collections() == []

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101, "//", "\0"])
    def test_a_collection_needs_a_name_that_can_be_read(self, store: SqlStore, name: str) -> None:
        with pytest.raises(SecondPassError, match="name a collection"):
            store.collections.create(name)
