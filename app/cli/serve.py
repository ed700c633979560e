"""`second-pass serve`: the pages or the HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    pass


@click.command()
@click.option("--host", default=None, help="Address to bind to (default: loopback only).")
@click.option("--port", default=None, type=int)
@click.option("--api", is_flag=True, help="The HTTP API (/v1/rerank, /v1/chat/completions) instead of the pages.")
def serve(host: str | None, port: int | None, api: bool) -> None:
    """Open the app; on the first start the sample documents are added."""
    from app.serving import serve_api, serve_pages

    (serve_api if api else serve_pages)(host, port)
