"""Rerank servers of one's own: five dialects, found out or named, and Ollama told apart."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import numpy as np
import pytest
from pydantic import SecretStr

from ingest.errors import RerankerFailed, RerankerUnavailable, UnknownName
from rag.rerank.options import RerankOptions
from rag.rerank.registry import Rerankers, make_reranker
from rag.rerank.server import ServerReranker
from rag.rerank.vendors import Vendors
from tests.fakes.passages import chunks, query
from tests.fakes.vendor_server import (
    KEY,
    Answer,
    Fault,
    bearer,
    infinity,
    llamacpp,
    ollama,
    overlap,
    running,
    tei,
    vllm,
    xinference,
)

TEXTS = ["bananas are yellow", "the treaty was signed in 1648", "when it rains", "signed, sealed"]
EXPECTED = [overlap(query().text, text) for text in TEXTS]
DIALECTS: dict[str, tuple[dict[str, Answer], str, str]] = {
    "tei": (tei(), "text-embeddings-inference", "BAAI/bge-reranker-base"),
    "llamacpp": (llamacpp(), "llama.cpp", "bge.gguf"),
    "vllm": (vllm(), "vLLM", "BAAI/bge-reranker-v2-m3"),
    "infinity": (infinity(), "Infinity", "BAAI/bge-reranker-base"),
    "xinference": (xinference(), "Xinference", "bge-reranker"),
}


class At(Protocol):
    def __call__(self, name: str, key: str = "") -> ServerReranker: ...


@pytest.fixture
def at() -> Iterator[At]:
    """A reranker at an address; its connections are closed afterwards."""
    with ExitStack() as stack:

        def make(name: str, key: str = "") -> ServerReranker:
            options = RerankOptions(vendors=Vendors(own_server_key=SecretStr(key)), timeout_s=5.0)
            reranker = make_reranker(name, options=options)
            assert isinstance(reranker, ServerReranker)
            stack.callback(reranker.client.close)
            return reranker

        yield make


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("named", [True, False], ids=["named", "found out"])
def test_each_dialect_is_spoken(at: At, dialect: str, named: bool) -> None:
    answers, title, model = DIALECTS[dialect]
    with running(answers) as server:
        scores = at(f"{dialect}+{server.url}" if named else server.url).score(query(), chunks(TEXTS))
        np.testing.assert_allclose(scores.values, EXPECTED)
        assert scores.details["server"] == title
        assert scores.details["server_model"] == model
        assert len(server.posts) == 1


def test_a_server_is_asked_what_it_is_only_once(at: At) -> None:
    with running(vllm()) as server:
        reranker = at(server.url)
        assert reranker.fingerprint == ""  # not known yet: nothing is cached under it
        reranker.score(query(), chunks(TEXTS))
        before = len(server.asked)
        reranker.score(query(), chunks(TEXTS))
        assert len(server.asked) == before + 1
        assert "bge-reranker-v2-m3" in reranker.fingerprint


@pytest.mark.parametrize("models", [True, False])
def test_ollama_is_told_apart_and_the_way_out_is_said(at: At, models: bool) -> None:
    with running(ollama(models)) as server, pytest.raises(RerankerUnavailable, match="Ollama has no rerank endpoint"):
        at(server.url).score(query(), chunks(TEXTS))
    with pytest.raises(RerankerUnavailable, match="llama-server --reranking"):
        at("ollama+http://127.0.0.1:11434")


def test_a_server_that_says_nothing_known_must_be_named(at: At) -> None:
    with running({}) as server, pytest.raises(RerankerUnavailable, match="name its dialect"):
        at(server.url).score(query(), chunks(TEXTS))


def test_an_unknown_dialect_is_an_unknown_name(at: At) -> None:
    with pytest.raises(UnknownName, match="no reranker called"):
        at("gopher+http://127.0.0.1:8080")


def test_the_batch_limit_is_the_servers_own(at: At) -> None:
    texts = [f"passage {i} {'treaty' if i % 3 == 0 else ''}" for i in range(20)]
    with running(tei(limit=8)) as server:
        scores = at(server.url).score(query(), chunks(texts))
        assert [len(asked.body["texts"]) for asked in server.posts] == [8, 8, 4]
        np.testing.assert_allclose(scores.values, [overlap(query().text, text) for text in texts])


def test_tei_cuts_long_passages_and_gives_raw_scores(at: At) -> None:
    with running(tei()) as server:
        at(f"tei+{server.url}").score(query(), chunks(["treaty " * 2000]))
        assert server.posts[0].body["truncate"] is True
        assert server.posts[0].body["raw_scores"] is True


def test_tei_with_an_embedding_model_is_no_reranker(at: At) -> None:
    with running(tei(model_type="embedding")) as server, pytest.raises(RerankerUnavailable, match="is no reranker"):
        at(server.url).score(query(), chunks(TEXTS))


def test_llamacpp_without_reranking_says_so(at: At) -> None:
    with (
        running(llamacpp(reranking=False)) as server,
        pytest.raises(RerankerFailed, match="does not support reranking"),
    ):
        at(server.url).score(query(), chunks(TEXTS))


def test_old_infinity_calls_its_results_data(at: At) -> None:
    with running(infinity(old=True)) as server:
        np.testing.assert_allclose(at(server.url).score(query(), chunks(TEXTS)).values, EXPECTED)


def test_a_model_among_several_is_named_after_a_number_sign(at: At) -> None:
    with running(vllm()) as server:
        with pytest.raises(RerankerFailed, match="knows no such model"):
            at(f"vllm+{server.url}#another").score(query(), chunks(TEXTS))
        at(f"vllm+{server.url}#BAAI/bge-reranker-v2-m3").score(query(), chunks(TEXTS))
        assert server.posts[-1].body["model"] == "BAAI/bge-reranker-v2-m3"


def test_the_key_comes_from_the_settings(at: At) -> None:
    answers = vllm()
    spoken = answers["POST /rerank"]
    answers["POST /rerank"] = lambda asked: (bearer(asked, {"error": "no"}), spoken(asked))[1]
    with running(answers) as server:
        with pytest.raises(RerankerUnavailable, match="SECOND_PASS_VENDORS_OWN_SERVER_KEY"):
            at(f"vllm+{server.url}").score(query(), chunks(TEXTS))
        at(f"vllm+{server.url}", KEY).score(query(), chunks(TEXTS))


def test_no_server_is_said_at_once_and_with_the_address(at: At) -> None:
    with pytest.raises(RerankerUnavailable, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        at("http://127.0.0.1:9").score(query(), chunks(TEXTS))


def test_a_password_in_the_address_is_not_shown(at: At) -> None:
    reranker = at("tei+http://user:secret@127.0.0.1:9")
    with pytest.raises(RerankerFailed) as caught:
        reranker.score(query(), chunks(TEXTS))
    assert "secret" not in str(caught.value) + reranker.name


def test_results_that_do_not_fit_the_passages_give_no_scores(at: At) -> None:
    with running(tei()) as server:
        server.change = lambda rows: rows[1:]
        with pytest.raises(RerankerFailed, match="left out 1 of 4"):
            at(server.url).score(query(), chunks(TEXTS))


def test_a_passing_failure_is_tried_again(at: At) -> None:
    with running(llamacpp()) as server:
        server.faults = [Fault(status=503, body={"error": {"message": "Loading model", "type": "unavailable_error"}})]
        scores = at(server.url).score(query(), chunks(TEXTS))
        assert scores.details["retries"] == 1


def test_an_address_that_the_settings_do_not_name_is_refused() -> None:
    with running(tei()) as server:
        kept = Rerankers(RerankOptions(), servers=[server.url])
        reranker = kept.get(server.url)
        assert isinstance(reranker, ServerReranker)
        np.testing.assert_allclose(reranker.score(query(), chunks(TEXTS)).values, EXPECTED)
        reranker.client.close()
        with pytest.raises(RerankerUnavailable, match="settings only"):
            kept.get(f"tei+{server.url}")
