"""What every index promises, and what is the keyword index's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.language.profile import profile_of
from ingest.store.keywords.tantivy import TantivyIndex
from tests.contracts.search_index import SearchIndexContract, ids
from tests.fakes.library_parts import WORDS, encoded_chunk, query
from tests.ingest.language.texts import TEXTS


class TestKeywordIndex(SearchIndexContract):
    def open_index(self, folder: Path) -> TantivyIndex:
        return TantivyIndex(folder)

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
