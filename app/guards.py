"""What every request passes first and every reply carries, as ASGI middleware: known hosts only, and safe headers."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
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
            await JSONResponse({"message": said, "error": {"message": said, "code": 421}}, 421)(scope, receive, send)

    def _known(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name in self._names or (self._any_number and _is_number(name))


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


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
