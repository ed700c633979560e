"""Start the pages or the HTTP API, bound to loopback unless a setting says otherwise."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from app.guards import LOOPBACK
from app.settings import Settings, read_settings
from app.visitors import READ_BY_ALL, people_sign_in
from ingest.errors import SettingsError

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
SAMPLES_COLLECTION = "samples"
_MARKER = "samples-offered"  # so that samples which a person deleted do not come back


def serve_pages(host: str | None, port: int | None) -> None:
    """Add the samples on the first start, then become the Streamlit server (this call does not return)."""
    settings = read_settings()
    address, number = host or settings.server.host, port or settings.server.port
    if is_exposed(settings, address) and not sign_in_is_configured():
        click.echo(
            f"Others can reach {address}, and nobody is asked to sign in: all documents are open to them. See "
            "docs/sign-in.md; if only this machine reaches it, set SECOND_PASS_SERVER_EXPOSED=false.",
            err=True,
        )
    add_samples_once(settings)
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
    """The HTTP API: /v1/rerank in Cohere's format and /v1/chat/completions in OpenAI's.

    Raises SettingsError where it would be open to others, or beside sign-in, without a key.
    """
    import uvicorn

    from app.api import make_api
    from app.wiring import open_application

    settings = read_settings()
    address = host or settings.server.host
    if is_exposed(settings, address) and not settings.server.api_key:
        raise SettingsError(
            f"The HTTP API on {address} would answer anyone who can reach this machine. Set SECOND_PASS_API_KEY to a "
            "long random word; if only this machine reaches it, set SECOND_PASS_SERVER_EXPOSED=false."
        )
    application = open_application(settings, background=True)
    try:
        signed = sign_in_is_configured() or people_sign_in(application.library.collections())
        if signed and not settings.server.api_key:
            raise SettingsError(
                "People sign in to this library, so the HTTP API needs a key: set SECOND_PASS_API_KEY to a long "
                f"random word. It then reads the collections {' and '.join(READ_BY_ALL)}, and nobody's own."
            )
        uvicorn.run(
            make_api(application, bound=address, people_sign_in=signed),
            host=address,
            port=port or settings.server.port,
            log_level="warning",
        )
    finally:
        application.close()


def is_exposed(settings: Settings, address: str) -> bool:
    """Whether other machines reach a server that is bound to `address`."""
    return settings.server.exposed if settings.server.exposed is not None else address not in LOOPBACK


def sign_in_is_configured() -> bool:
    """Whether Streamlit's secrets.toml, where this process finds it, has an [auth] section."""
    from streamlit.runtime.secrets import secrets_singleton

    return secrets_singleton.load_if_toml_exists() and "auth" in secrets_singleton


def known_hosts(settings: Settings) -> tuple[str, ...]:
    """The names that the servers answer under beside loopback and their own address: the setting's, and the one that
    people come back to after they signed in."""
    from streamlit.runtime.secrets import secrets_singleton

    back = str(secrets_singleton["auth"].get("redirect_uri", "")) if sign_in_is_configured() else ""
    return (*settings.server.allowed_hosts, *filter(None, (urlsplit(back).hostname,)))
