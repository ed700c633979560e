"""What every reranker keeps to, whatever it stands on. A reranker's test class inherits this and makes one."""

from __future__ import annotations

import numpy as np

from ingest.documents import Chunk, Query
from rag.rerank.protocol import Reranker
from tests.fakes.passages import chunks, query

TEXTS = [
    "Bread is baked at night and sold at six.",
    "The gate of the harbour closes at nine in the evening.",
    "The moon has no harbour and no gate.",
    "The gate of the harbour closes at nine in the evening.",
]


class RerankerContract:
    """alike: how far apart two scores of the same pair may be."""

    alike = 1e-6

    def make(self) -> Reranker:
        raise NotImplementedError

    def asked(self, text: str = "When does the harbour gate close?") -> Query:
        return query(text)

    def passages(self) -> list[Chunk]:
        return chunks(TEXTS)

    def test_every_passage_has_one_score_in_the_order_given(self) -> None:
        scores = self.make().score(self.asked(), self.passages())
        assert scores.values.shape == (len(TEXTS),)
        assert scores.values.dtype == np.float64
        assert np.isfinite(scores.values).all()

    def test_the_same_passage_has_the_same_score_wherever_it_stands(self) -> None:
        reranker, passages = self.make(), self.passages()
        values = reranker.score(self.asked(), passages).values
        assert abs(values[1] - values[3]) <= self.alike or reranker.name == "none"
        turned = reranker.score(self.asked(), passages[::-1]).values[::-1]
        if not reranker.listwise and reranker.name != "none":
            np.testing.assert_allclose(turned, values, atol=self.alike)

    def test_a_call_changes_nothing_that_a_later_call_sees(self) -> None:
        reranker = self.make()
        first = reranker.score(self.asked(), self.passages()).values
        reranker.score(self.asked("What is sold at six?"), self.passages()[:2])
        np.testing.assert_allclose(reranker.score(self.asked(), self.passages()).values, first, atol=self.alike)

    def test_no_passages_have_no_scores(self) -> None:
        assert self.make().score(self.asked(), []).values.shape == (0,)

    def test_it_has_a_name_and_says_what_was_read(self) -> None:
        reranker = self.make()
        assert reranker.name
        assert isinstance(reranker.listwise, bool)
        assert isinstance(reranker.fingerprint, str)
        scores = reranker.score(self.asked(), self.passages())
        assert 0 <= int(scores.details.get("scored", 0)) <= len(TEXTS)
