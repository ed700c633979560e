"""What everything promises that is rebuilt from SQL: indexes, token vectors. An implementation inherits the class."""

from __future__ import annotations

from pathlib import Path

from ingest.store.protocols import StoredIndex
from tests.fakes.library_parts import encoded_chunk


class StoredIndexContract:
    """`open_index` opens the implementation over a folder, which may hold what an earlier one wrote."""

    def open_index(self, folder: Path) -> StoredIndex:
        raise NotImplementedError

    def test_nothing_is_held_and_nothing_needs_to_be_there_to_be_removed(self, tmp_path: Path) -> None:
        index = self.open_index(tmp_path)
        index.remove("nobody")
        index.discard({"nothing"})
        index.clear()
        assert index.ids() == set()
        index.close()

    def test_adding_twice_is_adding_once_and_closing_twice_closing_once(self, tmp_path: Path) -> None:
        index = self.open_index(tmp_path)
        for _ in range(2):
            index.add([encoded_chunk("a", position) for position in range(3)])
        index.add([])
        assert index.ids() == {"a-00000", "a-00001", "a-00002"}
        index.close()

    def test_what_was_added_and_what_was_removed_outlives_a_restart(self, tmp_path: Path) -> None:
        index = self.open_index(tmp_path)
        index.add([encoded_chunk(document, position) for document in ("a", "b", "c") for position in range(2)])
        index.remove("a")
        index.discard({"b-00001", "c-00000", "c-00001", "unknown"})
        index.close()
        again = self.open_index(tmp_path)
        assert again.ids() == {"b-00000"}
        again.clear()
        again.close()
        last = self.open_index(tmp_path)
        assert last.ids() == set()
        last.add([encoded_chunk("d", 0)])
        assert last.ids() == {"d-00000"}
        last.close()
