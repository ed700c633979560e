"""The title that a PDF states in its metadata, where it is plausible."""

from __future__ import annotations

import re
from typing import Any


def stated_title(document: Any) -> str:
    import pypdfium2

    try:
        return str(document.get_metadata_value("Title") or "")
    except (pypdfium2.PdfiumError, ValueError):
        return ""


_NO_TITLE = re.compile(
    r"""^(microsoft\ (word|powerpoint|excel)\b | untitled | no\ title | document\ ?\d*$ | slide\ ?\d | powerpoint
      | title$
      | print(ing)?\b | layout\ ?\d | [a-z]:\\ | /|file: | https?: | about: | template | new\ document
      | united\ states\ securities | form\ \d+-?[kq]$ | scan(ned)?\b | img[_-]?\d )""",
    re.IGNORECASE | re.VERBOSE,
)
_FILE_ENDING = re.compile(r"\.(pdf|docx?|pptx?|xlsx?|dvi|tex|ps|indd|qxd|rtf|odt|html?|txt|md)$", re.IGNORECASE)


def plausible_title(title: str) -> str:
    """The title if a person could have meant it, else "": the caller then has the file's name."""
    title = " ".join("".join(c for c in title if c.isprintable() or c.isspace()).split())
    letters = sum(character.isalpha() for character in title)
    if letters < 4 or letters < len(title) * 0.4 or _NO_TITLE.search(title) or _FILE_ENDING.search(title):
        return ""
    if " " not in title and (any(c.isdigit() for c in title) or "_" in title or len(title) > 25):
        return ""  # an identifier
    if any("\ue000" <= character <= "\uf8ff" or character == "\ufffd" for character in title):
        return ""
    return title[:150]
