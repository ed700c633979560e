"""What every index promises, the same for the vector index and the keyword index."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.documents import Hit
from ingest.errors import LibraryDamaged
from ingest.language.profile import profile_of
from ingest.store.dense.chroma import ChromaIndex
from ingest.store.keywords.tantivy import TantivyIndex
from tests.fakes.library_parts import WORDS, encoded_chunk, query
from tests.ingest.language.texts import TEXTS

AnyIndex = ChromaIndex | TantivyIndex
Make = Callable[[], AnyIndex]


@pytest.fixture(params=["dense", "bm25"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Opens the index over the same folder, closing the one opened before."""
    opened: list[AnyIndex] = []

    def open_index() -> AnyIndex:
        while opened:
            opened.pop().close()
        if request.param == "dense":
            opened.append(ChromaIndex(tmp_path / "index", fingerprint="e1"))
        else:
            opened.append(TantivyIndex(tmp_path / "index"))
        return opened[-1]

    yield open_index
    while opened:
        opened.pop().close()


def ids(hits: list[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


def ask_for(document_id: str, position: int, **filters: tuple[str, ...]):  # type: ignore[no-untyped-def]
    """A query that finds one chunk best, by words and by vector alike."""
    item = encoded_chunk(document_id, position)
    return query(item.chunk.text, item.encoded, **filters)


def test_an_empty_index_finds_nothing(make: Make) -> None:
    index = make()
    assert index.search(ask_for("a", 0), 10) == []
    assert index.ids() == set()
    index.remove("nobody")
    index.discard({"nothing"})
    index.clear()


def test_what_was_added_is_found_best_first_and_counted(make: Make) -> None:
    index = make()
    index.add([encoded_chunk("a", position) for position in range(10)])
    hits = index.search(ask_for("a", 3), 5)
    assert hits[0].chunk_id == "a-00003"
    assert len(hits) <= 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert index.ids() == {f"a-{position:05d}" for position in range(10)}


def test_adding_twice_is_adding_once(make: Make) -> None:
    index = make()
    items = [encoded_chunk("a", position) for position in range(3)]
    index.add(items)
    index.add(items)
    index.add([])
    assert len(index.ids()) == 3
    found = ids(index.search(ask_for("a", 1), 10))
    assert len(found) == len(set(found))


def test_what_is_added_again_is_found_by_its_new_content(make: Make) -> None:
    index = make()
    index.add([encoded_chunk("a", 0), encoded_chunk("a", 1)])
    old, new = encoded_chunk("a", 0), encoded_chunk("b", 5)
    changed = replace(new, chunk=replace(old.chunk, text=new.chunk.text))
    index.add([changed])
    assert ids(index.search(ask_for("b", 5), 1)) == ["a-00000"]
    assert index.ids() == {"a-00000", "a-00001"}


def test_removing_a_document_removes_all_of_it_and_nothing_else(make: Make) -> None:
    index = make()
    index.add([encoded_chunk(document, position) for document in ("a", "b") for position in range(4)])
    index.remove("a")
    assert index.ids() == {f"b-{position:05d}" for position in range(4)}
    assert all(found.startswith("b-") for found in ids(index.search(ask_for("a", 2), 10)))


def test_discarding_removes_only_the_ids_named(make: Make) -> None:
    index = make()
    index.add([encoded_chunk("a", position) for position in range(4)])
    index.discard({"a-00001", "a-00003", "unknown"})
    assert index.ids() == {"a-00000", "a-00002"}


def test_everything_outlives_a_restart(make: Make) -> None:
    index = make()
    index.add([encoded_chunk(document, position) for document in ("a", "b") for position in range(5)])
    index.remove("b")
    before = index.search(ask_for("a", 2), 5)
    again = make()
    assert again.ids() == {f"a-{position:05d}" for position in range(5)}
    assert ids(again.search(ask_for("a", 2), 5)) == ids(before)


def test_a_cleared_index_is_empty_and_can_be_filled_again(make: Make) -> None:
    index = make()
    index.add([encoded_chunk("a", 0)])
    index.clear()
    assert index.ids() == set()
    assert index.search(ask_for("a", 0), 5) == []
    index.add([encoded_chunk("b", 0)])
    assert make().ids() == {"b-00000"}


def test_a_search_stays_within_its_collections_and_documents(make: Make) -> None:
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


def test_a_filter_does_not_change_the_scores(make: Make) -> None:
    index = make()
    index.add([encoded_chunk(document, position) for document in ("a", "b") for position in range(4)])
    everything = {hit.chunk_id: hit.score for hit in index.search(ask_for("a", 1), 100)}
    for hit in index.search(ask_for("a", 1, document_ids=("a",), collections=("default",)), 100):
        assert hit.score == pytest.approx(everything[hit.chunk_id], abs=1e-6)


def test_it_can_be_searched_while_it_is_written(make: Make) -> None:
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
def test_a_damaged_folder_is_reported_or_shows_what_is_missing(make: Make, tmp_path: Path, damage: str) -> None:
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


class TestVectorIndex:
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


class TestKeywordIndex:
    @pytest.mark.parametrize(
        "text",
        ["revenue AND (", '"revenue', "text:revenue", "revenue~9 ^9", "-revenue +", "[a TO b]", "*:*", "\\", "/r/"],
    )
    def test_a_question_is_never_read_as_query_syntax(self, tmp_path: Path, text: str) -> None:
        index = TantivyIndex(tmp_path)
        index.add([encoded_chunk("a", position) for position in range(3)])
        found = ids(index.search(query(text), 10))
        assert found == (["a-00000"] if "revenue" in text else [])

    def test_words_are_found_in_other_forms_and_without_accents(self, tmp_path: Path) -> None:
        index = TantivyIndex(tmp_path)
        index.add([encoded_chunk("a", 0, "The turbines were inspected in Córdoba"), encoded_chunk("b", 0, "nothing")])
        assert ids(index.search(query("turbine inspection"), 10)) == ["a-00000"]
        assert ids(index.search(query("CORDOBA?"), 10)) == ["a-00000"]

    def test_the_title_and_section_are_searched_too(self, tmp_path: Path) -> None:
        index = TantivyIndex(tmp_path)
        item = encoded_chunk("a", 0, "one line")
        titled = replace(item, chunk=replace(item.chunk, title="3M 2018 10K"))
        index.add([titled, encoded_chunk("b", 0, "another line")])
        assert ids(index.search(query("What did 3M earn in 2018?"), 10)) == ["a-00000"]

    def test_a_question_is_searched_by_its_different_telling_words(self, tmp_path: Path) -> None:
        index = TantivyIndex(tmp_path)
        index.add(
            [encoded_chunk("a", 0, "the turbines of the harbour and what they were"), encoded_chunk("b", 0, "was")]
        )
        assert ids(index.search(query("What was the turbine, the turbine?"), 10)) == ["a-00000"]
        assert ids(index.search(query("What were they?"), 10)) == ["a-00000"]  # no other word is left to ask for
        assert index.search(query("?!"), 10) == []
        once = index.search(query("turbine"), 10)
        assert index.search(query("turbine turbine turbine"), 10) == once
        assert index.search(query(" ".join(f"w{number}" for number in range(5000))), 10) == []

    @pytest.mark.parametrize("language", TEXTS)
    def test_a_passage_is_found_in_its_language_among_all_others(self, tmp_path: Path, language: str) -> None:
        index = TantivyIndex(tmp_path)
        index.add([encoded_chunk(code, 0, passage) for code, (passage, _) in TEXTS.items()])
        assert ids(index.search(query(TEXTS[language][1]), 10))[0] == f"{language}-00000"

    @pytest.mark.parametrize("language", TEXTS)
    def test_every_word_of_a_passage_finds_it_though_its_language_is_not_to_be_told(
        self, tmp_path: Path, language: str
    ) -> None:
        index = TantivyIndex(tmp_path)
        index.add([encoded_chunk(code, 0, passage) for code, (passage, _) in TEXTS.items()])
        for word in TEXTS[language][0].split():
            if profile_of(language).terms(word):
                assert f"{language}-00000" in ids(index.search(query(word), 20)), word

    def test_what_was_written_with_other_words_is_given_again_by_sql(self, tmp_path: Path) -> None:
        old = TantivyIndex(tmp_path, fingerprint="words-0")
        old.add([encoded_chunk("a", 0)])
        old.close()
        new = TantivyIndex(tmp_path)
        assert new.ids() == set()
        new.add([encoded_chunk("a", 0)])
        new.close()
        again = TantivyIndex(tmp_path)
        assert again.ids() == {"a-00000"}
        again.close()
        assert len(list(tmp_path.iterdir())) == 1

    def test_the_ranking_is_bm25s(self, tmp_path: Path) -> None:
        from rank_bm25 import BM25Okapi

        rng = np.random.default_rng(7)
        texts = [" ".join(rng.choice(WORDS, size=rng.integers(20, 200))) for _ in range(300)]
        texts = [f"{text} rare{number % 60}" for number, text in enumerate(texts)]
        index = TantivyIndex(tmp_path)
        items = [encoded_chunk(f"d{number}", 0, text) for number, text in enumerate(texts)]
        index.add(items)
        # rank-bm25 as the reference: the same words, its own IDF; terms in half of the texts have a negative one there.
        profile = profile_of("en")
        reference = BM25Okapi([profile.terms(item.chunk.headed_text) for item in items], k1=1.2, b=0.75)
        overlap = []
        for number in range(20):
            asked = f"rare{number} rare{number + 7} rare{number + 19}"
            scores = reference.get_scores(profile.question_terms(asked))
            best = {items[i].chunk.id for i in np.argsort(-scores)[:10]}
            overlap.append(len(best & set(ids(index.search(query(asked), 10)))) / 10)
        assert np.mean(overlap) >= 0.9
