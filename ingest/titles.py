"""What a document is called where people and models read it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from ingest.language.words import words as words_of

LONGEST = 120
# Titles that a program wrote, not a person.
_WRITTEN_BY_A_PROGRAM = re.compile(
    r"^(\(?(untitled|anonymous|unspecified)\)?|document ?\d*|no job name|slide ?\d+|print|layout ?\d*"
    r"|microsoft (word|powerpoint|excel))[\s.-]*$",
    re.IGNORECASE,
)
_PROGRAM = re.compile(r"^microsoft (word|powerpoint|excel) - ", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(pdf|docx?|pptx?|xlsx?|indd|qxd|tex|dvi|ps|rtf|html?)$", re.IGNORECASE)


def display_title(name: str, title: str = "") -> str:
    """The file's name as words, with the PDF's own title behind it when that adds words.

    >>> display_title("3M_2018_10K.pdf")
    '3M 2018 10K'
    >>> display_title("report-final.pdf", "Vaccine cold chain handbook")
    'report final — Vaccine cold chain handbook'
    """
    words = _as_words(name)
    proper = _EXTENSION.sub("", _PROGRAM.sub("", " ".join(title.split())))
    added = set(words_of(proper, characters=False)) - set(words_of(words, characters=False))
    if not any(word[0].isalpha() and len(word) > 1 for word in added) or _WRITTEN_BY_A_PROGRAM.match(proper):
        return words[:LONGEST]
    return f"{words} — {proper}"[:LONGEST].rstrip() if words else proper[:LONGEST]


def _as_words(name: str) -> str:
    stem = _EXTENSION.sub("", PurePosixPath(unquote(name).replace("\\", "/")).name)
    spaced = stem.replace("_", " ").replace("+", " ")
    if " " not in spaced.strip():
        spaced = spaced.replace("-", " ")
    return " ".join(spaced.split())
