"""`second-pass`: the product from the command line. Names, exit codes and JSON here are a contract.

Heavy packages load inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli_learn import COMMANDS
from ingest.errors import SecondPassError

if TYPE_CHECKING:
    from app.wiring import Application
    from rag.engine import Options
    from rag.evaluate import Report, SideBySide

SOME_FAILED = 3

# Before torch is loaded: its idle threads otherwise spin, and slow every other thread of the process.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class _Plainly(click.Group):
    """Errors that the product raises on purpose end a command with their sentence and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SecondPassError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Plainly)
@click.version_option(package_name="second-pass")
def main() -> None:
    """Ask your own PDFs, and see why each passage made the cut."""


@contextmanager
def _application(*, wait: bool = True, **overrides: Any) -> Iterator[Application]:
    from app.settings import read_settings
    from app.wiring import build

    application = build(read_settings(**overrides))
    try:
        if wait and application.library.report.left:  # pages answer meanwhile; a command answers once
            click.echo(f"{application.library.report.text()} This may take a while.", err=True)
            application.library.check(repair=True)
        yield application
    finally:
        application.close()


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--collection", default=None, help="Collection to add to (default: the `collection` setting).")
@click.option("--replace", is_flag=True, help="A file of the same name takes the old one's place once it is ready.")
@click.option("--passwords", type=click.Path(exists=True, path_type=Path), help='JSON: {"file name": "password"}.')
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def ingest(
    paths: tuple[Path, ...], collection: str | None, replace: bool, passwords: Path | None, as_json: bool
) -> None:
    """Add files, and the PDF, text and Markdown files in folders."""
    from tqdm import tqdm

    from ingest.pipeline import files_under

    known = json.loads(passwords.read_text(encoding="utf-8")) if passwords else {}
    files = files_under(paths)
    failed = 0
    counts = {"new": 0, "updated": 0, "unchanged": 0, "failed": 0}
    with _application() as application:
        bar = tqdm(total=len(files), unit="file", disable=as_json or None, file=sys.stderr)
        for result in application.library.ingest_files(
            files, collection=collection or application.settings.collection, replace=replace, passwords=known
        ):
            failed += result.status != "ready"
            counts[result.change] += 1
            bar.update()
            if as_json:
                _print_json(result.to_json())
            else:
                bar.write(result.line(), file=sys.stdout)
        bar.close()
    if not as_json:
        click.echo(", ".join(f"{count} {word}" for word, count in counts.items()))
    if failed:
        sys.exit(SOME_FAILED)


def _retrieval_options(function: Any) -> Any:
    for option in reversed(
        [
            click.option("--collection", multiple=True, help="Search only these collections."),
            click.option("--fast", default=None, help="Reranker of the fast stage."),
            click.option("--precise", default=None, help="Reranker of the precise stage."),
            click.option("--no-cache", is_flag=True, help="Score every pair anew (where times are measured)."),
            click.option("--json", "as_json", is_flag=True, help="JSON instead of a table."),
        ]
    ):
        function = option(function)
    return function


def _options(application: Application, fast: str | None, precise: str | None, no_cache: bool) -> Options:
    changed: dict[str, Any] = {name: value for name, value in (("fast", fast), ("precise", precise)) if value}
    if no_cache:
        changed["score_cache"] = False
    return replace(application.engine.options, **changed)


@main.command()
@click.argument("question", required=False)
@click.option("--questions", type=click.Path(exists=True, path_type=Path), help='JSONL of {"id", "question"}.')
@_retrieval_options
def retrieve(
    question: str | None,
    questions: Path | None,
    collection: tuple[str, ...],
    fast: str | None,
    precise: str | None,
    no_cache: bool,
    as_json: bool,
) -> None:
    """Find and rank passages; every stage's order is shown."""
    from rag.tracing import trace_to_json

    if bool(question) == bool(questions):
        raise click.UsageError("Give one QUESTION, or a file with --questions.")
    with _application() as application:
        options = _options(application, fast, precise, no_cache)
        asked: Iterable[dict[str, Any]] = _rows(questions) if questions else [{"id": None, "question": question}]
        for row in asked:
            trace = application.engine.retrieve(row["question"], collections=collection, options=options)
            if as_json:
                _print_json({"id": row.get("id"), **trace_to_json(trace)})
            else:
                _show_trace(trace)


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    row = json.loads(line)
                    row["question"]
                except (ValueError, KeyError, TypeError) as error:
                    raise click.ClickException(f"{path}, line {number}: not a question in JSON ({error!r})") from None
                yield row


def _show_trace(trace: Any) -> None:
    click.echo(click.style(trace.searched, bold=True))
    for warning in trace.warnings:
        click.echo(click.style(warning, fg="yellow"))
    for rank, candidate in enumerate(trace.evidence, start=1):
        before = candidate.mark("hybrid")
        was = f"was {before.rank}" if before else "new"
        click.echo(f"{rank:>2}. ({was:>7}) {candidate.chunk.document_name} p.{candidate.chunk.page}")
        click.echo("      " + " ".join(candidate.chunk.text.split())[:160])
    for step in trace.steps:
        click.echo(f"    {step.name:<8}{step.ms:>8.1f} ms  {len(step.ranking):>4} passages  {step.note}")


@main.command()
@click.argument("question")
@_retrieval_options
def ask(
    question: str, collection: tuple[str, ...], fast: str | None, precise: str | None, no_cache: bool, as_json: bool
) -> None:
    """Answer a question with citations."""
    from dataclasses import asdict

    from app.words import explain_outcome
    from rag.tracing import trace_to_json

    with _application() as application:
        options = _options(application, fast, precise, no_cache)
        stream = application.engine.ask(question, collections=collection, options=options)
        for piece in stream:
            if not as_json:
                click.echo(piece, nl=False)
        answer, trace = stream.answer, stream.trace
    if as_json:
        _print_json(
            {
                **trace_to_json(trace),
                "answer": answer.text,
                "citations": [asdict(citation) for citation in answer.citations],
                "generator": answer.generator,
                "outcome": answer.outcome.value,
                "confidence": answer.confidence,
                "message": answer.message,
                "removed_citations": answer.removed_citations,
            }
        )
        return
    click.echo()
    if answer.outcome.value != "answered":
        click.echo(explain_outcome(answer.outcome).sentence)
    for citation in answer.citations:
        click.echo(f"  [{citation.number}] {citation.document}, page {citation.page}")


@main.command("eval")
@click.argument("golden", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--beir", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A BEIR folder instead.")
@click.option("--collection", multiple=True, help="Search only these collections.")
@click.option("--limit", type=int, default=None, help="Only the first N questions.")
@click.option("--compare", nargs=2, default=None, help='Two configurations, e.g. "precise=none" "precise=builtin".')
@click.option("--json", "as_json", is_flag=True)
def evaluate(
    golden: Path | None,
    beir: Path | None,
    collection: tuple[str, ...],
    limit: int | None,
    compare: tuple[str, str] | None,
    as_json: bool,
) -> None:
    """Measure every stage on a golden set: recall@k, precision@k, MRR, nDCG@10, MAP@10, with intervals."""
    from tqdm import tqdm

    from app.evaluation import run_comparison, run_evaluation

    if bool(golden) == bool(beir):
        raise click.UsageError("Give one GOLDEN.jsonl, or a folder with --beir.")
    with tqdm(unit="question", disable=as_json or None, file=sys.stderr, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        result: Report | SideBySide
        if compare:
            result = run_comparison(
                compare, golden=golden, beir=beir, collections=collection, limit=limit, progress=progress
            )
        else:
            result = run_evaluation(golden=golden, beir=beir, collections=collection, limit=limit, progress=progress)
    if as_json:
        _print_json(result.to_json())
    else:
        click.echo(result.table())


@main.command()
@click.option("--moved", is_flag=True, help="Ask the marked questions again: which marked pages stand elsewhere now?")
@click.option("--json", "as_json", is_flag=True)
def verdict(moved: bool, as_json: bool) -> None:
    """Does each stage earn its milliseconds? Said on the questions that you marked, or not said."""
    from dataclasses import asdict

    from app.evaluation import moved_since_marked, verdicts_on_marks
    from app.show.verdict import NOTHING_MOVED, moved_lines
    from rag.verdict import verdict_without_marks

    if moved:
        with _application() as application:
            changes = moved_since_marked(application)
        if as_json:
            _print_json([asdict(one) for one in changes])
        else:
            rows = moved_lines(changes)
            lines = [f"{row['then']} → {row['now']}  {row['marked page']}: {row['question']}" for row in rows]
            click.echo("\n".join(lines) or NOTHING_MOVED)
        return
    with _application() as application:
        overall, stages = verdicts_on_marks(application)
    found = [one for one in (overall, *stages) if one]
    if as_json:
        _print_json([asdict(one) for one in found])
    else:
        click.echo("\n".join(one.sentence for one in found) or verdict_without_marks())


@main.command()
@click.option("--host", default=None, help="Address to bind to (default: loopback only).")
@click.option("--port", default=None, type=int)
@click.option("--api", is_flag=True, help="The HTTP API (/v1/rerank, /v1/chat/completions) instead of the pages.")
def serve(host: str | None, port: int | None, api: bool) -> None:
    """Open the app; on the first start the sample documents are added."""
    from app.serving import serve_api, serve_pages

    (serve_api if api else serve_pages)(host, port)


@main.command()
@click.option("--repair", is_flag=True, help="Rebuild what differs from the database.")
@click.option("--json", "as_json", is_flag=True)
def doctor(repair: bool, as_json: bool) -> None:
    """Check every store against the database."""
    with _application(wait=False) as application:
        found = application.library.report.findings  # what opening the library saw, and began to mend
        report = application.library.check(repair=repair)
    report = replace(report, findings=(*found, *report.findings))
    if as_json:
        _print_json(report.to_json())
    else:
        click.echo(report.text())
    if not report.healthy:
        sys.exit(SOME_FAILED)


@main.command()
@click.argument("archive", type=click.Path(path_type=Path))
def backup(archive: Path) -> None:
    """Write the whole data directory to one .tar.gz file."""
    from app.backup import write_backup
    from app.settings import read_settings

    click.echo(f"{write_backup(read_settings().home, archive)} files saved to {archive}")


@main.command()
@click.argument("archive", type=click.Path(exists=True, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a data directory that is not empty (it is kept aside).")
def restore(archive: Path, force: bool) -> None:
    """Bring a data directory back from a backup."""
    from app.backup import read_backup
    from app.settings import read_settings

    home = read_settings().home
    click.echo(f"{read_backup(archive, home, force=force)} files restored to {home}")
    with _application():
        click.echo("The indexes are rebuilt.")


for _command in COMMANDS:
    main.add_command(_command)


if __name__ == "__main__":
    main()
