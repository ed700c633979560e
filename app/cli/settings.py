"""`second-pass settings`: what is in use, and every setting that there is."""

from __future__ import annotations

import click


@click.command()
@click.option("--markdown", is_flag=True, help="Every setting with its default and what it accepts, for the docs.")
def settings(markdown: bool) -> None:
    """Print every setting as it is now; keys are never shown."""
    from app.configuration import configuration, in_use
    from app.settings import read_settings

    click.echo(configuration() if markdown else in_use(read_settings()), nl=not markdown)
