"""What a person is told of the library, and what a visitor is not."""

from __future__ import annotations

from ingest.store.files.folder import Label, SetAside
from ingest.store.reconcile import Finding, Report

ASIDE = SetAside(sha256="ab" * 32, bytes=7, label=Label(name="salaries.pdf", collection="c"))


def test_set_aside_files_are_said_with_what_to_do_and_do_not_make_a_library_unhealthy() -> None:
    report = Report(set_aside=(ASIDE,))
    assert report.healthy
    assert report.text().startswith("1 stored file (salaries.pdf) belongs to no document")
    for command in ("--adopt", "--discard"):
        assert command in report.notice
    assert Report().notice == ""


def test_what_waits_and_what_failed_is_told() -> None:
    text = Report(waiting=2, failed=(("scan.pdf", "no text found"),)).text()
    assert "2 documents wait to be read or removed" in text
    assert "1 document could not be read (scan.pdf: no text found)" in text


def test_a_visitor_reads_no_name_of_another_persons_file() -> None:
    lost = Finding(store="files", text="salaries.pdf: the stored file is gone.", repaired=False)
    index = Finding(store="vector index", text="The vector index lacked 3 passages: added.", repaired=True)
    report = Report(findings=(lost, index), set_aside=(ASIDE,), failed=(("salaries.pdf", "damaged"),))
    assert "salaries" not in report.for_visitors().text() + report.for_visitors().notice
    assert "vector index" in report.for_visitors().text()
