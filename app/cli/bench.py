"""`second-pass bench`: the proof."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    pass
from app.cli.session import FOLDER, say


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
    from app.bench.speed import run_bench
    from app.serving import SAMPLES
    from ingest.read.registry import files_under
    from rag.measure.goldens import read_goldens

    report = run_bench(
        [path for path in files_under([files or SAMPLES]) if path.suffix == ".pdf"],
        [golden.question for golden in read_goldens(questions or SAMPLES / "golden.jsonl")],
        peer=peer,
        home=home,
        say=(lambda line: None) if as_json else say,
    )
    say(json.dumps(report.to_json()) if as_json else report.table())


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

    from app.bench.feedback import CROWDS, MARKS, fusion_learner, precise_learner, simulate
    from app.evaluation import beir_library
    from app.learning import REPLAY, shipped_fusion
    from app.model_family import MODELS, family_in_use
    from rag.learn.calibration import collect
    from rag.learn.listnet import fit_fusion
    from rag.learn.signal_lists import read_signal_lists
    from rag.learn.taught_model import BuiltinTeacher
    from rag.learn.train_cross_encoder import read_lists

    report = (lambda line: None) if as_json else say

    def progress(done: int, total: int) -> None:
        if done % 100 == 0:
            report(f"{done} of {total} questions asked")

    with beir_library(beir) as (application, goldens):
        order = np.random.default_rng(2026).permutation(len(goldens))[:limit]
        asked = collect([goldens[i] for i in order.tolist()], application.engine.retrieve, progress)
        family = family_in_use(application.settings)
    shipped, fusion = read_signal_lists(family.goldens), shipped_fusion(family)
    with tempfile.TemporaryDirectory() as folder:
        learner = fusion_learner(fusion, shipped=shipped, fit=fit_fusion)
        if precise:
            learner = precise_learner(
                fusion,
                shipped=shipped,
                teacher=BuiltinTeacher(MODELS / "precise", read_lists(REPLAY), say=report),
                fit=fit_fusion,
                folder=Path(folder),
                fewer=learner,
                say=report,
            )
        found = simulate(
            asked,
            fusion,
            learner,
            marks=marks or MARKS,
            crowds=crowds or CROWDS,
            seeds=seeds,
            say=report,
        )
    say(json.dumps(found.to_json()) if as_json else found.table())
    if not precise:
        say("Only the weights learned. --precise teaches the cross-encoder as well: about 7 minutes for each seed.")
