"""What a document is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.titles import LONGEST, display_title


@pytest.mark.parametrize(
    ("name", "title", "shown"),
    [
        ("3M_2018_10K.pdf", "", "3M 2018 10K"),
        ("3M_2018_10K.pdf", "3M 2018 10K", "3M 2018 10K"),
        ("3M_2018_10K.pdf", "10-K", "3M 2018 10K"),
        ("scan0001.pdf", "Vaccine cold chain handbook", "scan0001 — Vaccine cold chain handbook"),
        ("annual-report-2018.pdf", "", "annual report 2018"),
        ("notes.pdf", "Microsoft Word - notes.docx", "notes"),
        ("notes.pdf", "Microsoft Word - Lease contract.docx", "notes — Lease contract"),
        ("notes.pdf", "untitled", "notes"),
        ("notes.pdf", "(anonymous)", "notes"),
        ("notes.pdf", "Anonymous letters", "notes — Anonymous letters"),
        ("notes.pdf", "Document1", "notes"),
        ("a%20b.pdf", "", "a b"),
        ("../../etc/passwd.pdf", "", "passwd"),
        (".pdf", "Proper title", "Proper title"),
    ],
)
def test_a_title_is_the_file_name_in_words_and_the_pdfs_own_where_it_adds_any(
    name: str, title: str, shown: str
) -> None:
    assert display_title(name, title) == shown


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_title_is_one_bounded_line(name: str, title: str) -> None:
    shown = display_title(name, title)
    assert len(shown) <= LONGEST
    assert "\n" not in shown
