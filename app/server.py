"""The pages as one ASGI application: Streamlit behind our guards, with `/health`. Run it with `second-pass serve`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# Before torch is imported: its idle threads sleep, where by default they spin and starve the page's own work.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app import shared
from app.guards import KnownHosts, SafeHeaders, page_headers
from app.serving import known_hosts
from app.settings import read_settings

_HERE = Path(__file__).resolve().parent


def make_pages(host: str) -> streamlit.App:
    """The ASGI application. host: the address that it is bound to. Raises SettingsError."""
    allowed = known_hosts(read_settings())
    own = [path.read_text(encoding="utf-8") for path in sorted((_HERE / "static").glob("*.html"))]
    index = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    return streamlit.App(
        _HERE / "streamlit_app.py",
        lifespan=_open_and_close,
        routes=[Route("/health", health)],
        middleware=[
            Middleware(KnownHosts, bound=host, allowed=allowed),
            Middleware(SafeHeaders, headers=page_headers([index, *own])),
        ],
    )


async def health(_: Request) -> JSONResponse:
    """200 while the library is open and its database answers, 503 otherwise; why stands in the log and on the pages."""
    trouble = await run_in_threadpool(shared.trouble)
    return JSONResponse({"status": "trouble" if trouble else "ok"}, 503 if trouble else 200)


@asynccontextmanager
async def _open_and_close(_: streamlit.App) -> AsyncIterator[None]:
    threading.Thread(target=shared.trouble, name="open-library", daemon=True).start()  # before the first visitor
    try:
        yield
    finally:
        await run_in_threadpool(shared.close_application)


def main(host: str, port: str) -> None:
    """Serve until stopped."""
    make_pages(host).run(
        config={
            "server.address": host,
            "server.port": int(port),
            "browser.gatherUsageStats": False,
            "server.showEmailPrompt": False,
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
