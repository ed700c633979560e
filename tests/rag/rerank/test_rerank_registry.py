"""Names → rerankers: known ones, wrong ones, what they need, and late interaction."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import SecretStr

from ingest.documents import Chunk, Query
from ingest.errors import RerankerFailed, RerankerUnavailable, UnknownName
from rag.answer.endpoint import ChatEndpoint
from rag.rerank.budget import Budgeted
from rag.rerank.cache import CachedReranker
from rag.rerank.options import RerankOptions
from rag.rerank.registry import FAMILIES, Rerankers, known, known_names, make_reranker
from rag.rerank.server import ServerReranker
from rag.rerank.vendors import Vendors
from tests.fakes.passages import chunks, query

KEY = SecretStr("a-key")
EVERY_KEY = Vendors(
    cohere_key=KEY, jina_key=KEY, voyage_key=KEY, pinecone_key=KEY, zeroentropy_key=KEY, mixedbread_key=KEY
)
CHAT = ChatEndpoint(key=KEY)


class Vectors:
    """Token vectors whose similarities a test has written down; weights 0.75 and 0.25."""

    def __init__(self, similarities: Sequence[Sequence[float]]) -> None:
        self.similarities = np.array(similarities, dtype=np.float32)

    def max_similarities(
        self, query: Query, chunks: Sequence[Chunk]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.similarities[: len(chunks)], np.array([0.75, 0.25], dtype=np.float32)


class Memory:
    def get_scores(self, keys: Sequence[str]) -> dict[str, float]:
        return {}

    def put_scores(self, scores: dict[str, float]) -> None:
        pass


def everything(tmp_path: Path) -> RerankOptions:
    return RerankOptions(token_vectors=Vectors([[1, 0]]), precise_folder=tmp_path, chat=CHAT, vendors=EVERY_KEY)


@pytest.mark.parametrize("name", [name for name in known_names() if not name.startswith("ollama")])
def test_every_name_on_the_settings_page_makes_a_reranker_of_that_name(name: str, tmp_path: Path) -> None:
    reranker = make_reranker(name, options=everything(tmp_path))
    assert reranker.name == name
    if isinstance(reranker, ServerReranker):
        reranker.client.close()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("late-interactoin", "late-interaction"),
        ("ms-marco-MiniLM-L6-v2", "cross-encoder/ms-marco-MiniLM-L6-v2"),
        ("cohre:rerank-v3.5", "cohere:rerank-v3.5"),
        ("llm-listwse:gpt-4o-mini", "llm-listwise:gpt-4o-mini"),
        ("built-in", "builtin"),
    ],
)
def test_a_wrong_name_is_told_the_nearest_and_all(name: str, nearest: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as caught:
        make_reranker(name, options=everything(tmp_path))
    assert f"Did you mean {nearest!r}?" in str(caught.value)
    assert all(known in str(caught.value) for known in known_names())


def test_a_family_without_a_model_gives_an_example(tmp_path: Path) -> None:
    for family in FAMILIES:
        if family.prefix.endswith(":"):
            with pytest.raises(RerankerUnavailable, match="names no model"):
                make_reranker(family.prefix, options=everything(tmp_path))


def test_the_settings_page_says_why_a_reranker_cannot_run_here(tmp_path: Path) -> None:
    rows = {row.name: row for row in known(RerankOptions(precise_folder=tmp_path))}
    assert rows["none"].usable
    assert "precise.safetensors" in rows["builtin"].note
    assert not rows["builtin"].usable
    assert "CO_API_KEY" in rows["cohere:rerank-v3.5"].note
    assert "OPENAI_API_KEY" in rows["llm-listwise:gpt-4o-mini"].note
    assert rows["ollama+http://127.0.0.1:11434"].note == "has no rerank endpoint"
    assert all(row.note for row in rows.values())
    assert not any(row.usable for row in rows.values() if row.name.startswith(("cohere:", "http", "llm-")))


def test_the_settings_page_says_what_is_sent_where() -> None:
    rows = {row.name: row for row in known(RerankOptions(vendors=Vendors(cohere_url="https://proxy.example")))}
    assert rows["late-interaction"].sends == "nothing leaves this machine"
    assert rows["cohere:rerank-v3.5"].sends.endswith("to https://proxy.example")
    assert rows["jina:jina-reranker-v3"].sends.endswith("to https://api.jina.ai/v1")


def test_a_key_makes_a_hosted_reranker_usable() -> None:
    rows = {row.name: row for row in known(RerankOptions(vendors=EVERY_KEY))}
    assert rows["cohere:rerank-v3.5"].usable
    assert "a-key" not in repr(rows) + repr(RerankOptions(vendors=EVERY_KEY, chat=CHAT))


def test_policies_stand_around_the_reranker_where_they_make_sense(tmp_path: Path) -> None:
    options = RerankOptions(precise_folder=tmp_path, budget_ms=100, cache=Memory(), vendors=EVERY_KEY)
    cached = make_reranker("builtin", options=options)
    assert isinstance(cached, CachedReranker)
    assert isinstance(cached.inner, Budgeted)
    hosted = make_reranker("cohere:rerank-v3.5", options=options)
    assert isinstance(hosted, CachedReranker)
    assert not isinstance(hosted.inner, Budgeted)
    assert make_reranker("none", options=options).name == "none"
    assert not isinstance(make_reranker("none", options=options), CachedReranker)


def test_a_reranker_is_made_once_and_each_question_has_its_own_budget(tmp_path: Path) -> None:
    kept = Rerankers(RerankOptions(precise_folder=tmp_path, cache=Memory()))
    plain = kept.get("builtin", cached=False)
    short = kept.get("builtin", budget_ms=5, cached=False)
    assert isinstance(short, Budgeted)
    assert short.inner is plain
    assert short.budget_ms == 5
    assert isinstance(kept.get("builtin"), CachedReranker)


def test_jinas_third_model_is_scored_as_a_list(tmp_path: Path) -> None:
    assert make_reranker("jina:jina-reranker-v3", options=everything(tmp_path)).listwise
    assert not make_reranker("jina:jina-reranker-v2-base-multilingual", options=everything(tmp_path)).listwise


def test_none_keeps_the_order(tmp_path: Path) -> None:
    values = make_reranker("none", options=everything(tmp_path)).score(query(), chunks("abcd")).values
    assert (np.diff(values) < 0).all()


def test_late_interaction_is_the_weighted_mean_of_the_best_cosines() -> None:
    vectors = Vectors([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    reranker = make_reranker("late-interaction", options=RerankOptions(token_vectors=vectors))
    scores = reranker.score(query(), chunks(["a", "b", "c"]))
    np.testing.assert_allclose(scores.values, [0.75, 0.25, 0.5])
    assert scores.details["scored"] == 3
    assert scores.note == ""


def test_a_passage_without_token_vectors_is_unread_and_said() -> None:
    vectors = Vectors([[1.0, 0.0], [np.nan, np.nan]])
    reranker = make_reranker("late-interaction", options=RerankOptions(token_vectors=vectors))
    scores = reranker.score(query(), chunks(["a", "b"]))
    assert np.isnan(scores.values).tolist() == [False, True]
    assert scores.note == "1 of 2 passages have no token vectors."


def test_no_token_vectors_at_all_is_a_failure() -> None:
    vectors = Vectors([[np.nan, np.nan]])
    reranker = make_reranker("late-interaction", options=RerankOptions(token_vectors=vectors))
    with pytest.raises(RerankerFailed, match="no token vectors are stored"):
        reranker.score(query(), chunks(["a"]))
    with pytest.raises(RerankerUnavailable, match="token vectors"):
        make_reranker("late-interaction", options=RerankOptions())
