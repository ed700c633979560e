"""What every embedder keeps to, whatever model it stands on. An embedder's test class inherits this and gives one."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.protocols import Embedder

TEXTS = [
    "The gate closes at nine.",
    "",
    "Das Tor schließt um neun. " * 200,
    "門は九時に閉まります。🙂",
    "\u0000\ud83d?",
]


class EmbedderContract:
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Embedder:
        raise NotImplementedError

    def test_every_text_has_a_unit_vector_and_a_token_vector_for_each_word_piece(self, embedder: Embedder) -> None:
        encoded = embedder.encode_passages([text.encode("utf-8", "replace").decode() for text in TEXTS])
        assert len(encoded) == len(TEXTS)
        for one in encoded:
            assert one.vector.dtype == np.float32
            assert float(np.linalg.norm(one.vector)) == pytest.approx(1.0, abs=1e-3)
            assert one.tokens.dtype == np.int8
            assert one.token_ids.dtype == np.int32
            assert len(one.tokens) == len(one.token_ids)

    def test_a_passage_is_encoded_alike_alone_and_among_others(self, embedder: Embedder) -> None:
        alone = embedder.encode_passages([TEXTS[0]])[0]
        among = embedder.encode_passages([TEXTS[2], TEXTS[0], TEXTS[3]])[1]
        assert float(alone.vector @ among.vector) > 0.999
        assert alone.token_ids.tolist() == among.token_ids.tolist()

    def test_progress_counts_up_to_all(self, embedder: Embedder) -> None:
        done: list[int] = []
        embedder.encode_passages([TEXTS[0]] * 40, done.append)
        assert done == sorted(done)
        assert done[-1] == 40

    def test_a_longer_text_has_more_word_pieces_and_nothing_has_none(self, embedder: Embedder) -> None:
        assert embedder.count_tokens("") == 0
        assert 0 < embedder.count_tokens(TEXTS[0]) < embedder.count_tokens(TEXTS[2])

    def test_a_question_is_encoded_the_same_twice(self, embedder: Embedder) -> None:
        first, second = (embedder.encode_question("When does the gate close?") for _ in range(2))
        np.testing.assert_array_equal(first.vector, second.vector)
        assert first.vector.shape == embedder.encode_passages(["x"])[0].vector.shape

    def test_it_has_a_fingerprint(self, embedder: Embedder) -> None:
        assert embedder.fingerprint == embedder.fingerprint != ""
