"""Where the built-in precise model cannot read, it leaves the order as it is and says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ingest.documents import Chunk, Query
from ingest.embed.transformer import TransformerEmbedder
from ingest.store.tokens.in_memory import TokensInMemory
from rag.cascade import rerank
from rag.engine import Options
from rag.english_only import NOTE, EnglishOnly, english_only
from rag.fuse import LinearFusion, read_fusion
from rag.rerank.protocol import Scores
from rag.texts import rank_texts
from tests.fakes.passages import query
from tests.fakes.traces import trace
from tests.places import MODELS

NO_WEIGHTS = LinearFusion(weights={}, version="none")


@dataclass(frozen=True, kw_only=True)
class Backwards:
    """Puts the last passage first."""

    name: str = "builtin"
    fingerprint: str = "1"
    listwise: bool = False

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        return Scores(values=np.arange(len(chunks), dtype=np.float64))


ENGLISH = (
    "The valve of reactor seven is opened by turning the brass wheel four times to the left.",
    "Net sales rose 4.1% to $32,765 million in fiscal 2018 (2017: $31,657 million).",
    "Keep the vaccine between 2 and 8 °C. A naïve reading of the COVID-19 leaflet by Müller & Søn says nothing of ice.",
)
OTHER = (
    "俄國在1900年為何要放火燒毀清朝璦琿城?",
    "この建物は1906年に建てられ、戦後に修復された。",
    "متى تغلق بوابة الميناء في المساء؟",
    "Когда закрываются ворота порта вечером?",
    "Liman kapısının akşam saat dokuzda kapandığını biliyor muydunuz?",
)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_read(text: str) -> None:
    assert english_only(text, ENGLISH) == ""


@pytest.mark.parametrize("text", OTHER)
def test_other_languages_passages_are_left_alone(text: str) -> None:
    assert english_only("When does the gate close?", [text] * 3) == NOTE


@pytest.mark.parametrize("question", OTHER[:4])
def test_a_question_in_another_script_is_left_alone_whatever_the_passages(question: str) -> None:
    assert english_only(question, ENGLISH) == NOTE


def test_one_foreign_passage_among_twenty_does_not_stop_the_stage() -> None:
    assert english_only("When does the gate close?", [*ENGLISH * 6, OTHER[0]]) == ""
    assert english_only("When does the gate close?", [*ENGLISH, *OTHER]) == NOTE


def test_a_stage_that_steps_aside_keeps_the_order_and_is_not_degraded() -> None:
    texts = dict(zip("cab", ENGLISH, strict=True))
    before = trace("When?", {"fast": ["c", "a", "b"]}, texts=texts).steps[0].ranking
    stage = replace(Options().cascade[-1], name="precise")
    reranker = EnglishOnly(inner=Backwards())
    step = rerank(stage, query("متى تغلق بوابة الميناء في المساء؟"), before, lambda name: reranker, NO_WEIGHTS)
    assert [candidate.chunk.id for candidate in step.ranking] == ["c", "a", "b"]
    assert (step.note, step.degraded, step.scored) == (NOTE, False, 0)
    step = rerank(stage, query("When does the gate close?"), before, lambda name: reranker, NO_WEIGHTS)
    assert [candidate.chunk.id for candidate in step.ranking] == ["b", "a", "c"]
    assert step.note == ""


def test_texts_of_another_language_are_ordered_by_what_can_read_them() -> None:
    embedder = TransformerEmbedder(fast_model_dir=MODELS / "fast")
    ranked = rank_texts(
        "一千",
        ["四千二百", "Ζωή", "一千"],
        embedder=embedder,
        tokens_of=lambda chunks: TokensInMemory(chunks, embedder.projection),
        reranker=lambda name: EnglishOnly(inner=Backwards()),
        fusion=read_fusion(MODELS / "fusion.json"),
        stages=Options().cascade,
    )
    assert ranked.order[0].index == 2
    assert sorted(one.index for one in ranked.order) == [0, 1, 2]


def test_texts_that_the_models_cannot_read_stand_in_the_order_of_their_words() -> None:
    embedder = TransformerEmbedder(fast_model_dir=MODELS / "fast")
    texts = ["يباع الخبز في الساعة السادسة.", "تغلق بوابة الميناء في التاسعة مساء.", "ليس للقمر ميناء."]
    ranked = rank_texts(
        "متى تغلق بوابة الميناء؟",
        texts,
        embedder=embedder,
        tokens_of=lambda chunks: TokensInMemory(chunks, embedder.projection),
        reranker=lambda name: EnglishOnly(inner=Backwards()),
        fusion=read_fusion(MODELS / "fusion.json"),
        stages=Options().cascade,
        unreadable=english_only,
    )
    assert [one.index for one in ranked.order] == [1, 2, 0]
    scores = [one.score for one in ranked.order]
    assert scores == sorted(scores, reverse=True)
