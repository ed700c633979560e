"""What may become part of a path: names that Second Pass makes itself, whatever a database says."""

from __future__ import annotations

import re

from ingest.errors import LibraryDamaged

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAIN = re.compile(r"(?=.{1,64}\Z)[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")


def is_sha256(text: object) -> bool:
    """Whether it is a SHA-256 as files are kept under: 64 lower-case hex digits."""
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None


def is_plain_name(text: object) -> bool:
    """Whether it is an id of ours (of a document, a version): ASCII letters and digits with single hyphens between."""
    return isinstance(text, str) and _PLAIN.fullmatch(text) is not None


def sha256_name(text: str) -> str:
    """The hash itself. Raises LibraryDamaged when it is none."""
    if not is_sha256(text):
        raise LibraryDamaged(f"The database names a file by {text[:80]!r}, which is no SHA-256: it is left alone.")
    return text


def plain_name(text: str) -> str:
    """The id itself. Raises LibraryDamaged when it could lead elsewhere."""
    if not is_plain_name(text):
        raise LibraryDamaged(f"The database holds the id {text[:80]!r}, which Second Pass never makes: it is not used.")
    return text
