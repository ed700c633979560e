"""What the kept files promise: nothing but a person removes one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.errors import LibraryDamaged
from ingest.store.files.folder import Label, SetAside
from ingest.store.sql.store import SqlStore
from tests.fakes.library_parts import ready_document


class FilesContract:
    """`open_store` opens the implementation over an empty data directory."""

    def open_store(self, home: Path) -> SqlStore:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqlStore]:
        opened = self.open_store(tmp_path)
        yield opened
        opened.close()

    def test_files_that_no_document_names_are_set_aside_and_come_back_when_one_does(self, store: SqlStore) -> None:
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

    def test_a_path_is_made_of_a_hash_only(self, store: SqlStore) -> None:
        for name in ("../../etc/passwd", "", "A" * 64, "a" * 63):
            with pytest.raises(LibraryDamaged):
                store.files.path(name)
