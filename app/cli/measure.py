"""`second-pass eval` and `verdict`: how good is the order?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rag.measure.answer_measures import AnswerComparison, AnswerReport
    from rag.measure.report import Report, SideBySide
from app.cli.session import open_application, print_json, say


@click.command("eval")
@click.argument("golden", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--beir", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A BEIR folder instead.")
@click.option("--collection", multiple=True, help="Search only these collections.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="Only the first N questions.")
@click.option("--compare", nargs=2, default=None, help='Two configurations, e.g. "precise=none" "precise=builtin".')
@click.option("--answers", is_flag=True, help="Measure the answers and refusals instead of the orders.")
@click.option(
    "--unanswerable",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='With --answers: JSONL of {"question"} that the documents do not answer.',
)
@click.option("--json", "as_json", is_flag=True)
def evaluate(
    golden: Path | None,
    beir: Path | None,
    collection: tuple[str, ...],
    limit: int | None,
    compare: tuple[str, str] | None,
    answers: bool,
    unanswerable: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Measure every stage on a golden set: recall@k, precision@k, MRR, nDCG@10, MAP@10; or the answers."""
    from tqdm import tqdm

    from app.evaluation import run_answer_comparison, run_answer_evaluation, run_comparison, run_evaluation

    if bool(golden) == bool(beir):
        raise click.UsageError("Give one GOLDEN.jsonl, or a folder with --beir.")
    if unanswerable and not answers:
        raise click.UsageError("--unanswerable goes with --answers.")
    with tqdm(unit="question", disable=as_json or None, file=sys.stderr, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        questions: dict[str, Any] = {"golden": golden, "beir": beir, "collections": collection, "limit": limit}
        if answers:
            questions["unanswerable"] = unanswerable
        result: Report | SideBySide | AnswerReport | AnswerComparison
        if compare:
            run = run_answer_comparison if answers else run_comparison
            result = run(compare, **questions, progress=progress)
        else:
            result = (run_answer_evaluation if answers else run_evaluation)(**questions, progress=progress)
    if as_json:
        print_json(result.to_json())
    else:
        say(result.table())


@click.command()
@click.argument("golden", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--moved", is_flag=True, help="Ask the marked questions again: which marked pages stand elsewhere now?")
@click.option("--json", "as_json", is_flag=True)
def verdict(golden: Path | None, moved: bool, as_json: bool) -> None:
    """Does each stage earn its milliseconds? Said on the questions that you marked and on those of GOLDEN.jsonl, which
    are asked for it; or not said."""
    from dataclasses import asdict

    from app.evaluation import moved_since_marked, verdicts_on
    from app.show.verdict import NOTHING_MOVED, moved_lines
    from rag.measure.goldens import read_goldens
    from rag.measure.verdict import verdict_without_marks

    if moved:
        with open_application() as application:
            changes = moved_since_marked(application)
        if as_json:
            print_json([asdict(one) for one in changes])
        else:
            rows = moved_lines(changes)
            lines = [f"{row['then']} → {row['now']}  {row['marked page']}: {row['question']}" for row in rows]
            say("\n".join(lines) or NOTHING_MOVED)
        return
    with open_application() as application:
        overall, stages = verdicts_on(application, read_goldens(golden) if golden else ())
    given = [one for one in (overall, *stages) if one]
    if as_json:
        print_json([asdict(one) for one in given])
    else:
        say("\n".join(one.sentence for one in given) or verdict_without_marks())
