"""`second-pass`: the product from the command line. Names, exit codes and JSON here are a contract.

Heavy packages load inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import os
from typing import Any

import click

from app.cli.ask import ask, retrieve
from app.cli.bench import bench
from app.cli.learn import feedback, train, versions
from app.cli.library import backup, doctor, ingest, restore
from app.cli.measure import evaluate, verdict
from app.cli.serve import serve
from app.cli.session import printable
from app.cli.settings import settings
from app.process import keep_files_private
from ingest.errors import SecondPassError

# Before torch is loaded: its idle threads otherwise spin, and slow every other thread of the process.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class _Plainly(click.Group):
    """Errors that the product raises on purpose end a command with their sentence and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SecondPassError as error:
            raise click.ClickException(printable(str(error))) from None


@click.group(cls=_Plainly)
@click.version_option(package_name="second-pass")
def main() -> None:
    """Ask your own PDFs, and see why each passage made the cut."""
    keep_files_private()


for _command in (
    *(ingest, retrieve, ask, evaluate, verdict, serve, doctor, backup, restore, settings),
    *(train, feedback, versions, bench),
):
    main.add_command(_command)
