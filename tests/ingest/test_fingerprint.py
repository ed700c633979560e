"""What is built again when a reader changes: the documents of its format, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.documents import Status
from ingest.pipeline import Splitting
from ingest.read import registry
from tests.fakes.library_run import open_library


def test_each_format_has_a_fingerprint_of_its_own_and_all_are_current() -> None:
    splitting = Splitting()
    names = ["a.pdf", "a.txt", "a.md", "a.passages.jsonl"]
    fingerprints = [splitting.fingerprint(name, b"%PDF-1.4" if name == "a.pdf" else b"text") for name in names]
    assert len(set(fingerprints)) == len(names)
    assert set(fingerprints) <= set(splitting.current)
    assert all(len(one) <= 64 for one in splitting.current)  # the column's width
    assert not set(Splitting(tokens=100).current) & set(splitting.current)


def test_a_better_reader_reads_its_own_format_again_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(tmp_path) as library:
        for name in ("a.txt", "b.md"):
            library.wait_for(library.add(f"Keep {name} cold.".encode(), name).document.id)
        before = {document.name: document.id for document in library.documents()}
    better = [replace(one, version="better") if one.name == "Markdown" else one for one in registry.FORMATS]
    monkeypatch.setattr(registry, "FORMATS", tuple(better))
    with open_library(tmp_path) as library:
        library.finish()
        after = {document.name: document.id for document in library.documents() if document.status == Status.READY}
    assert after["a.txt"] == before["a.txt"]
    assert after["b.md"] != before["b.md"]


def test_why_a_file_failed_is_kept_as_a_kind_beside_the_sentence(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        document = library.wait_for(library.add(b"\x89PNG", "a.pdf").document.id)
        assert document is not None
        assert (document.status, document.error) == (Status.FAILED, "UnknownFormat")
        library.retry(document.id)
        again = library.wait_for(document.id)
        assert again is not None
        assert again.error == "UnknownFormat"
