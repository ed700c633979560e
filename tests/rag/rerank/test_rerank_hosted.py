"""Hosted rerankers against servers that follow each vendor's published format."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from pydantic import SecretStr

from ingest.errors import RerankerFailed, RerankerUnavailable
from rag.rerank.hosted import VENDORS, HostedReranker
from rag.rerank.options import RerankOptions
from rag.rerank.registry import make_reranker
from rag.rerank.vendors import Vendors, key_variables
from tests.fakes.passages import chunks, query
from tests.fakes.vendor_server import KEY, VENDOR_ANSWERS, Fault, Server, overlap, running

TEXTS = ["bananas are yellow", "the treaty was signed in 1648", "when it rains", "signed, sealed"]
EXPECTED = [overlap(query().text, text) for text in TEXTS]
MODELS = {
    "cohere": "rerank-v3.5",
    "jina": "jina-reranker-v2-base-multilingual",
    "voyage": "rerank-2.5",
    "pinecone": "bge-reranker-v2-m3",
    "zeroentropy": "zerank-2",
    "mixedbread": "mixedbread-ai/mxbai-rerank-large-v2",
}
PATHS = {"jina": "/v1", "voyage": "/v1", "zeroentropy": "/v1"}  # what the vendor's own client has in its base address


@contextmanager
def hosted(prefix: str, *, key: str = KEY, timeout_s: float = 5.0) -> Iterator[tuple[HostedReranker, Server]]:
    with running(VENDOR_ANSWERS[prefix]) as server:
        account = {f"{prefix}_key": SecretStr(key), f"{prefix}_url": server.url + PATHS.get(prefix, "")}
        options = RerankOptions(vendors=Vendors(**account), timeout_s=timeout_s)
        reranker = make_reranker(f"{prefix}:{MODELS[prefix]}", options=options)
        assert isinstance(reranker, HostedReranker)
        yield reranker, server
        reranker.client.close()


@pytest.fixture(params=sorted(VENDORS))
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_each_passage_gets_the_score_that_the_vendor_gave_it(prefix: str) -> None:
    with hosted(prefix) as (reranker, server):
        scores = reranker.score(query(), chunks(TEXTS))
        np.testing.assert_allclose(scores.values, EXPECTED)
        assert len(server.asked) == 1  # one call with all pairs
        assert scores.details["scored"] == len(TEXTS)
        assert scores.details["retries"] == 0
        assert any(scores.details.get(name, 0) > 0 for name in ("tokens", "search_units", "rerank_units"))


def test_a_missing_key_names_its_variable(prefix: str) -> None:
    with pytest.raises(RerankerUnavailable, match=key_variables(prefix)):
        make_reranker(f"{prefix}:{MODELS[prefix]}", options=RerankOptions())


def test_a_refused_key_is_said_and_never_shown(prefix: str) -> None:
    with hosted(prefix, key="wrong-secret-key") as (reranker, server):
        with pytest.raises(RerankerUnavailable, match="refused the key") as caught:
            reranker.score(query(), chunks(TEXTS))
        assert "wrong-secret-key" not in str(caught.value) + repr(reranker)
        assert key_variables(prefix) in str(caught.value)
        assert len(server.asked) == 1  # a refused key is not tried again


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    with hosted("cohere") as (reranker, server):
        server.faults = [Fault(status=status, body={"message": "later"}, headers={"Retry-After": "0"})] * 2
        scores = reranker.score(query(), chunks(TEXTS))
        np.testing.assert_allclose(scores.values, EXPECTED)
        assert scores.details["requests"] == 3
        assert scores.details["retries"] == 2


def test_a_failure_that_stays_ends_after_three_tries() -> None:
    with hosted("cohere") as (reranker, server):
        server.faults = [Fault(status=503, body={"message": f"busy {KEY}"})] * 9
        with pytest.raises(RerankerFailed, match=r"Cohere failed \(503\) after 3 tries\.") as caught:
            reranker.score(query(), chunks(TEXTS))
        assert KEY not in str(caught.value)
        assert len(server.asked) == 3


def test_a_wait_beyond_the_timeout_is_not_waited_for() -> None:
    with hosted("cohere", timeout_s=2.0) as (reranker, server):
        server.faults = [Fault(status=429, body={}, headers={"Retry-After": "3600"})]
        with pytest.raises(RerankerFailed, match="too much was asked"):
            reranker.score(query(), chunks(TEXTS))
        assert len(server.asked) == 1


def test_a_wrong_request_is_not_tried_again() -> None:
    with hosted("cohere") as (reranker, server):
        server.faults = [Fault(status=400, body={"message": "no"}), Fault(status=500)]
        with pytest.raises(RerankerFailed, match="did not understand"):
            reranker.score(query(), chunks(TEXTS))
        assert len(server.asked) == 1


def test_a_broken_connection_is_tried_again() -> None:
    with hosted("jina") as (reranker, server):
        server.faults = [Fault(close=True)]
        np.testing.assert_allclose(reranker.score(query(), chunks(TEXTS)).values, EXPECTED)


def test_silence_ends_at_the_timeout() -> None:
    with hosted("jina", timeout_s=0.2) as (reranker, server):
        release = __import__("threading").Event()
        server.change = lambda body: (release.wait(5), body)[1]
        with pytest.raises(RerankerFailed, match="did not answer in time"):
            reranker.score(query(), chunks(TEXTS))
        release.set()


def test_no_server_at_the_address_is_said_with_the_host() -> None:
    vendors = Vendors(cohere_key=SecretStr(KEY), cohere_url="http://127.0.0.1:9")
    reranker = make_reranker("cohere:rerank-v3.5", options=RerankOptions(vendors=vendors, timeout_s=5.0))
    with pytest.raises(RerankerUnavailable, match=r"Cohere cannot be reached: no connection to 127\.0\.0\.1"):
        reranker.score(query(), chunks(TEXTS))


def test_an_unknown_model_is_said() -> None:
    with hosted("cohere") as (reranker, _):
        other = HostedReranker(vendor=reranker.vendor, model="cat-v1", base_url=reranker.base_url, key=KEY)
        with pytest.raises(RerankerFailed, match="knows no such model"):
            other.score(query(), chunks(TEXTS))
        other.client.close()


def test_an_error_code_is_passed_on_and_the_servers_words_are_not() -> None:
    with hosted("pinecone") as (reranker, server):
        body = {"error": {"code": "INVALID_ARGUMENT", "message": f"passage {TEXTS[1]} with {KEY}"}, "status": 400}
        server.faults = [Fault(status=400, body=body)]
        with pytest.raises(RerankerFailed, match="INVALID_ARGUMENT") as caught:
            reranker.score(query(), chunks(TEXTS))
        assert TEXTS[1] not in str(caught.value)
        assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:-1], "left out 1 of 4"),
        (lambda rows: [*rows, rows[0]], "twice"),
        (lambda rows: [{**rows[0], "index": 4}, *rows[1:]], "index 4"),
        (lambda rows: [{**rows[0], "index": -1}, *rows[1:]], "index -1"),
        (lambda rows: [{**rows[0], "index": "0"}, *rows[1:]], "without an index"),
        (lambda rows: [{"index": rows[0]["index"]}, *rows[1:]], "not a number"),
        (lambda rows: [{k: None for k in rows[0]}, *rows[1:]], "without an index"),
        (lambda rows: None, "without a list"),
    ],
)
def test_results_that_do_not_fit_the_passages_give_no_scores(prefix: str, change: object, message: str) -> None:
    name = VENDORS[prefix].rows
    with hosted(prefix) as (reranker, server):
        server.change = lambda body: body | {name: change(body[name])}  # type: ignore[operator]
        with pytest.raises(RerankerFailed, match=message):
            reranker.score(query(), chunks(TEXTS))


@pytest.mark.parametrize("body", [b"<html>proxy</html>", [], "text", None])
def test_an_answer_of_another_kind_gives_no_scores(body: object) -> None:
    with hosted("voyage") as (reranker, server):
        server.faults = [Fault(status=200, body=body)]
        with pytest.raises(RerankerFailed, match="Voyage answered"):
            reranker.score(query(), chunks(TEXTS))


def test_a_batch_limit_splits_the_passages_and_keeps_their_places() -> None:
    texts = [f"passage {i} {'treaty signed' if i % 7 == 0 else ''}" for i in range(230)]
    with hosted("pinecone") as (reranker, server):
        scores = reranker.score(query(), chunks(texts))
        assert [len(asked.body["documents"]) for asked in server.asked] == [100, 100, 30]
        np.testing.assert_allclose(scores.values, [overlap(query().text, text) for text in texts])
        assert scores.details["rerank_units"] == 3


def test_a_redirect_does_not_carry_the_key_away() -> None:
    with hosted("cohere") as (reranker, server), running({}) as elsewhere:
        server.faults = [Fault(status=307, body={}, headers={"Location": elsewhere.url + "/v2/rerank"})]
        with pytest.raises(RerankerFailed):
            reranker.score(query(), chunks(TEXTS))
        assert elsewhere.asked == []
