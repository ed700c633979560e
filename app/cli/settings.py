"""`second-pass settings`: what is in use, and every setting that there is."""

from __future__ import annotations

import click

from app.cli.session import say


@click.command()
@click.option("--markdown", is_flag=True, help="Every setting with its default and what it accepts, for the docs.")
def settings(markdown: bool) -> None:
    """Print every setting as it is now; keys are never shown."""
    from app.configuration import configuration, in_use
    from app.settings import read_settings

    say(configuration() if markdown else in_use(read_settings()), end="" if markdown else "\n")
