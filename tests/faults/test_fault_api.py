"""The HTTP API against callers without a key, without measure, or under another name; and beside people who sign in."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from click.testing import CliRunner

from app import serving
from app.api import MOST_CHARACTERS, make_api
from app.application import Application
from app.cli.main import main
from app.settings import read_settings
from app.visitors import private, visitor_of
from app.wiring import open_application
from ingest.documents import Query
from ingest.errors import NotAllowed, SettingsError
from rag.tracing import Outcome
from tests.fakes.library_parts import encoded, encoded_chunk
from tests.fakes.llm_server import POISONED, Endless, LlmServer, Say

KEY = "a-key-of-this-server"
AUTHORISED = {"authorization": f"Bearer {KEY}"}
OWN = "The sealed letter of Anna names the heir of the brass wheel."
SHARED = "The brass wheel of reactor seven opens the valve when it is turned four times."


@pytest.fixture(scope="module")
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


@pytest.fixture(scope="module")
def application(llm: LlmServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    home = tmp_path_factory.mktemp("api")
    application = open_application(read_settings(home=home, api_key=KEY, openai_base_url=llm.url))
    for text, name, collection in ((OWN, "own.txt", "0123456789ab/default"), (SHARED, "valve.txt", "shared")):
        added = application.library.add(text.encode(), name, collection=collection)
        assert application.library.wait_for(added.document.id).status == "ready"
    yield application
    application.close()


def served(application: Application, **more: object) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_api(application, **more), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def url(application: Application) -> Iterator[str]:
    yield from served(application)


@pytest.fixture(scope="module")
def visitors_url(application: Application) -> Iterator[str]:
    yield from served(application, people_sign_in=True)


def chat(url: str, question: str, **more: object) -> httpx.Response:
    call = {"messages": [{"role": "user", "content": question}], **more}
    return httpx.post(f"{url}/v1/chat/completions", json=call, headers=AUTHORISED, timeout=60)


def test_fault_32_the_api_answers_under_no_other_name(url: str) -> None:
    for host, status in (("localhost", 200), ("evil.example", 421), ("127.0.0.1.evil.example:80", 421)):
        assert httpx.get(f"{url}/v1/models", headers=AUTHORISED | {"host": host}).status_code == status


def announced(url: str, *headers: str) -> bytes:
    """What is replied to 200 MB of which no byte was sent yet."""
    lines = ("POST /v1/rerank HTTP/1.1", "host: localhost", "content-length: 200000000", *headers, "", "")
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=20) as wire:
        wire.sendall("\r\n".join(lines).encode())
        return wire.recv(4000)


def test_fault_39_the_key_is_looked_at_before_the_body(url: str) -> None:
    assert announced(url).startswith(b"HTTP/1.1 401")
    assert announced(url, "authorization: Bearer wrong").startswith(b"HTTP/1.1 401")


def test_fault_39_a_body_over_the_limit_is_refused_unread(url: str) -> None:
    said = announced(url, f"authorization: Bearer {KEY}")
    assert said.startswith(b"HTTP/1.1 413")
    assert b"8 MB" in said
    try:  # in chunks, of which none says how many there will be
        reply = httpx.post(f"{url}/v1/rerank", headers=AUTHORISED, content=(b"x" * 2**20 for _ in range(100)))
        assert reply.status_code == 413
    except httpx.WriteError:
        pass  # the server hung up
    assert httpx.get(f"{url}/v1/models", headers=AUTHORISED).status_code == 200


def test_fault_39_texts_without_measure_are_refused_or_cut(url: str) -> None:
    def rerank(*texts: str) -> httpx.Response:
        call = {"query": "the valve", "documents": list(texts)}
        return httpx.post(f"{url}/v1/rerank", json=call, headers=AUTHORISED, timeout=120)

    reply = rerank(*["x" * (MOST_CHARACTERS // 2)] * 3)
    assert reply.status_code == 422
    assert "characters" in reply.json()["message"]
    reply = rerank("the valve is opened " + "x " * 1_000_000, "bread")
    assert reply.status_code == 200
    assert reply.json()["results"][0]["index"] == 0


def test_fault_40_a_visitor_chooses_offered_rerankers_only(application: Application, tmp_path: Path) -> None:
    anna = visitor_of({"is_logged_in": True, "iss": "here", "sub": "anna", "name": "Anna"})
    assert anna is not None
    engine = private(application, anna).engine
    for name in (str(tmp_path), "../../models/evil", "somebody/elses-model", "http://127.0.0.1:1/rerank"):
        for stage in ("fast", "precise"):
            options = read_settings(**{stage: name}).ranking
            for call in (engine.retrieve, engine.ask):
                with pytest.raises(NotAllowed, match="not offered"):
                    call("How is the valve opened?", options=options)
    assert engine.retrieve("How is the valve opened?", options=read_settings(precise="none").ranking).steps


def test_fault_40_weights_that_are_no_safetensors_are_not_loaded(tmp_path: Path) -> None:
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from ingest.errors import RerankerUnavailable
    from rag.rerank.cross_encoder import hub_cross_encoder

    model = BertForSequenceClassification(
        BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, num_labels=1)
    )
    model.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]))
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    query, chunk = Query(text="a", encoded=encoded(1)), encoded_chunk("a", 0).chunk
    with pytest.raises(RerankerUnavailable, match="safetensors"):
        hub_cross_encoder(str(tmp_path)).score(query, [chunk])


def test_fault_41_beside_sign_in_the_api_reads_what_all_may_read(visitors_url: str, url: str, llm: LlmServer) -> None:
    llm.script(Say("So it is [1]."))
    for question in ("What names the heir?", "What does the sealed letter of Anna name?"):
        names = {row["document"] for row in ranking(chat(visitors_url, question))}
        assert names == {"valve.txt"}
        assert "own.txt" in {row["document"] for row in ranking(chat(url, question))}


def ranking(reply: httpx.Response) -> list[dict[str, object]]:
    assert reply.status_code == 200, reply.text
    return [row for stage in reply.json()["second_pass"]["trace"]["stages"] for row in stage["ranking"]]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::"])
def test_fault_41_beyond_loopback_the_api_is_refused_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("SECOND_PASS_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(main, ["serve", "--api", "--host", host])
    assert done.exit_code == 1
    assert "SECOND_PASS_API_KEY" in done.output
    assert not (tmp_path / "home").exists()


def test_fault_41_beside_sign_in_the_api_is_refused_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = open_application(read_settings(home=tmp_path))
    application.library.add(OWN.encode(), "own.txt", collection="0123456789ab/default")
    application.close()
    monkeypatch.setenv("SECOND_PASS_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match="People sign in"):
        serving.serve_api(None, None)


def test_fault_41_the_pages_warn_beyond_loopback_unless_people_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SECOND_PASS_HOME", str(tmp_path))
    (tmp_path / "samples-offered").touch()
    monkeypatch.setattr("os.execv", lambda *_: None)
    for host, sign_in, exposed, warned in (
        ("127.0.0.1", False, "", False),
        ("0.0.0.0", False, "", True),
        ("0.0.0.0", True, "", False),
        ("0.0.0.0", False, "false", False),  # as compose.yaml says, which publishes on loopback
        ("127.0.0.1", False, "true", True),  # behind a proxy
    ):
        monkeypatch.setenv("SECOND_PASS_SERVER_EXPOSED", exposed)
        monkeypatch.setattr(serving, "sign_in_is_configured", lambda sign_in=sign_in: sign_in)
        serving.serve_pages(host, 8501)
        assert ("all documents are open" in capsys.readouterr().err) is warned, (host, sign_in, exposed)


def test_fault_42_a_client_that_leaves_lets_the_model_go(url: str, llm: LlmServer, application: Application) -> None:
    llm.script(Endless("It is so [1]. "))
    llm.left.clear()
    call = {"stream": True, "messages": [{"role": "user", "content": "How is the valve of reactor seven opened?"}]}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=call, headers=AUTHORISED, timeout=60) as reply:
        lines = reply.iter_lines()
        record_id = next(line for line in lines if line).split('"chatcmpl-')[1].split('"')[0]
        assert any("It is" in line for line in lines)
    assert llm.left.wait(30)
    for _ in range(100):
        record = application.journal.question(record_id)
        assert record is not None
        if record.answer["text"]:
            break
        time.sleep(0.1)
    assert record.outcome == Outcome.INTERRUPTED
    assert record.answer["text"].startswith("It is so [1].")


def test_fault_43_the_api_gives_no_picture_and_no_link(url: str, llm: LlmServer) -> None:
    for stream in (False, True):
        llm.script(POISONED)
        said = chat(url, "How is the valve of reactor seven opened?", stream=stream).text
        assert "click here" in said
        for hostile in ("![", "](", "<img", "<script", "http://evil", "]: http"):
            assert hostile not in said, hostile


def test_fault_46_the_api_takes_text_that_has_no_encoding(url: str, llm: LlmServer) -> None:
    llm.script(Say("So it is [1]."))
    headers = AUTHORISED | {"content-type": "application/json"}
    for path, call in (
        ("chat/completions", b'{"messages": [{"role": "user", "content": "How is the \\ud800 valve opened?"}]}'),
        (
            "chat/completions",
            b'{"messages": [{"role": "user", "content": [{"type": "text", "text": "Which \\ud800 valve opens?"}]}]}',
        ),
        ("rerank", b'{"query": "\\udfff valve", "documents": ["a \\ud800", {"text": "\\ud800 valve"}]}'),
    ):
        reply = httpx.post(f"{url}/v1/{path}", content=call, headers=headers, timeout=60)
        assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_fault_46_json_without_a_floor_is_refused_in_words(url: str, opening: bytes) -> None:
    headers = AUTHORISED | {"content-type": "application/json"}
    reply = httpx.post(f"{url}/v1/rerank", content=opening * 100_000, headers=headers, timeout=60)
    assert reply.status_code in (400, 422)
    assert reply.json()["message"]
