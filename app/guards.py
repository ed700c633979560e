"""What every request passes before a byte of its body is read, and what every reply carries, as ASGI middleware."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")
WILDCARDS = ("0.0.0.0", "::", "")
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class KnownHosts:
    """Answers only requests whose Host is loopback, the address that the server is bound to, or in `allowed`.

    Otherwise a page of any site, whose name its owner lets point to this machine, could read everything that it shows
    (DNS rebinding). Bound to every address of the machine, it answers by any number, which no name can stand for.
    """

    def __init__(self, app: ASGIApp, *, bound: str, allowed: Collection[str] = ()) -> None:
        self.app = app
        self._names = {name.lower().strip("[]").rstrip(".") for name in (*LOOPBACK, bound, *allowed) if name}
        self._any_number = bound in WILDCARDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = Headers(scope=scope).getlist("host") if scope["type"] != "lifespan" else []
        if scope["type"] == "lifespan" or (len(hosts) == 1 and self._known(hosts[0])):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            said = "This server does not answer under that name. Add it to the setting allowed_hosts if it is yours."
            await refusal(said, 421)(scope, receive, send)

    def _known(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name in self._names or (self._any_number and _is_number(name))


class BearerKey:
    """Answers only requests that carry the key; without one, all."""

    def __init__(self, app: ASGIApp, *, key: str) -> None:
        self.app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not self._key or self._carried(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            await refusal("This server needs its API key as a bearer token.", 401)(scope, receive, send)

    def _carried(self, headers: Headers) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ").strip()
        return hmac.compare_digest(given.encode(), self._key)


class BodyLimit:
    """Refuses a body of more than `megabytes`: by its announced length, or when that much of it has come."""

    def __init__(self, app: ASGIApp, *, megabytes: int) -> None:
        self.app = app
        self._most = megabytes * 2**20
        self._said = f"The request is larger than {megabytes} MB (setting body_mb). Send it in parts."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > self._most:
            await refusal(self._said, 413)(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._most:
                raise HTTPException(413, self._said)
            return message

        await self.app(scope, counted, send)


class SafeHeaders:
    """Headers that every reply carries."""

    def __init__(self, app: ASGIApp, *, headers: Iterable[tuple[str, str]]) -> None:
        self.app = app
        self._headers = tuple(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


PLAIN_HEADERS = (("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"))


def page_headers(pages: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Headers of the pages: nothing is loaded from, sent to or framed by another host (Content-Security-Policy 3).

    pages: HTML whose inline scripts may run, named by their SHA-256; no other inline script does.
    """
    scripts = " ".join(sorted({f"'sha256-{_digest(script)}'" for page in pages for script in _SCRIPT.findall(page)}))
    policy = {
        "default-src": "'self'",
        "script-src": f"'self' {scripts}",
        "style-src": "'self' 'unsafe-inline'",  # Streamlit writes its style sheets while it runs
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    said = "; ".join(f"{name} {value}" for name, value in policy.items())
    return (*PLAIN_HEADERS, ("content-security-policy", said), ("x-frame-options", "DENY"))


def refusal(message: str, status: int) -> JSONResponse:
    """What both clients of the API look for: Cohere's reads `message`, OpenAI's `error.message`."""
    return JSONResponse({"message": message, "error": {"message": message, "code": status}}, status)


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
