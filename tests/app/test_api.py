"""The HTTP API as the real `openai` and `cohere` packages use it, on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
import uvicorn

from app.api import make_api
from app.application import Application
from app.settings import read_settings
from app.wiring import open_application

cohere = pytest.importorskip("cohere", reason="the cohere package is in the dev extra")

KEY = "a-key-of-this-server"
TEXTS = {
    "valve.txt": "The valve of reactor seven is opened by turning the brass wheel four times to the left.",
    "pump.txt": "The pump of reactor seven is greased with white oil every second Monday.",
    "gate.txt": "The gate of the harbour closes at nine in the evening.",
}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    application = open_application(read_settings(home=tmp_path_factory.mktemp("api"), api_key=KEY))
    for name, text in TEXTS.items():
        assert application.library.wait_for(application.library.add(text.encode(), name).document.id).status == "ready"
    yield application
    application.close()


@pytest.fixture(scope="module")
def url(application: Application) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_api(application), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def chat(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def wire() -> Iterator[httpx.Client]:
    """The cohere clients' connections, which they do not close themselves."""
    with httpx.Client() as client:
        yield client


def test_openai_gets_an_answer_with_its_sources_and_the_trace(chat: openai.OpenAI) -> None:
    reply = chat.chat.completions.create(
        model="second-pass", messages=[{"role": "user", "content": "How is the valve of reactor seven opened?"}]
    )
    content = reply.choices[0].message.content
    assert "four times to the left" in content
    assert "[1] valve.txt, page 1" in content
    extension = reply.model_extra["second_pass"]
    assert extension["outcome"] == "answered"
    assert [stage["name"] for stage in extension["trace"]["stages"]] == ["bm25", "dense", "hybrid", "fast", "precise"]


def test_openai_streams_the_same_answer(chat: openai.OpenAI) -> None:
    pieces = list(
        chat.chat.completions.create(
            model="second-pass",
            stream=True,
            messages=[{"role": "user", "content": "How is the valve of reactor seven opened?"}],
        )
    )
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces)
    assert "four times to the left" in text
    assert "[1] valve.txt, page 1" in text
    assert pieces[-1].choices[0].finish_reason == "stop"


def test_openai_lists_the_model(chat: openai.OpenAI) -> None:
    assert [model.id for model in chat.models.list()] == ["second-pass"]


def test_openai_is_told_what_is_wrong(chat: openai.OpenAI, url: str) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="last message"):
        chat.chat.completions.create(model="second-pass", messages=[{"role": "assistant", "content": "Hello"}])
    with pytest.raises(openai.BadRequestError, match="Type a question"):
        chat.chat.completions.create(model="second-pass", messages=[{"role": "user", "content": " "}])
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError, match="needs its API key"),
    ):
        stranger.models.list()


@pytest.mark.parametrize("version", [1, 2])
def test_cohere_reranks_texts_that_are_not_in_the_library(url: str, wire: httpx.Client, version: int) -> None:
    client = (cohere.Client if version == 1 else cohere.ClientV2)(api_key=KEY, base_url=url, httpx_client=wire)
    documents = ["Bread is baked at night.", TEXTS["gate.txt"], "The moon has no harbour."]
    reply = client.rerank(model="second-pass", query="When does the harbour gate close?", documents=documents, top_n=2)
    assert len(reply.results) == 2
    assert reply.results[0].index == 1
    scores = [result.relevance_score for result in reply.results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_cohere_is_told_what_is_wrong(url: str, wire: httpx.Client) -> None:
    client = cohere.ClientV2(api_key=KEY, base_url=url, httpx_client=wire)
    with pytest.raises(cohere.errors.NotFoundError, match="offers the models"):
        client.rerank(model="somebody/elses-model", query="q", documents=["a"])
    with pytest.raises(cohere.errors.UnprocessableEntityError, match="does not fit"):
        client.rerank(model="second-pass", query="", documents=["a"])


def test_what_is_no_json_is_refused_and_the_server_goes_on(url: str) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    reply = httpx.post(f"{url}/v1/rerank", content=b"{not json", headers=headers)
    assert reply.status_code == 422
    assert "message" in reply.json()
    assert httpx.get(f"{url}/v1/models", headers=headers).status_code == 200


def test_an_unanswerable_question_is_said_in_words(application: Application, url: str) -> None:
    from app.api import _with_sources
    from rag.tracing import Answer, Outcome

    assert "not" in _with_sources(Answer(text="", outcome=Outcome.NOT_IN_DOCUMENTS)).lower()


def test_the_paths_of_the_contract_exist(application: Application) -> None:
    paths = {route.path for route in make_api(application).routes}
    assert {"/v1/rerank", "/v2/rerank", "/v1/chat/completions", "/v1/models"} <= paths
    assert Path("app/api.py").is_file()
