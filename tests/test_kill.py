"""The process is killed at every step and at any time; the next start leaves the library whole."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from ingest.documents import Status
from ingest.reconcile import reconcile
from tests.library_run import close as close_stores
from tests.library_run import everything_equals_sql, open_stores, prepare, run, work_off

FAILPOINTS = [
    "file kept",
    "document added",
    "chunks saved",
    "tokens written",
    "tokens added",
    "vectors added",
    "keywords added",
    "keywords committed",
    "marked ready",
    "indexes cleared",
    "rows deleted",
    "delete begun",
    "indexes cleared:2",
    "rows deleted:2",
]
LARGE = 1300  # passages; Chroma writes its graph to disk every 1,000

# Children fork from a server that has only imported, so that none inherits another library's threads or locks.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.library_run"])


def run_child(home: Path, failpoint: str, size: int = 6, kill_after_s: float | None = None) -> int | None:
    child = processes.Process(target=run, args=(home, failpoint, size))
    child.start()
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        assert child.pid is not None
        with contextlib.suppress(ProcessLookupError):  # it was done before the moment came
            os.kill(child.pid, signal.SIGKILL)
    child.join(60)
    return child.exitcode


def check_whole_after_restart(home: Path) -> None:
    """Nothing confirmed is missing, nothing deleted is there, every index equals SQL, a second start finds nothing."""
    stores = open_stores(home)
    try:
        report = reconcile(stores, starting=True)
        assert report.healthy, report.text()
        assert everything_equals_sql(stores)
        work_off(stores)
        assert everything_equals_sql(stores)
        documents = {document.name: document for document in stores.store.documents()}
        assert all(document.status == Status.READY for document in documents.values())
        if (home / "confirmed-add").exists():
            assert "a2" in documents
            assert "a" not in documents
        if (home / "confirmed-delete").exists():
            assert "b" not in documents
        for document in documents.values():
            assert len(stores.store.document_chunks(document.id)) == document.chunks
            assert len(stores.store.encoded_chunks(document.id)) == document.chunks
            assert stores.store.file_path(document).exists()
        assert stores.store.files.hashes() == {document.sha256 for document in documents.values()}
        assert stores.store.integrity() == "ok"
        assert stores.tokens.damaged() == []
    finally:
        close_stores(stores)
    stores = open_stores(home)
    try:
        assert reconcile(stores, starting=True).findings == ()
        assert reconcile(stores).findings == ()
    finally:
        close_stores(stores)


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_any_step_of_adding_replacing_and_deleting_is_healed(tmp_path: Path, failpoint: str) -> None:
    prepare(tmp_path)
    assert run_child(tmp_path, failpoint) == -signal.SIGKILL
    assert not (tmp_path / "finished").exists()
    check_whole_after_restart(tmp_path)


def test_a_run_that_nobody_kills_ends_whole(tmp_path: Path) -> None:
    prepare(tmp_path)
    assert run_child(tmp_path, "") == 0
    check_whole_after_restart(tmp_path)


@pytest.mark.parametrize("failpoint", ["vectors added:2", "marked ready"])
def test_a_kill_after_chroma_has_written_its_graph_loses_no_vector(tmp_path: Path, failpoint: str) -> None:
    prepare(tmp_path)
    assert run_child(tmp_path, failpoint, size=LARGE) == -signal.SIGKILL
    check_whole_after_restart(tmp_path)


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_at_any_moment_is_healed(tmp_path: Path, seed: int) -> None:
    prepare(tmp_path)
    moment = random.Random(seed).uniform(0.2, 2.0)
    run_child(tmp_path, "", size=LARGE, kill_after_s=moment)
    check_whole_after_restart(tmp_path)
