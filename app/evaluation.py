"""Measure the question path on goldens: the library's own pages, or a BEIR folder indexed beside the library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.setting_fields import settings_of_group
from ingest.errors import GoldensUnreadable, SettingsError

if TYPE_CHECKING:
    from app.application import Application
    from rag.engine import Options
    from rag.learn.moved_marks import Moved
    from rag.measure.answer_measures import AnswerComparison, AnswerReport
    from rag.measure.goldens import Golden
    from rag.measure.report import Report, SideBySide
    from rag.measure.verdict import Verdict

Progress = Callable[[int, int], object]

BESIDE = "evaluations"  # folder of the data directory where corpora of evaluations are indexed


def run_evaluation(
    *,
    golden: Path | None = None,
    beir: Path | None = None,
    collections: Sequence[str] = (),
    limit: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Every stage, measured with the configuration as it is. Exactly one of `golden` and `beir` is given."""
    with _asked(golden, beir, limit) as (application, goldens):
        return evaluated(application, goldens, collections=collections, progress=progress)


def run_comparison(
    configurations: tuple[str, str],
    *,
    golden: Path | None = None,
    beir: Path | None = None,
    collections: Sequence[str] = (),
    limit: int | None = None,
    progress: Progress | None = None,
) -> SideBySide:
    """Two configurations on the same questions. A configuration is "name=value", several separated by commas."""
    from rag.measure.evaluate import compare

    with _asked(golden, beir, limit) as (application, goldens):
        options = [changed_options(application.engine.options, text) for text in configurations]
        before, after = (
            evaluated(application, goldens, options=one, collections=collections, progress=progress) for one in options
        )
        return compare(before, after, configurations)


def run_answer_evaluation(
    *,
    golden: Path | None = None,
    beir: Path | None = None,
    unanswerable: Sequence[Path] = (),
    collections: Sequence[str] = (),
    limit: int | None = None,
    progress: Progress | None = None,
) -> AnswerReport:
    """Every answer, measured with the configuration as it is. unanswerable: files of questions that the same documents
    do not answer; each is a kind of its own in the report, called by the file's name."""
    with _asked(golden, beir, limit) as (application, goldens):
        asked = [*_answerable(goldens), *_unanswerable(unanswerable, limit)]
        return answers_measured(application, asked, collections=collections, progress=progress)


def run_answer_comparison(
    configurations: tuple[str, str],
    *,
    golden: Path | None = None,
    beir: Path | None = None,
    unanswerable: Sequence[Path] = (),
    collections: Sequence[str] = (),
    limit: int | None = None,
    progress: Progress | None = None,
) -> AnswerComparison:
    """The answers of two configurations (see `run_comparison`) to the same questions."""
    from rag.measure.answer_measures import compare_answers

    with _asked(golden, beir, limit) as (application, goldens):
        asked = [*_answerable(goldens), *_unanswerable(unanswerable, limit)]
        before, after = (
            answers_measured(
                application,
                asked,
                options=changed_options(application.engine.options, text),
                collections=collections,
                progress=progress,
            )
            for text in configurations
        )
        return compare_answers(before, after, configurations)


def answers_measured(
    application: Application,
    asked: Sequence[tuple[Golden, str]],
    *,
    options: Options | None = None,
    collections: Sequence[str] = (),
    progress: Progress | None = None,
) -> AnswerReport:
    """The report on goldens, each with its kind ("" for an answerable one). Nothing is put on record."""
    from rag.measure.answer_measures import measure_answer, report_answers

    _check_documents(application, [golden for golden, kind in asked if not kind])
    chosen = options or application.engine.options
    rows = []
    for done, (golden, kind) in enumerate(asked, start=1):
        trace = application.engine.retrieve(golden.question, collections=collections, options=chosen)
        rows.append(measure_answer(golden, trace, application.engine.answer(trace, options=chosen), kind=kind))
        if progress:
            progress(done, len(asked))
    return report_answers(rows)


def _answerable(goldens: Sequence[Golden]) -> list[tuple[Golden, str]]:
    return [(golden, "") for golden in goldens]


def _unanswerable(files: Sequence[Path], limit: int | None) -> list[tuple[Golden, str]]:
    from rag.measure.goldens import read_unanswerable

    return [(golden, file.stem) for file in files for golden in read_unanswerable(file)[:limit]]


def evaluated(
    application: Application,
    goldens: Sequence[Golden],
    *,
    options: Options | None = None,
    collections: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """The report on goldens asked of an open library. Scores are computed anew, so that times are true.

    The models answer one question before the first that counts. Raises GoldensUnreadable where a golden names a file
    that the library does not hold: its evidence could not be found.
    """
    from rag.measure.evaluate import evaluate

    _check_documents(application, goldens)
    chosen = options or application.engine.options
    if options is None:  # a comparison of the cache's effect keeps what it names
        chosen = replace(chosen, score_cache=False)

    application.engine.retrieve("warm up", collections=collections, options=chosen)
    return evaluate(
        goldens,
        lambda question: application.engine.retrieve(question, collections=collections, options=chosen),
        progress,
    )


def _check_documents(application: Application, goldens: Sequence[Golden]) -> None:
    from rag.measure.goldens import missing_documents

    missing = missing_documents(goldens, (document.name for document in application.store.documents()))
    if missing:
        raise GoldensUnreadable(
            f"The library does not hold {', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''}, which the "
            "questions name. Add the files first (second-pass ingest), or leave those questions out."
        )


def changed_options(options: Options, text: str) -> Options:
    """Options with "name=value, name=value" changed; "none" and "null" unset what may be unset.

    The score cache is off unless named. Raises SettingsError with the names that there are.
    """
    known = {setting.name: setting for setting in settings_of_group("ranking", type(options))}
    values: dict[str, object] = {"score_cache": False}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name not in known:
            raise SettingsError(f'"{part}" is not "name=value" with one of: {", ".join(known)}.')
        try:
            values[name] = known[name].value_of(value)
        except SettingsError as error:
            raise SettingsError(f"{name}: {value!r} does not fit. {error}") from None
    return replace(options, **values)  # type: ignore[arg-type]


@contextmanager
def _asked(golden: Path | None, beir: Path | None, limit: int | None) -> Iterator[tuple[Application, list[Golden]]]:
    from app.settings import read_settings
    from app.wiring import open_application
    from rag.measure.goldens import read_goldens

    if beir:
        with beir_library(beir) as (application, found):
            yield application, found[:limit]
        return
    assert golden is not None
    goldens = list(read_goldens(golden))[:limit]
    application = open_application(read_settings())
    try:
        yield application, goldens
    finally:
        application.close()


@contextmanager
def beir_library(folder: Path) -> Iterator[tuple[Application, list[Golden]]]:
    """A BEIR folder as a library of its own, with its goldens by passage. Raises GoldensUnreadable."""
    from rag.measure.goldens import read_beir

    beir = read_beir(folder)
    with passages_library(folder.resolve().name, beir.passages) as (application, id_of):
        yield (
            application,
            [
                replace(one, chunks=tuple((id_of[key], grade) for key, grade in one.chunks if key in id_of))
                for one in beir.goldens
            ],
        )


@contextmanager
def passages_library(
    name: str, passages: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[Application, dict[str, str]]]:
    """Passages (id → title, text) as a library beside the person's; yields it with the chunk id of each passage id.

    It is kept in the data directory under `evaluations`, so that the same corpus is indexed once. Passages are ranked
    as they are: not split, with their title as the section. Raises GoldensUnreadable.
    """
    from app.settings import changed, read_settings
    from app.wiring import open_application
    from ingest.read.passages import SUFFIX

    corpus = "".join(json.dumps({"title": title, "text": text}) + "\n" for title, text in passages.values()).encode()
    settings = read_settings()
    home = settings.library.home / BESIDE / hashlib.sha256(corpus).hexdigest()[:16]
    application = open_application(changed(settings, home=home))
    try:
        added = application.library.add(corpus, f"{name}{SUFFIX}")
        document = application.library.wait_for(added.document.id)
        if document is None or document.status != "ready":
            raise GoldensUnreadable(f"{name} could not be indexed: {document.reason if document else 'deleted'}")
        chunk_ids = [chunk.id for chunk in application.store.document_chunks(document.id)]
        yield application, dict(zip(passages, chunk_ids, strict=True))
    finally:
        application.close()


def verdicts_on(
    application: Application, goldens: Sequence[Golden] = (), progress: Progress = lambda done, total: None
) -> tuple[Verdict | None, tuple[Verdict, ...]]:
    """Do the rerankers together, and each stage, earn their milliseconds on the person's marked questions, and on
    `goldens`, which are asked for it?

    None for all together where no such question went through all of them. Raises GoldensUnreadable where a golden
    names a file that the library does not hold.
    """
    from rag.learn.calibration import collect
    from rag.learn.judged import journal_judged, with_evidence
    from rag.measure.verdict import overall_verdict, verdicts

    _check_documents(application, goldens)
    options = replace(application.engine.options, score_cache=False)  # so that times are true
    asked = collect(goldens, lambda question: application.engine.retrieve(question, options=options), progress)
    judged = [*asked, *with_evidence(journal_judged(application.journal))]
    return overall_verdict(judged), verdicts(judged)


def moved_since_marked(application: Application, progress: Progress = lambda done, total: None) -> list[Moved]:
    """The marked pages that stand elsewhere now than when they were marked. Every marked question is asked again, in
    the collections and documents that it was asked in."""
    from rag.engine import retrieve_again
    from rag.learn.judged import journal_judged
    from rag.learn.moved_marks import moved

    count = sum(bool(row.positives) for row in journal_judged(application.journal))
    return moved(
        journal_judged(application.journal),
        lambda before: retrieve_again(application.engine, before),
        lambda done: progress(done, count),
    )
