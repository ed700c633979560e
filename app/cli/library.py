"""`second-pass ingest`, `doctor`, `backup` and `restore`: what is kept."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from app.cli.session import SOME_FAILED, open_application, print_json, printable, say


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--collection", default=None, help="Collection to add to (default: the `collection` setting).")
@click.option("--replace", is_flag=True, help="A file of the same name takes the old one's place once it is ready.")
@click.option(
    "--passwords",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON: {"file name": "password"}.',
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def ingest(
    paths: tuple[Path, ...], collection: str | None, replace: bool, passwords: Path | None, as_json: bool
) -> None:
    """Add files, and those of a known format in folders."""
    from tqdm import tqdm

    from ingest.read.registry import files_under

    known = _passwords(passwords) if passwords else {}
    files = files_under(paths)
    failed = 0
    counts = {"new": 0, "updated": 0, "unchanged": 0, "failed": 0}
    with open_application() as application:
        bar = tqdm(total=len(files), unit="file", disable=as_json or None, file=sys.stderr)
        for result in application.library.ingest_files(
            files, collection=collection or application.settings.library.collection, replace=replace, passwords=known
        ):
            failed += result.status != "ready"
            counts[result.change] += 1
            bar.update()
            if as_json:
                print_json(result.to_json())
            else:
                bar.write(printable(result.line()), file=sys.stdout)
        bar.close()
    if not as_json:
        say(", ".join(f"{count} {word}" for word, count in counts.items()))
    if failed:
        sys.exit(SOME_FAILED)


def _passwords(path: Path) -> dict[str, str]:
    """By file name. What is wrong with the file is said without quoting it."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        known = None
    if not isinstance(known, dict) or not all(isinstance(one, str) for one in known.values()):
        raise click.ClickException(f'{path}: expected one JSON object, {{"file name": "password"}}, in UTF-8.')
    return known


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild what differs from the database, and read what waits.")
@click.option("--adopt", is_flag=True, help="Add stored files that belong to no document to the library again.")
@click.option("--discard", is_flag=True, help="Remove stored files that belong to no document, for good.")
@click.option("--json", "as_json", is_flag=True)
def doctor(repair: bool, adopt: bool, discard: bool, as_json: bool) -> None:
    """Check every store against the database."""
    if adopt and discard:
        raise click.UsageError("Choose one of --adopt and --discard.")
    with open_application(wait=False) as application:
        library = application.library
        opening = library.report.findings  # what opening the library saw, and began to mend
        if adopt:
            say(f"{len(library.adopt())} files added to the library again.", error=True)
        if discard:
            say(f"{library.discard()} files removed.", error=True)
        report = library.check(repair=repair)
        if repair or adopt:
            library.finish()
            mended = report.findings
            report = library.check(repair=False)
            report = replace(report, findings=(*(one for one in mended if one.repaired), *report.findings))
    report = replace(report, findings=(*opening, *report.findings))
    if as_json:
        print_json(report.to_json())
    else:
        say(report.text())
    if not report.healthy:
        sys.exit(SOME_FAILED)


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Write nothing; read ARCHIVE through and say whether it is whole.")
def backup(archive: Path, verify: bool) -> None:
    """Write the library to one .tar.gz file, and read that back."""
    from app.backup import verify_backup, write_backup
    from app.settings import read_settings

    contents = verify_backup(archive) if verify else write_backup(read_settings().library.home, archive)
    say(f"{contents.files} files {'are whole in' if verify else 'saved to'} {archive}")
    if contents.missing:
        say(contents.note(), error=True)
        sys.exit(SOME_FAILED if verify else 0)


@click.command()
@click.argument("archive", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--force", is_flag=True, help="Replace what the data directory holds (kept in its folder before-restore-1)."
)
def restore(archive: Path, force: bool) -> None:
    """Bring a data directory back from a backup."""
    from app.backup import read_backup
    from app.settings import read_settings

    home = read_settings().library.home
    contents = read_backup(archive, home, force=force)
    say(f"{contents.files} files restored to {home}")
    if contents.missing:
        say(contents.note(), error=True)
    with open_application():
        say("The indexes are rebuilt.")
