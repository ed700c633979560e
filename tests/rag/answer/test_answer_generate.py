"""Fault 22: every way in which a language model fails, met over a real connection."""

from __future__ import annotations

import logging
import socket
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from ingest.errors import GeneratorFailed
from rag.answer.endpoint import ChatEndpoint
from rag.answer.generate import RETRIES, OpenAIGenerator
from rag.answer.protocol import Message, Prompt
from tests.fakes.llm_server import Cut, LlmServer, Raw, Refuse, Reply, Say, Silence

KEY = "sk-secret-4711"
PROMPT = Prompt(system="Be brief.", messages=(Message(role="user", content="How long does it keep?"),))


def endpoint(address: str, **changes: Any) -> ChatEndpoint:
    return replace(ChatEndpoint(model="test", key=SecretStr(KEY), base_url=address, timeout_s=5.0), **changes)


def generator(server: LlmServer, *, retries: int = RETRIES, **changes: Any) -> OpenAIGenerator:
    return OpenAIGenerator(endpoint(server.url, **changes), retries=retries)


def heard(server: LlmServer, **changes: object) -> tuple[str, str]:
    """The text that arrived, and the sentence of the failure ("" when there was none)."""
    pieces: list[str] = []
    try:
        for piece in generator(server, **changes).stream(PROMPT):
            pieces.append(piece)
    except GeneratorFailed as error:
        return "".join(pieces), str(error)
    return "".join(pieces), ""


def test_an_answer_arrives_piece_by_piece_and_its_tokens_are_known_afterwards():
    with LlmServer(Say("Six hours [1].")) as server:
        stream = generator(server).stream(PROMPT)
        assert dict(stream.tokens) == {}
        assert list(stream) == ["Six h", "ours ", "[1]."]
        assert dict(stream.tokens) == {"prompt": 321, "completion": 12}
    sent = server.requests[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How long does it keep?"},
    ]


def test_a_server_that_does_not_count_tokens_is_no_fault():
    with LlmServer(Say("Yes.", counted=False)) as server:
        stream = generator(server).stream(PROMPT)
        assert "".join(stream) == "Yes."
        assert dict(stream.tokens) == {}


def test_nothing_is_sent_before_the_answer_is_read():
    with LlmServer() as server:
        generator(server).stream(PROMPT).close()
        assert server.requests == []


@pytest.mark.parametrize(
    ("reply", "said", "requests"),
    [
        (Refuse(401), "OPENAI_API_KEY", 1),
        (Refuse(403), "does not let this key use test", 1),
        (Refuse(404), "does not know the model test", 1),
        (Refuse(400, "This model's maximum context length is 4096 tokens"), "SECOND_PASS_RANKING_EVIDENCE", 1),
        (Refuse(422), "refused the request (422)", 1),
        (Refuse(429, headers={"Retry-After": "0"}), "(429)", 3),
        (Refuse(500, headers={"Retry-After": "0"}), "failed on its side (500)", 3),
        (Refuse(503, headers={"Retry-After": "0"}), "failed on its side (503)", 3),
    ],
    ids=lambda value: str(getattr(value, "status", "")) or None,
)
def test_a_refusal_is_retried_only_where_that_can_help_and_said_plainly(reply: Reply, said: str, requests: int):
    with LlmServer(reply) as server:
        text, failure = heard(server)
        assert text == ""
        assert said in failure
        assert failure.endswith(".")
        assert len(server.requests) == requests


def test_a_server_that_recovers_answers_after_a_retry():
    with LlmServer(
        Refuse(429, headers={"Retry-After": "0"}), Refuse(502, headers={"Retry-After": "0"}), Say("Yes.")
    ) as server:
        assert heard(server) == ("Yes.", "")


def test_a_long_retry_after_is_told_instead_of_slept_through():
    with LlmServer(Refuse(429, headers={"Retry-After": "3600"})) as server:
        _, failure = heard(server)
        assert "Ask again in 3600 seconds" in failure
        assert len(server.requests) == 1


@pytest.mark.parametrize("date", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "nan", "soon"])
def test_an_odd_retry_after_is_ignored(date: str):
    with LlmServer(Refuse(429, headers={"Retry-After": date}), Say("Yes.")) as server:
        assert heard(server) == ("Yes.", "")


def test_silence_before_the_first_word_is_given_up_without_asking_again():
    with LlmServer(Silence()) as server:
        text, failure = heard(server, timeout_s=0.3)
        assert text == ""
        assert "gave no sign for 0.3 seconds" in failure
        assert "SECOND_PASS_ANSWER_TIMEOUT_S" in failure
        assert len(server.requests) == 1


def test_silence_in_the_middle_keeps_what_came_before_it():
    with LlmServer(Silence("Six hours")) as server:
        text, failure = heard(server, timeout_s=0.3)
        assert text == "Six hours"
        assert "fell silent" in failure


@pytest.mark.parametrize("reset", [True, False], ids=["connection reset", "orderly end"])
def test_a_cut_stream_keeps_its_part_and_is_not_taken_for_an_answer(reset: bool):
    with LlmServer(Cut("Six hours and then", reset=reset)) as server:
        text, failure = heard(server)
        assert "Six hours and then".startswith(text)
        assert "middle of the answer" in failure or "broke" in failure
        assert reset or text == "Six hours and then"
        assert len(server.requests) == 1


def test_an_answer_that_ran_into_its_length_limit_is_not_whole():
    with LlmServer(Say("Six hours and", finish="length")) as server:
        text, failure = heard(server)
        assert text == "Six hours and"
        assert "reached its length limit" in failure


def test_a_content_filter_is_named():
    with LlmServer(Say("", finish="content_filter")) as server:
        assert "content filter" in heard(server)[1]


def test_an_empty_answer_is_a_failure():
    with LlmServer(Say("")) as server:
        assert "without any text" in heard(server)[1]


@pytest.mark.parametrize(
    "reply",
    [
        Raw(b"<html><body>Please log in</body></html>", "text/html"),
        Raw(b"data: {not json\n\n"),
        Raw(b'data: ["a", "list"]\n\n'),
        Raw(b'data: {"error": {"message": "overloaded, key sk-secret-4711"}}\n\n'),
        Raw(b""),
        Raw(b'data: {"choices": [{"delta": null}]}\n\ndata: [DONE]\n\n'),
    ],
    ids=["login page", "broken JSON", "another shape", "error inside the stream", "nothing", "no delta"],
)
def test_a_reply_that_is_not_a_chat_completion_is_a_plain_failure(reply: Reply):
    with LlmServer(reply) as server:
        text, failure = heard(server)
        assert text == ""
        assert failure.endswith(".")
        assert KEY not in failure


def test_a_server_that_is_not_there_is_named_with_what_to_check():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    there = OpenAIGenerator(endpoint(f"http://127.0.0.1:{port}/v1"), retries=0)
    with pytest.raises(GeneratorFailed, match="cannot be reached") as failed:
        list(there.stream(PROMPT))
    assert f"127.0.0.1:{port}" in str(failed.value)
    assert "OPENAI_BASE_URL" in str(failed.value)


@pytest.mark.parametrize(
    "address", ["not an address", "ftp://127.0.0.1/v1", "http://", "http://[::1", "http://127.0.0.1:99999/v1"]
)
def test_an_address_that_cannot_be_one_is_a_plain_failure(address: str):
    with pytest.raises(GeneratorFailed, match="OPENAI_BASE_URL is not an address"):
        list(OpenAIGenerator(endpoint(address), retries=0).stream(PROMPT))


@pytest.mark.parametrize(
    "reply",
    [
        Refuse(401),
        Refuse(429, f"quota of {KEY}", {"Retry-After": "0"}),
        Refuse(500, KEY),
        Cut("Six"),
        Raw(KEY.encode()),
    ],
    ids=["401", "429", "500", "cut", "raw"],
)
def test_the_key_is_in_no_error_no_log_and_no_traceback(reply: Reply, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with LlmServer(reply) as server, pytest.raises(GeneratorFailed) as failed:
        list(generator(server).stream(PROMPT))
    assert KEY not in str(failed.value)
    assert KEY not in caplog.text
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None or failed.value.__suppress_context__
    assert KEY not in repr(generator(server))


def test_closing_early_gives_the_connection_back():
    with LlmServer(Silence("Six hours and more")) as server:
        stream = generator(server).stream(PROMPT)
        assert next(iter(stream)) == "Six h"
        stream.close()
        stream.close()


def test_a_password_in_the_address_is_sent_but_never_shown_or_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with LlmServer(Say("Yes."), Refuse(401)) as server:
        there = generator(server, base_url=server.url.replace("//", "//user:hidden%21@"), key=None)
        assert list(there.stream(PROMPT)) == ["Yes."]
        with pytest.raises(GeneratorFailed) as failed:
            list(there.stream(PROMPT))
        assert server.requests[0].headers["authorization"] == f"Basic {b64encode(b'user:hidden!').decode()}"
    assert "hidden" not in str(failed.value) + repr(there) + there.host + caplog.text
