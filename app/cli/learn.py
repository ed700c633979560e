"""`second-pass train`, `feedback` and `versions`: what learns, and what it learned from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ingest.store.sql.store import SqlStore
from app.cli.session import FOLDER, print_json, say


@contextmanager
def _store() -> Iterator[SqlStore]:
    """What is in SQL alone: works beside an open app."""
    from app.settings import read_settings
    from ingest.errors import SecondPassError
    from ingest.store.sql.store import open_store

    home = read_settings().library.home
    if not (home / "library.sqlite3").is_file():
        raise SecondPassError(f"{home} holds no library. Choose the data directory with SECOND_PASS_HOME.")
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()


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
    for version in learn_from_feedback(read_settings(), say=say):
        say(f"{version.id}: {version.state.value} ({version.reason})")


@train.command("fast")
@click.argument("training_dir", type=FOLDER)
@click.argument("out_dir", type=click.Path(path_type=Path))
@click.option("--multilingual", is_flag=True, help="For multilingual-e5-small, in every language of TRAINING_DIR.")
def train_fast(training_dir: Path, out_dir: Path, multilingual: bool) -> None:
    """Fit the late-interaction projection on the texts of TRAINING_DIR."""
    from tqdm import tqdm

    from app.model_family import model_caches
    from app.settings import read_settings
    from rag.learn.train import train_fast as fit_english
    from rag.learn.train import train_fast_multilingual as fit_multilingual

    with tqdm(unit="text") as bar:

        def progress(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        if multilingual:
            from ingest.embed.e5_weights import SHA256, e5_folder

            base_model = e5_folder(model_caches(read_settings()))
            fit_multilingual(training_dir, base_model, out_dir, base_model_sha256=SHA256, progress=progress)
        else:
            fit_english(training_dir, out_dir, progress=progress)
    say(f"written to {out_dir}")


@train.command("precise")
@click.argument("training_dir", type=FOLDER)
@click.argument("out_dir", type=click.Path(path_type=Path))
@click.option("--lists", type=click.Path(exists=True, path_type=Path), help="More lists (data.make.training).")
@click.option("--start", type=FOLDER, help="Go on from this model instead of the embedding model's trunk.")
@click.option("--threads", default=2, show_default=True)
def train_precise(training_dir: Path, out_dir: Path, lists: Path | None, start: Path | None, threads: int) -> None:
    """Train the cross-encoder from the pairs of TRAINING_DIR; with --start only the last stage is run."""
    from app.model_family import MODELS
    from rag.learn.recipes import FOURTH_STAGE
    from rag.learn.train import train_precise as run
    from rag.learn.train_cross_encoder import read_lists

    extra = read_lists(lists) if lists else []
    stages = {"stages": (FOURTH_STAGE,), "start": start} if start else {}
    run(
        training_dir,
        out_dir,
        extra_lists=extra,
        teacher_dir=MODELS / "fast",
        threads=threads,
        progress=lambda now: say(
            f"step {now.step} of {now.steps}, loss {now.loss:.3f}, {now.pairs_per_second:.0f} pairs/s"
        ),
        **stages,  # type: ignore[arg-type]
    )
    say(f"written to {out_dir}")


@train.command("calibration")
@click.argument("training_dir", type=FOLDER)
@click.argument("out_file", type=click.Path(path_type=Path))
@click.option("--lists", type=click.Path(exists=True, path_type=Path), help="More lists (data.make.training).")
def train_calibration(training_dir: Path, out_file: Path, lists: Path | None) -> None:
    """Fit the probability that the evidence answers, on TRAINING_DIR and the samples."""
    from app.calibration import fit_on_training_data
    from rag.learn.train_cross_encoder import read_lists

    report = fit_on_training_data(training_dir, out_file, lists=read_lists(lists) if lists else [], say=say)
    say(json.dumps(report.to_json()))


@train.command("replay")
@click.argument("lists", type=click.Path(exists=True, path_type=Path))
@click.argument("out_file", type=click.Path(path_type=Path))
@click.option("--count", default=150, show_default=True)
def train_replay(lists: Path, out_file: Path, count: int) -> None:
    """Keep some of LISTS (data.make.training) with the precise model's scores: what marks must not make it forget."""
    from dataclasses import replace

    from app.model_family import MODELS
    from rag.learn.precise_model import NEGATIVES
    from rag.learn.taught_model import BuiltinTeacher
    from rag.learn.train_cross_encoder import as_read, read_lists, write_lists

    teacher = BuiltinTeacher(MODELS / "precise")
    kept = []
    for row in read_lists(lists)[:count]:
        short = replace(row, passages=row.passages[: NEGATIVES + 1], headers=row.headers[: NEGATIVES + 1])
        scores = teacher.score(teacher.shipped, row.question, as_read(short.headers, short.passages))
        kept.append(replace(short, teacher=tuple(round(value, 3) for value in scores.tolist())))
    write_lists(kept, out_file)
    say(f"{len(kept)} lists written to {out_file}")


@train.command("goldens")
@click.argument("out_file", type=click.Path(path_type=Path))
def train_goldens(out_file: Path) -> None:
    """Write the shipped goldens as the stages see them now: what every promotion is checked against."""
    from app.calibration import sample_library
    from rag.learn.calibration import collect
    from rag.learn.signal_lists import signal_list, write_signal_lists
    from rag.stages import PRECISE

    with sample_library() as (application, goldens):
        asked = collect(goldens, application.engine.retrieve)
        lists = [known for golden, trace in asked if (known := signal_list(golden, trace, PRECISE))]
    write_signal_lists(lists, out_file)
    say(f"{len(lists)} of {len(goldens)} questions written to {out_file}")


@click.group()
def feedback() -> None:
    """Your thumbs and marks."""


@feedback.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
def feedback_export(file: Path | None, kind: str) -> None:
    """Write every judged question to FILE (default: standard output)."""
    from rag.learn.export import export_csv, export_jsonl

    with _store() as store:
        text = (export_csv if kind == "csv" else export_jsonl)(store.journal.judged_with_traces())
    if file is None:
        say(text, end="")
        return
    # With its byte order mark Excel reads the CSV as UTF-8.
    try:
        file.write_text(text, encoding="utf-8-sig" if kind == "csv" else "utf-8", newline="")
    except OSError as error:
        raise click.ClickException(f"{file} could not be written ({error.strerror}).") from None
    say(f"{file} written")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def versions(context: click.Context, as_json: bool) -> None:
    """What was learned: every version with its scores and whether it is in use."""
    if context.invoked_subcommand:
        return
    from app.learning import version_lines

    with _store() as store:
        rows = version_lines(store.versions.list_versions())
    if as_json:
        print_json(rows)
    for row in [] if as_json else rows:
        say(f"{row['version']}  {row['state']:<11} {row['marks']} marks  {row['reason']}")
    if not rows and not as_json:
        say("Nothing was learned yet: the shipped weights are in use.")


@versions.command("rollback")
@click.argument("kind", type=click.Choice(["fusion", "precise"]), default="fusion")
def versions_rollback(kind: str) -> None:
    """Undo the last promotion."""
    with _store() as store:
        before = store.versions.current_version(kind)
        now = store.versions.rollback(kind, "undone from the command line")
    if before is None:
        say(f"The shipped {kind} weights are in use; there is nothing to undo.")
    else:
        say(f"{before.id} is undone; in use: {now.id if now else 'the shipped weights'}")
