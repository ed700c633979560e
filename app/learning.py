"""Feedback becomes new weights: learned beside the open app, used only when better, undone with one call.

Learning reads the database and writes a version into it; the app asks for the current version with every question, so
nothing is restarted. It runs in a process of its own, at low priority, with two threads.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.model_family import FAMILIES, MODELS, ModelFamily, family_in_use, open_embedder
from app.process import environment_of_child
from app.settings import Settings
from ingest.errors import SecondPassError
from ingest.store.names import is_plain_name

if TYPE_CHECKING:
    from ingest.store.sql.store import SqlStore
    from ingest.store.sql.versions import ModelVersion, SqlVersions
    from rag.fuse import LinearFusion
    from rag.learn.decide import Learned

REPLAY = MODELS / "replay.jsonl"  # invented lists with the shipped model's scores, which a taught model keeps
LEARNED = "models"  # folder of the data directory that holds precise models of one's own
PROGRESS = "learning.txt"
THREADS = 2

Say = Callable[[str], None]


@lru_cache(maxsize=2)
def shipped_fusion(family: ModelFamily = FAMILIES["english"]) -> LinearFusion:
    from rag.fuse import read_fusion

    return read_fusion(family.fusion)


def current_fusion(versions: SqlVersions, home: Path, family: ModelFamily = FAMILIES["english"]) -> LinearFusion:
    """The promoted weights, or the shipped ones where nothing was promoted with this family's signals.

    A taught precise model brings its own weights for the last stage, which hold until others are promoted after it.
    """
    from rag.fuse import LinearFusion
    from rag.stages import PRECISE

    version, taught = versions.current_version("fusion"), versions.current_version("precise")
    version = version if version and version.weights.get("family", "english") == family.name else None
    taught = taught if taught and taught.weights.get("family", "english") == family.name else None
    shipped = shipped_fusion(family)
    fusion = LinearFusion(weights=version.weights["weights"], version=version.id) if version else shipped
    if taught is None or current_precise(versions, home)[0] != taught.id or "weights" not in taught.weights:
        return fusion
    if version and version.created_at > taught.created_at:
        return fusion
    return LinearFusion(weights={**fusion.weights, PRECISE: taught.weights["weights"]}, version=taught.id)


def current_precise(versions: SqlVersions, home: Path) -> tuple[str, Path]:
    """(version, folder) of the precise model in use; a promoted one whose folder is gone gives way to the shipped.

    So does one whose folder lies elsewhere: the database may have come with a backup that somebody else wrote.
    """
    version = versions.current_version("precise")
    if version and is_plain_name(version.id):
        folder = home / LEARNED / version.id
        if folder.is_dir() and folder.resolve().is_relative_to(home.resolve()):
            return version.id, folder
    return "shipped", MODELS / "precise"


def learn_from_feedback(settings: Settings, *, say: Say, encode_questions: bool = True) -> list[ModelVersion]:
    """Learn fusion weights, then (from about 200 marks) the precise model; promote what is better on unseen questions.

    Every candidate becomes a version with its scores and the reason of its state. Raises SecondPassError where there
    is no library, or where another learning run is on its way.
    """
    from filelock import FileLock, Timeout

    from ingest.store.sql.store import open_store

    if not (settings.library.home / "library.sqlite3").is_file():
        raise SecondPassError(f"{settings.library.home} holds no library yet: ask and mark something first.")
    try:
        with FileLock(settings.library.home / "learning.lock", timeout=0):
            sql = open_store(settings.library.home)
            return _learn(settings, sql, say, _encoder(settings) if encode_questions else None)
    except Timeout:
        raise SecondPassError("Learning is on its way already; its progress stands on the Insights page.") from None


def _learn(
    settings: Settings, sql: SqlStore, say: Say, encode: Callable[[Sequence[str]], NDArray[np.float32]] | None
) -> list[ModelVersion]:
    from rag.learn.fusion_weights import learn_fusion
    from rag.learn.judged import journal_judged
    from rag.learn.listnet import fit_fusion
    from rag.learn.precise_model import PRECISE_MINIMUM_MARKS, learn_precise, rescored
    from rag.learn.signal_lists import read_signal_lists
    from rag.learn.taught_model import BuiltinTeacher
    from rag.learn.train_cross_encoder import read_lists
    from rag.stages import learning_stage

    judged = list(journal_judged(sql.journal))
    family = family_in_use(settings)
    shipped = read_signal_lists(family.goldens)
    if not shipped:
        raise SecondPassError(
            f"Nothing is learned with the {family.name} models yet: the shipped questions that would hold a candidate "
            f'are not there as these models see them. Make {family.goldens.name} with "second-pass train goldens".'
        )
    in_use, folder = current_precise(sql.versions, settings.library.home)
    for unfinished in (settings.library.home / LEARNED).glob("*.work"):  # of a run that was killed
        shutil.rmtree(unfinished, ignore_errors=True)
    teacher = BuiltinTeacher(MODELS / "precise", read_lists(REPLAY), threads=THREADS, say=say)
    kept: list[ModelVersion] = []
    version = _version_id("fusion")
    say(f"{len(judged)} judged questions; learning fusion weights")
    present = current_fusion(sql.versions, settings.library.home, family)
    learned = learn_fusion(
        # On what it was taught with, a model looks better than it is: what was asked of it since then counts.
        [row for row in judged if row.precise_version == in_use],
        present,
        shipped=shipped if in_use == "shipped" else [rescored(row, folder, teacher) for row in shipped],
        fit=fit_fusion,
        version=version,
        stage=learning_stage(settings.ranking.cascade, present.weights),
        encode=encode,
    )
    say(learned.reason)
    if learned.feedback is not None:
        kept.append(_keep(sql.versions, "fusion", version, learned.fusion.to_json() | {"family": family.name}, learned))
    if sum(row.marks for row in judged) >= PRECISE_MINIMUM_MARKS:
        version = _version_id("precise")
        taught, candidate = learn_precise(
            judged,
            current_fusion(sql.versions, settings.library.home, family),
            in_use=in_use,
            shipped=shipped,
            teacher=teacher,
            fit=fit_fusion,
            folder=(work := settings.library.home / LEARNED / f"{version}.work"),
            version=version,
            encode=encode,
            say=say,
        )
        say(taught.reason)
        if candidate is not None:
            candidate.rename(settings.library.home / LEARNED / version)
            weights = {
                "path": f"{LEARNED}/{version}",
                "weights": dict(taught.fusion.weights[taught.stage]),
                "family": family.name,
            }
            kept.append(_keep(sql.versions, "precise", version, weights, taught))
        shutil.rmtree(work, ignore_errors=True)
    return kept


def _keep(versions: SqlVersions, kind: str, version: str, weights: dict[str, Any], learned: Learned) -> ModelVersion:
    from ingest.store.sql.versions import VersionState

    state = VersionState.CANDIDATE if learned.promoted else VersionState.KEPT_ASIDE
    kept = versions.add_version(
        kind=kind, weights=weights, scores=learned.to_json(), state=state, reason=learned.reason, version_id=version
    )
    return versions.promote(version, learned.reason) if learned.promoted else kept


def _version_id(kind: str) -> str:
    return f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _encoder(settings: Settings) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    embedder = open_embedder(settings, threads=THREADS)
    return lambda texts: np.stack([embedder.encode_question(text).vector for text in texts])


@dataclass(frozen=True, kw_only=True)
class LearningProgress:
    """What the last or present learning run says. `running` is False once it has ended."""

    running: bool
    lines: tuple[str, ...]


def start_learning(settings: Settings) -> None:
    """Start `second-pass train --from-feedback` in the background; it goes on when the page is closed.

    Raises SecondPassError where one is running.
    """
    if learning_progress(settings).running:
        raise SecondPassError("Learning is on its way already.")
    with (settings.library.home / PROGRESS).open("wb") as progress:
        subprocess.Popen(
            [sys.executable, "-m", "app.cli", "train", "--from-feedback"],
            env=environment_of_child(settings.library.home),
            stdout=progress,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def learning_progress(settings: Settings) -> LearningProgress:
    from filelock import FileLock, Timeout

    path = settings.library.home / PROGRESS
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    try:
        with FileLock(settings.library.home / "learning.lock", timeout=0):
            running = False
    except Timeout:
        running = True
    return LearningProgress(running=running, lines=tuple(line for line in lines if line.strip()))


def version_lines(versions: Sequence[ModelVersion]) -> list[dict[str, object]]:
    """Versions as rows for a table or JSON: id, kind, state, when, gain with its interval, marks, reason."""
    rows: list[dict[str, object]] = []
    for version in versions:
        gain = version.scores.get("feedback_ndcg@10") or {}
        rows.append(
            {
                "version": version.id,
                "kind": version.kind,
                "state": version.state.value,
                "made": version.created_at.isoformat(timespec="minutes"),
                "marks": version.scores.get("marks"),
                "gain": gain.get("difference"),
                "low": gain.get("low"),
                "high": gain.get("high"),
                "reason": version.reason,
            }
        )
    return rows
