"""What every index promises that can be searched, whatever it is made with. An implementation inherits the class."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.documents import Hit, Query
from ingest.errors import LibraryDamaged
from ingest.store.protocols import SearchIndex
from tests.contracts.stored_index import StoredIndexContract
from tests.fakes.library_parts import encoded_chunk, query

Make = Callable[[], SearchIndex]


def ids(hits: list[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


def ask_for(document_id: str, position: int, **filters: tuple[str, ...]) -> Query:
    """A query that finds one chunk best, by words and by vector alike."""
    item = encoded_chunk(document_id, position)
    return query(item.chunk.text, item.encoded, **filters)


class SearchIndexContract(StoredIndexContract):
    """`open_index` opens the implementation over a folder."""

    def open_index(self, folder: Path) -> SearchIndex:
        raise NotImplementedError

    @pytest.fixture
    def make(self, tmp_path: Path) -> Iterator[Make]:
        """Opens the index over the same folder, closing the one opened before."""
        opened: list[SearchIndex] = []

        def open_again() -> SearchIndex:
            while opened:
                opened.pop().close()
            opened.append(self.open_index(tmp_path / "index"))
            return opened[-1]

        yield open_again
        while opened:
            opened.pop().close()

    def test_an_empty_index_finds_nothing(self, make: Make) -> None:
        index = make()
        assert index.search(ask_for("a", 0), 10) == []
        assert index.ids() == set()
        index.remove("nobody")
        index.discard({"nothing"})
        index.clear()

    def test_what_was_added_is_found_best_first_and_counted(self, make: Make) -> None:
        index = make()
        index.add([encoded_chunk("a", position) for position in range(10)])
        hits = index.search(ask_for("a", 3), 5)
        assert hits[0].chunk_id == "a-00003"
        assert len(hits) <= 5
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert index.ids() == {f"a-{position:05d}" for position in range(10)}

    def test_what_is_added_again_is_found_by_its_new_content(self, make: Make) -> None:
        index = make()
        index.add([encoded_chunk("a", 0), encoded_chunk("a", 1)])
        old, new = encoded_chunk("a", 0), encoded_chunk("b", 5)
        changed = replace(new, chunk=replace(old.chunk, text=new.chunk.text))
        index.add([changed])
        assert ids(index.search(ask_for("b", 5), 1)) == ["a-00000"]
        assert index.ids() == {"a-00000", "a-00001"}

    def test_removing_a_document_removes_all_of_it_and_nothing_else(self, make: Make) -> None:
        index = make()
        index.add([encoded_chunk(document, position) for document in ("a", "b") for position in range(4)])
        index.remove("a")
        assert index.ids() == {f"b-{position:05d}" for position in range(4)}
        assert all(found.startswith("b-") for found in ids(index.search(ask_for("a", 2), 10)))

    def test_everything_outlives_a_restart(self, make: Make) -> None:
        index = make()
        index.add([encoded_chunk(document, position) for document in ("a", "b") for position in range(5)])
        index.remove("b")
        before = index.search(ask_for("a", 2), 5)
        again = make()
        assert again.ids() == {f"a-{position:05d}" for position in range(5)}
        assert ids(again.search(ask_for("a", 2), 5)) == ids(before)

    def test_a_cleared_index_is_empty_and_can_be_filled_again(self, make: Make) -> None:
        index = make()
        index.add([encoded_chunk("a", 0)])
        index.clear()
        assert index.ids() == set()
        assert index.search(ask_for("a", 0), 5) == []
        index.add([encoded_chunk("b", 0)])
        assert make().ids() == {"b-00000"}

    def test_a_search_stays_within_its_collections_and_documents(self, make: Make) -> None:
        index = make()
        for document, collection in (("a", "red"), ("b", "red"), ("c", "blue"), ("d", "green")):
            index.add([encoded_chunk(document, position, collection=collection) for position in range(3)])

        def documents(**filters: tuple[str, ...]) -> set[str]:
            return {found.split("-")[0] for found in ids(index.search(ask_for("a", 1, **filters), 100))}

        assert documents() == {"a", "b", "c", "d"}
        assert documents(collections=("red",)) == {"a", "b"}
        assert documents(collections=("red", "green")) == {"a", "b", "d"}
        assert documents(collections=("none",)) == set()
        assert documents(document_ids=("b", "c")) == {"b", "c"}
        assert documents(collections=("red",), document_ids=("b", "c")) == {"b"}

    def test_a_filter_does_not_change_the_scores(self, make: Make) -> None:
        index = make()
        index.add([encoded_chunk(document, position) for document in ("a", "b") for position in range(4)])
        everything = {hit.chunk_id: hit.score for hit in index.search(ask_for("a", 1), 100)}
        for hit in index.search(ask_for("a", 1, document_ids=("a",), collections=("default",)), 100):
            assert hit.score == pytest.approx(everything[hit.chunk_id], abs=1e-6)

    def test_it_can_be_searched_while_it_is_written(self, make: Make) -> None:
        index = make()
        index.add([encoded_chunk("a", position) for position in range(5)])
        errors: list[Exception] = []

        def search() -> None:
            try:
                for _ in range(30):
                    assert ids(index.search(ask_for("a", 2), 1)) == ["a-00002"]
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(6):
            # Positions without the words that are searched for.
            index.add([encoded_chunk(f"n{number}", position, text="filler") for position in range(20)])
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(index.ids()) == 125

    @pytest.mark.parametrize("damage", ["truncated", "random", "missing"])
    def test_a_damaged_folder_is_reported_or_shows_what_is_missing(
        self, make: Make, tmp_path: Path, damage: str
    ) -> None:
        index = make()
        items = [encoded_chunk(f"d{position}", position) for position in range(1200)]
        index.add(items)
        index.close()
        folder = tmp_path / "index"
        rng = np.random.default_rng(1)
        victims = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
        assert victims
        for path in victims:
            size = path.stat().st_size
            if damage == "truncated":
                path.write_bytes(path.read_bytes()[: size // 2])
            elif damage == "random":
                path.write_bytes(rng.bytes(size))
            else:
                path.unlink()
        if damage == "missing":
            assert make().ids() == set()
        else:
            with pytest.raises(LibraryDamaged, match="rebuilt from the database"):
                make()
