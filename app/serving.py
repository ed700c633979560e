"""Start the pages or the HTTP API, bound to loopback unless a setting says otherwise."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from app.settings import Settings, read_settings

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
SAMPLES_COLLECTION = "samples"
_MARKER = "samples-offered"  # so that samples which a person deleted do not come back


def serve_pages(host: str | None, port: int | None) -> None:
    """Add the samples on the first start, then become the Streamlit server (this call does not return)."""
    settings = read_settings()
    add_samples_once(settings)
    address, number = host or settings.server.host, port or settings.server.port
    click.echo(f"Second Pass opens on http://{'localhost' if address == '127.0.0.1' else address}:{number}")
    os.execv(sys.executable, [sys.executable, "-m", "app.server", address, str(number)])


def add_samples_once(settings: Settings) -> None:
    """Ingest the shipped sample documents into a new library, with a progress bar; never a second time."""
    marker = settings.library.home / _MARKER
    if marker.exists() or not SAMPLES.is_dir():
        return
    from tqdm import tqdm

    from app.wiring import open_application
    from ingest.read.registry import files_under

    application = open_application(settings)
    try:
        files = [path for path in files_under([SAMPLES]) if path.suffix == ".pdf"]
        click.echo("First start: adding the sample documents")
        bar = tqdm(total=len(files), unit="file")
        for result in application.library.ingest_files(files, collection=SAMPLES_COLLECTION):
            bar.write(result.line(), file=sys.stderr)
            bar.update()
        bar.close()
    finally:
        application.close()
    marker.touch()


def serve_api(host: str | None, port: int | None) -> None:
    """The HTTP API: /v1/rerank in Cohere's format and /v1/chat/completions in OpenAI's."""
    import uvicorn

    from app.api import make_api
    from app.wiring import open_application

    settings = read_settings()
    application = open_application(settings, background=True)
    try:
        uvicorn.run(
            make_api(application),
            host=host or settings.server.host,
            port=port or settings.server.port,
            log_level="warning",
        )
    finally:
        application.close()
