"""What commands share: the open application, and JSON on standard output."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ingest.questions import well_formed

if TYPE_CHECKING:
    from app.application import Application

# Controls but tab and newline, unless they begin "bold", "yellow" or "as before"; direction; line separators.
_COMMANDS = re.compile("(?!\x1b\\[(?:0|1|33)m)[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NOT_PRINTED = re.compile(f"{_COMMANDS.pattern}|[\ud800-\udfff]")
SOME_FAILED = 3  # the exit code of a command that did what it could
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@contextmanager
def open_application(*, wait: bool = True, **overrides: Any) -> Iterator[Application]:
    """The application of the settings, closed at the end. wait: its indexes are made whole first."""
    from app import wiring
    from app.settings import read_settings

    application = wiring.open_application(read_settings(**overrides))
    try:
        if wait and application.library.report.left:  # pages answer meanwhile; a command answers once
            say(f"{application.library.report.text()} This may take a while.", error=True)
            application.library.make_whole()
        elif wait and application.library.report.notice:
            say(application.library.report.notice, error=True)
        yield application
    finally:
        application.close()


def print_json(value: object) -> None:
    """One JSON value on one line; what `say` would leave out is escaped, so that the value stays what it is."""
    text = json.dumps(value, ensure_ascii=False)
    say(_NOT_PRINTED.sub(lambda one: f"\\u{ord(one[0]):04x}", text))


def say(text: str, *, end: str = "\n", error: bool = False) -> None:
    """Print at once, because another process may be reading along, and nothing that moves the cursor or hides text.

    Names and passages come from files, which may hold a terminal's own commands.
    """
    click.echo(printable(text) + end, nl=False, err=error)
    (sys.stderr if error else sys.stdout).flush()


def printable(text: str) -> str:
    """The text without control and direction characters, but for line ends, tabs and the two styles that we use."""
    return well_formed(_COMMANDS.sub("", text))
