"""What commands share: the open application, and JSON on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.application import Application

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@contextmanager
def open_application(*, wait: bool = True, **overrides: Any) -> Iterator[Application]:
    """The application of the settings, closed at the end. wait: its indexes are made whole first."""
    from app import wiring
    from app.settings import read_settings

    application = wiring.open_application(read_settings(**overrides))
    try:
        if wait and application.library.report.left:  # pages answer meanwhile; a command answers once
            click.echo(f"{application.library.report.text()} This may take a while.", err=True)
            application.library.make_whole()
        elif wait and application.library.report.notice:
            click.echo(application.library.report.notice, err=True)
        yield application
    finally:
        application.close()


def print_json(value: object) -> None:
    """One JSON value on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def say(line: str) -> None:
    """A line at once, because another process may be reading along."""
    click.echo(line)
    sys.stdout.flush()
