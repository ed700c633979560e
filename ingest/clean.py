"""Text as it comes out of a file, without what nobody sees in it."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u00ad\u200b\u2060\ufeff]")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
)


def clean_text(text: str) -> str:
    """One line without control characters, lone surrogates, soft hyphens and ligatures; white space made single."""
    return " ".join(_CONTROL.sub("", text).translate(_LIGATURES).split())
