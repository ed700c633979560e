"""The process is killed at every step and at any time; the next start leaves the library whole."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from ingest.documents import Status
from ingest.read.passages import SUFFIX
from ingest.store.reconcile import Stores, examine, resume
from tests.fakes.library_parts import query
from tests.fakes.library_run import (
    everything_equals_sql,
    open_library,
    open_stores,
    prepare,
    run,
    run_library,
    start_library,
    work_off,
)

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
    "file removed",
    "rows deleted",
    "delete begun",
    "indexes cleared:2",
    "rows deleted:2",
]
LARGE = 1300  # passages; Chroma writes its graph to disk every 1,000

# Children fork from a server that has only imported, so that none inherits another library's threads or locks.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.fakes.library_run"])


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
        report = resume(stores)
        assert report.healthy, report.text()
        assert everything_equals_sql(stores)
        work_off(stores)
        assert everything_equals_sql(stores)
        documents = {document.name.removesuffix(SUFFIX): document for document in stores.sql.documents.documents()}
        assert all(document.status == Status.READY for document in documents.values())
        if (home / "confirmed-add").exists():
            assert "a2" in documents
            assert "a" not in documents
        if (home / "confirmed-delete").exists():
            assert "b" not in documents
        for document in documents.values():
            assert len(stores.sql.documents.document_chunks(document.id)) == document.chunks
            assert len(stores.sql.documents.encoded_chunks(document.id)) == document.chunks
            assert stores.sql.files.path(document.sha256).exists()
        assert stores.sql.files.hashes() == {document.sha256 for document in documents.values()}
        assert stores.sql.integrity() == "ok"
        assert stores.tokens.damaged() == []
        assert recall(stores) > 0.95
    finally:
        stores.close()
    stores = open_stores(home)
    try:
        assert resume(stores).findings == ()
        assert examine(stores, repair=True).findings == ()
    finally:
        stores.close()


def recall(stores: Stores, limit: int = 10) -> float:
    """The share of the true nearest passages (by brute force over SQL's vectors) that Chroma finds."""
    chunks = [
        chunk
        for document in stores.sql.documents.documents()
        for chunk in stores.sql.documents.encoded_chunks(document.id)
    ]
    matrix = np.stack([chunk.encoded.vector for chunk in chunks])
    shares = []
    for asked in chunks[:: max(1, len(chunks) // 20)]:
        nearest = np.argsort(-(matrix @ asked.encoded.vector), kind="stable")[:limit]
        found = {hit.chunk_id for hit in stores.vectors.search(query(like=asked.encoded), limit)}
        shares.append(len(found & {chunks[place].chunk.id for place in nearest}) / len(nearest))
    return float(np.mean(shares))


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_any_step_of_adding_replacing_and_deleting_is_healed(tmp_path: Path, failpoint: str) -> None:
    prepare(tmp_path)
    assert run_child(tmp_path, failpoint) == -signal.SIGKILL
    assert not (tmp_path / "finished").exists()
    check_whole_after_restart(tmp_path)


@pytest.mark.parametrize("size", [6, LARGE])
def test_a_run_that_nobody_kills_ends_whole(tmp_path: Path, size: int) -> None:
    prepare(tmp_path)
    assert run_child(tmp_path, "", size=size) == 0
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


@pytest.mark.parametrize(
    "failpoint", ["document added", "indexed dense", "marked ready", "delete begun", "file removed:2", "rows deleted:2"]
)
def test_fault_19_a_kill_inside_the_real_library_is_healed_by_opening_it(tmp_path: Path, failpoint: str) -> None:
    start_library(tmp_path)
    child = processes.Process(target=run_library, args=(tmp_path, failpoint))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    with open_library(tmp_path) as library:
        for document in library.documents():
            library.wait_for(document.id)
        library.finish()
        first = [document for document in library.documents() if document.name == "a.txt"]
        texts = [passage.text for document in first for passage in library.passages(document.id, 1)]
        # What was killed before `add` returned was never confirmed, yet its row is there: then it is read.
        assert texts == ["a.txt speaks of the second version."]
        assert ("b.txt" in {one.name for one in library.documents()}) == (
            failpoint not in ("delete begun", "file removed:2", "rows deleted:2")
        )
        assert library.check(repair=False).healthy
    for _ in range(2):
        stores = open_stores(tmp_path)
        try:
            assert resume(stores).findings == ()
            assert everything_equals_sql(stores)
        finally:
            stores.close()
