"""`second-pass retrieve` and `ask`: questions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.application import Application
    from rag.engine import Options
    from rag.tracing import Trace
from app.cli.session import SOME_FAILED, open_application, print_json, say
from app.safe_text import SafeStream, safe_line, safe_text
from ingest.errors import QuestionRefused

_QUESTIONS = click.Path(exists=True, dir_okay=False, path_type=Path)


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
    from rag.rerank.registry import family_of
    from rag.stages import FAST, PRECISE

    options = application.engine.options
    for name, reranker in ((FAST, fast), (PRECISE, precise)):
        if reranker:
            family_of(reranker)  # a misspelt name is an error here, not a stage that fails quietly
            options = options.with_stage(name, reranker=reranker)
    return replace(options, score_cache=False) if no_cache else options


@click.command()
@click.argument("question", required=False)
@click.option("--questions", type=_QUESTIONS, help='JSONL of {"id", "question"}.')
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
    """Find and rank passages; every stage's order is shown.

    A question of a file that cannot be searched is told and passed over; the exit code is then 3.
    """
    from rag.tracing import trace_to_json

    if bool(question) == bool(questions):
        raise click.UsageError("Give one QUESTION, or a file with --questions.")
    refused = 0
    with open_application() as application:
        options = _options(application, fast, precise, no_cache)
        asked: Iterable[dict[str, Any]] = _rows(questions) if questions else [{"id": None, "question": question}]
        for row in asked:
            try:
                trace = application.engine.retrieve(row["question"], collections=collection, options=options)
            except QuestionRefused as error:
                if not questions:
                    raise
                refused += 1  # the others are asked all the same
                if as_json:
                    print_json({"id": row.get("id"), "question": row["question"], "error": str(error)})
                else:
                    say(click.style(f"{row.get('id')}: {error}", fg="red"))
                continue
            if as_json:
                print_json({"id": row.get("id"), **trace_to_json(trace)})
            else:
                _show_trace(trace)
    if refused:
        sys.exit(SOME_FAILED)


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    row = json.loads(line)
                    if not isinstance(row["question"], str):
                        raise TypeError("the question is no text")
                except (ValueError, KeyError, TypeError, RecursionError) as error:
                    raise click.ClickException(f"{path}, line {number}: not a question in JSON ({error!r})") from None
                yield row


def _show_trace(trace: Trace) -> None:
    from rag.stages import HYBRID, Kind

    say(click.style(trace.searched, bold=True))
    for warning in trace.warnings:
        say(click.style(warning, fg="yellow"))
    for rank, candidate in enumerate(trace.evidence, start=1):
        before = candidate.mark(HYBRID)
        was = f"was {before.rank}" if before else "new"
        say(f"{rank:>2}. ({was:>7}) {safe_line(candidate.chunk.document_name)} p.{candidate.chunk.page}")
        say("      " + " ".join(candidate.chunk.text.split())[:160])
    for step in trace.steps:
        size = "" if step.kind is Kind.PREPARATION else f"{len(step.ranking)} passages"
        say(f"    {step.name:<16}{step.ms:>8.1f} ms  {size:>13}  {step.note}".rstrip())
    say(f"    {'in all':<16}{trace.total_ms:>8.1f} ms")


@click.command()
@click.argument("question")
@_retrieval_options
def ask(
    question: str, collection: tuple[str, ...], fast: str | None, precise: str | None, no_cache: bool, as_json: bool
) -> None:
    """Answer a question with citations."""
    from dataclasses import asdict

    from app.words import explain_outcome
    from rag.tracing import trace_to_json

    with open_application() as application:
        options = _options(application, fast, precise, no_cache)
        stream = application.engine.ask(question, collections=collection, options=options)
        with closing(stream):
            for piece in SafeStream(stream, markdown=False):
                if not as_json:
                    say(piece, end="")
        answer, trace = stream.answer, stream.trace
    if as_json:
        print_json(
            {
                **trace_to_json(trace),
                "answer": safe_text(answer.text),
                "citations": [asdict(citation) for citation in answer.citations],
                "generator": answer.generator,
                "outcome": answer.outcome.value,
                "confidence": answer.confidence,
                "message": answer.message,
                "removed_citations": answer.removed_citations,
            }
        )
        return
    say("")
    if answer.outcome.value != "answered":
        say(explain_outcome(answer.outcome).sentence)
    for citation in answer.citations:
        say(f"  [{citation.number}] {safe_line(citation.document)}, page {citation.page}")
