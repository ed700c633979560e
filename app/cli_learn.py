"""`second-pass train`, `feedback`, `versions` and `bench`: what learns, what it learned from, and the proof."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ingest.journal import SqlJournal

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()  # another process may be reading along


@contextmanager
def _journal() -> Iterator[SqlJournal]:
    """The journal alone: works beside an open app."""
    from app.settings import read_settings
    from ingest.database import open_database
    from ingest.errors import SecondPassError
    from ingest.journal import SqlJournal

    home = read_settings().home
    if not (home / "library.sqlite3").is_file():
        raise SecondPassError(f"{home} holds no library. Choose the data directory with SECOND_PASS_HOME.")
    database = open_database(home)
    try:
        yield SqlJournal(database)
    finally:
        database.dispose()


@click.group(invoke_without_command=True)
@click.option("--from-feedback", is_flag=True, help="Learn from your thumbs and marks; used only if better.")
@click.pass_context
def train(context: click.Context, from_feedback: bool) -> None:
    """Learn from feedback, or make the built-in models anew."""
    if context.invoked_subcommand:
        return
    if not from_feedback:
        raise click.UsageError("Say what to learn from: --from-feedback, or one of: fast, precise, calibration.")
    import os

    from app.learning import learn_from_feedback
    from app.settings import read_settings

    os.nice(10)  # questions go first
    for version in learn_from_feedback(read_settings(), say=_say):
        _say(f"{version.id}: {version.state.value} ({version.reason})")


@train.command("fast")
@click.argument("training_dir", type=FOLDER)
@click.argument("out_dir", type=click.Path(path_type=Path))
def train_fast(training_dir: Path, out_dir: Path) -> None:
    """Fit the late-interaction projection on the texts of TRAINING_DIR."""
    from tqdm import tqdm

    from rag.learn import train_fast as run

    with tqdm(unit="text") as bar:

        def progress(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        run(training_dir, out_dir, progress=progress)
    _say(f"written to {out_dir}")


@train.command("precise")
@click.argument("training_dir", type=FOLDER)
@click.argument("out_dir", type=click.Path(path_type=Path))
@click.option("--lists", type=click.Path(exists=True, path_type=Path), help="More lists (data.make_training).")
@click.option("--start", type=FOLDER, help="Go on from this model instead of the embedding model's trunk.")
@click.option("--threads", default=2, show_default=True)
def train_precise(training_dir: Path, out_dir: Path, lists: Path | None, start: Path | None, threads: int) -> None:
    """Train the cross-encoder from the pairs of TRAINING_DIR; with --start only the last stage is run."""
    from app.learning import MODELS
    from rag.learn import FOURTH_STAGE, read_lists
    from rag.learn import train_precise as run

    extra = read_lists(lists) if lists else []
    stages = {"stages": (FOURTH_STAGE,), "start": start} if start else {}
    run(
        training_dir,
        out_dir,
        extra_lists=extra,
        teacher_dir=MODELS / "fast",
        threads=threads,
        progress=lambda now: _say(
            f"step {now.step} of {now.steps}, loss {now.loss:.3f}, {now.pairs_per_second:.0f} pairs/s"
        ),
        **stages,  # type: ignore[arg-type]
    )
    _say(f"written to {out_dir}")


@train.command("calibration")
@click.argument("training_dir", type=FOLDER)
@click.argument("out_file", type=click.Path(path_type=Path))
@click.option("--lists", type=click.Path(exists=True, path_type=Path), help="More lists (data.make_training).")
def train_calibration(training_dir: Path, out_file: Path, lists: Path | None) -> None:
    """Fit the probability that the evidence answers, on TRAINING_DIR and the samples."""
    from app.calibrating import fit_on_training_data
    from rag.learn import read_lists

    report = fit_on_training_data(training_dir, out_file, lists=read_lists(lists) if lists else [], say=_say)
    _say(json.dumps(report.to_json()))


@train.command("replay")
@click.argument("lists", type=click.Path(exists=True, path_type=Path))
@click.argument("out_file", type=click.Path(path_type=Path))
@click.option("--count", default=150, show_default=True)
def train_replay(lists: Path, out_file: Path, count: int) -> None:
    """Keep some of LISTS (data.make_training) with the precise model's scores: what marks must not make it forget."""
    from dataclasses import replace

    from app.learning import MODELS
    from rag.learn import read_lists, write_lists
    from rag.learn_precise import as_read
    from rag.promotion_precise import NEGATIVES
    from rag.teacher import BuiltinTeacher

    teacher = BuiltinTeacher(MODELS / "precise")
    kept = []
    for row in read_lists(lists)[:count]:
        short = replace(row, passages=row.passages[: NEGATIVES + 1], headers=row.headers[: NEGATIVES + 1])
        scores = teacher.score(teacher.shipped, row.question, as_read(short.headers, short.passages))
        kept.append(replace(short, teacher=tuple(round(value, 3) for value in scores.tolist())))
    write_lists(kept, out_file)
    _say(f"{len(kept)} lists written to {out_file}")


@train.command("goldens")
@click.argument("out_file", type=click.Path(path_type=Path))
def train_goldens(out_file: Path) -> None:
    """Write the shipped goldens as the stages see them now: what every promotion is checked against."""
    from app.calibrating import sample_library
    from rag.calibrate import collect
    from rag.promotion import signal_list, write_signal_lists

    with sample_library() as (application, goldens):
        asked = collect(goldens, application.engine.retrieve)
        lists = [found for golden, trace in asked if (found := signal_list(golden, trace, "precise"))]
    write_signal_lists(lists, out_file)
    _say(f"{len(lists)} of {len(goldens)} questions written to {out_file}")


@click.group()
def feedback() -> None:
    """Your thumbs and marks."""


@feedback.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
def feedback_export(file: Path | None, kind: str) -> None:
    """Write every judged question to FILE (default: standard output)."""
    from rag.feedback import export_csv, export_jsonl

    with _journal() as journal:
        text = (export_csv if kind == "csv" else export_jsonl)(journal.questions())
    if file is None:
        click.echo(text, nl=False)
        return
    # With its byte order mark Excel reads the CSV as UTF-8.
    file.write_text(text, encoding="utf-8-sig" if kind == "csv" else "utf-8", newline="")
    click.echo(f"{file} written")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def versions(context: click.Context, as_json: bool) -> None:
    """What was learned: every version with its scores and whether it is in use."""
    if context.invoked_subcommand:
        return
    from app.learning import version_lines

    with _journal() as journal:
        rows = version_lines(journal.list_versions())
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in [] if as_json else rows:
        click.echo(f"{row['version']}  {row['state']:<11} {row['marks']} marks  {row['reason']}")
    if not rows and not as_json:
        click.echo("Nothing was learned yet: the shipped weights are in use.")


@versions.command("rollback")
@click.argument("kind", type=click.Choice(["fusion", "precise"]), default="fusion")
def versions_rollback(kind: str) -> None:
    """Undo the last promotion."""
    with _journal() as journal:
        before = journal.current_version(kind)
        now = journal.rollback(kind, "undone from the command line")
    if before is None:
        click.echo(f"The shipped {kind} weights are in use; there is nothing to undo.")
    else:
        click.echo(f"{before.id} is undone; in use: {now.id if now else 'the shipped weights'}")


@click.group(invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """Time the product against a peer in the same run, or simulate feedback."""
    if context.invoked_subcommand is None:
        context.invoke(bench_speed)


@bench.command("speed")
@click.option("--files", type=click.Path(exists=True, path_type=Path), help="PDFs to add (default: the samples).")
@click.option("--questions", type=click.Path(exists=True, path_type=Path), help="Goldens (default: the samples').")
@click.option("--home", type=click.Path(path_type=Path), help="Measure the library in this data directory as it is.")
@click.option("--peer/--no-peer", default=True, help="Also run LangChain's pipeline with the same models.")
@click.option("--json", "as_json", is_flag=True)
def bench_speed(
    files: Path | None = None,
    questions: Path | None = None,
    home: Path | None = None,
    peer: bool = True,
    as_json: bool = False,
) -> None:
    """Reading, adding, asking, start and memory here, and the same questions in LangChain's pipeline."""
    from app.bench import run_bench
    from app.serving import SAMPLES
    from ingest.pipeline import files_under
    from rag.goldens import read_goldens

    report = run_bench(
        [path for path in files_under([files or SAMPLES]) if path.suffix == ".pdf"],
        [golden.question for golden in read_goldens(questions or SAMPLES / "golden.jsonl")],
        peer=peer,
        home=home,
        say=(lambda line: None) if as_json else _say,
    )
    click.echo(json.dumps(report.to_json()) if as_json else report.table())


@bench.command("feedback")
@click.option("--beir", type=FOLDER, required=True, help="A BEIR folder whose qrels the simulated people know.")
@click.option("--limit", default=600, show_default=True, help="Questions asked.")
@click.option("--seeds", default=5, show_default=True)
@click.option("--precise", is_flag=True, help="From 200 marks teach the cross-encoder (minutes for each seed).")
@click.option("--marks", multiple=True, type=int, help="Only these points of the curve (repeat).")
@click.option(
    "--crowd", "crowds", multiple=True, type=click.Choice(["honest", "random", "adversarial"]), help="Only these."
)
@click.option("--json", "as_json", is_flag=True)
def bench_feedback(
    beir: Path,
    limit: int,
    seeds: int,
    precise: bool,
    marks: tuple[int, ...],
    crowds: tuple[str, ...],
    as_json: bool,
) -> None:
    """Do thumbs make the next answer better? Learning curves on questions that nobody marked."""
    import numpy as np

    from app.bench_feedback import CROWDS, MARKS, fusion_learner, precise_learner, simulate
    from app.evaluation import beir_library
    from app.learning import GUARD, MODELS, REPLAY, shipped_fusion
    from rag.calibrate import collect
    from rag.learn import fit_fusion, read_lists
    from rag.promotion import read_signal_lists
    from rag.teacher import BuiltinTeacher

    say = (lambda line: None) if as_json else _say

    def progress(done: int, total: int) -> None:
        if done % 100 == 0:
            say(f"{done} of {total} questions asked")

    with beir_library(beir) as (application, goldens):
        order = np.random.default_rng(2026).permutation(len(goldens))[:limit]
        asked = collect([goldens[i] for i in order.tolist()], application.engine.retrieve, progress)
    shipped = read_signal_lists(GUARD)
    with tempfile.TemporaryDirectory() as folder:
        learner = fusion_learner(shipped_fusion(), shipped=shipped, fit=fit_fusion)
        if precise:
            learner = precise_learner(
                shipped_fusion(),
                shipped=shipped,
                teacher=BuiltinTeacher(MODELS / "precise", read_lists(REPLAY), say=say),
                fit=fit_fusion,
                folder=Path(folder),
                fewer=learner,
                say=say,
            )
        found = simulate(
            asked,
            shipped_fusion(),
            learner,
            marks=marks or MARKS,
            crowds=crowds or CROWDS,
            seeds=seeds,
            say=say,
        )
    click.echo(json.dumps(found.to_json()) if as_json else found.table())
    if not precise:
        say("Only the weights learned. --precise teaches the cross-encoder as well: about 7 minutes for each seed.")


COMMANDS = (train, feedback, versions, bench)
