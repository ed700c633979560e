"""The pages' server against clients that are no browser: cleared caches, strange hosts. A real server, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from filelock import FileLock
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from app.guards import KnownHosts
from tests.browser.conftest import Server

WAIT_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("home"))
    server.start()
    yield server
    server.stop()


UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def channel(server: Server) -> ClientConnection:
    return connect(server.url.replace("http", "ws") + "/_stcore/stream", max_size=None, proxy=None)


def drawn(client: ClientConnection) -> bytes:
    """Everything that one run of the page sends."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    client.send(message.SerializeToString())
    pieces = []
    while True:
        data = client.recv(timeout=WAIT_S)
        assert isinstance(data, bytes)
        pieces.append(data)
        if ForwardMsg.FromString(data).WhichOneof("type") == "script_finished":
            return b"".join(pieces)


def test_fault_27_a_stranger_who_clears_the_cache_locks_nobody_out(server: Server) -> None:
    with channel(server) as reader, channel(server) as stranger:
        assert b"Ask your documents" in drawn(reader)
        drawn(stranger)
        stranger.send(BackMsg(clear_cache=True).SerializeToString())
        assert b"Ask your documents" in drawn(stranger)
        for client in (reader, stranger):
            page = drawn(client)
            assert b"Another Second Pass" not in page
            assert b"Ask your documents" in page
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}


def test_fault_27_health_looks_at_the_library(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with FileLock(tmp_path / "in-use.lock"):
        server.start()
        try:
            assert httpx.get(f"{server.url}/_stcore/health").status_code == 200
            assert httpx.get(f"{server.url}/health").status_code == 503
        except BaseException:
            server.stop()
            raise
    try:
        assert httpx.get(f"{server.url}/health", timeout=WAIT_S).status_code == 200
    finally:
        server.stop()
    assert FileLock(tmp_path / "in-use.lock").acquire(timeout=0)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "", "localhost@evil"])
def test_fault_32_the_pages_answer_under_no_other_name(server: Server, host: str) -> None:
    for path in ("/", "/library", "/health", "/_stcore/health", "/_stcore/host-config", "/media/x"):
        reply = httpx.get(server.url + path, headers={"host": host})
        assert reply.status_code in (400, 421), path
        assert "Ask your" not in reply.text
    assert httpx.get(f"{server.url}/_stcore/stream", headers=UPGRADE | {"host": host}).status_code == 403


def test_fault_32_the_pages_answer_under_loopback_names(server: Server) -> None:
    port = server.url.rsplit(":", 1)[1]
    for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST.", "127.0.0.1"):
        assert httpx.get(server.url, headers={"host": host}).status_code == 200, host


@pytest.mark.parametrize(
    ("bound", "allowed", "host", "known"),
    [
        ("127.0.0.1", (), "192.168.1.7:8501", False),
        ("192.168.1.7", (), "192.168.1.7:8501", True),
        ("0.0.0.0", (), "192.168.1.7:8501", True),
        ("::", (), "[fe80::1]:8501", True),
        ("0.0.0.0", (), "evil.example", False),
        ("0.0.0.0", (), "0x7f.1", False),
        ("127.0.0.1", ("papers.example",), "Papers.Example:443", True),
        ("127.0.0.1", ("papers.example",), "papers.example.evil", False),
        ("127.0.0.1", ("papers.example",), "evil.papers.example", False),
        ("127.0.0.1", (), "[", False),
        ("127.0.0.1", (), "localhost:port", True),
    ],
)
def test_fault_32_which_hosts_are_known(bound: str, allowed: tuple[str, ...], host: str, known: bool) -> None:
    async def nothing(*_: object) -> None: ...

    assert KnownHosts(nothing, bound=bound, allowed=allowed)._known(host) is known


def test_fault_32_no_page_loads_from_or_sends_to_another_host(server: Server) -> None:
    for path in ("/", "/library", "/settings", "/health"):
        headers = httpx.get(server.url + path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'"
        assert "unsafe" not in policy["script-src"]
        assert all("http" not in rule and "*" not in rule for rule in policy.values())
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
