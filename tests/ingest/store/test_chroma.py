"""Dense vectors in Chroma: what every index promises, and what is its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ingest.errors import LibraryDamaged
from ingest.store.dense.chroma import ChromaIndex
from tests.contracts.search_index import SearchIndexContract, ask_for, ids
from tests.fakes.library_parts import encoded_chunk, query


class TestChromaIndex(SearchIndexContract):
    def open_index(self, folder: Path) -> ChromaIndex:
        return ChromaIndex(folder, fingerprint="e1")

    def test_the_score_is_the_cosine(self, tmp_path: Path) -> None:
        index = ChromaIndex(tmp_path, fingerprint="e1")
        items = [encoded_chunk("a", position) for position in range(20)]
        index.add(items)
        asked = query("", encoded_chunk("b", 0).encoded)
        for hit in index.search(asked, 20):
            vector = next(item.encoded.vector for item in items if item.chunk.id == hit.chunk_id)
            assert hit.score == pytest.approx(float(vector @ asked.encoded.vector), abs=1e-4)
        index.close()

    def test_almost_every_true_neighbour_is_found(self, tmp_path: Path) -> None:
        index = ChromaIndex(tmp_path, fingerprint="e1")
        items = [encoded_chunk(f"d{number}", number) for number in range(2000)]
        index.add(items)
        matrix = np.stack([item.encoded.vector for item in items])
        recall = []
        for number in range(20):
            asked = query("", encoded_chunk("question", number).encoded)
            true = {items[i].chunk.id for i in np.argsort(-(matrix @ asked.encoded.vector))[:50]}
            recall.append(len(true & set(ids(index.search(asked, 50)))) / 50)
        assert np.mean(recall) >= 0.95
        index.close()

    def test_vectors_of_another_embedder_are_never_mixed_in(self, tmp_path: Path) -> None:
        old = ChromaIndex(tmp_path, fingerprint="e1")
        old.add([encoded_chunk("a", 0)])
        old.close()
        new = ChromaIndex(tmp_path, fingerprint="e2")
        assert new.ids() == set()
        new.add([encoded_chunk("b", 0)])
        assert ids(new.search(ask_for("a", 0), 10)) == ["b-00000"]
        new.remove("a")
        new.close()
        again = ChromaIndex(tmp_path, fingerprint="e1")
        assert again.ids() == set()
        again.close()

    @pytest.mark.parametrize("name", ["header.bin", "data_level0.bin", "index_metadata.pickle", "link_lists.bin"])
    def test_a_missing_graph_file_is_never_taken_for_an_empty_graph(self, tmp_path: Path, name: str) -> None:
        index = ChromaIndex(tmp_path, fingerprint="e1")
        index.add([encoded_chunk("a", position) for position in range(1200)])
        index.close()
        graph = next(tmp_path.glob(f"*/{name}"))
        graph.unlink()
        with pytest.raises(LibraryDamaged, match="damaged"):
            ChromaIndex(tmp_path, fingerprint="e1")
