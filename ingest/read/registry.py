"""Which reader takes a file, by its ending and its first bytes. Runs inside the child process of `sandbox.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ingest.documents import Page, ReadFile
from ingest.errors import (
    EmptyFile,
    NotAPdf,
    TooLarge,
    TooManyPages,
)
from ingest.read.limits import Limits
from ingest.read.pdf.reader import _read_pdf
from ingest.read.text import PLAIN_TEXT, _read_plain


def read_file(
    path: Path,
    *,
    name: str,
    password: str | None = None,
    limits: Limits | None = None,
    each_page: Callable[[Page, int], object] = lambda page, pages: None,
) -> ReadFile:
    """Read a PDF, or plain text or markdown (by the ending of `name`).

    `each_page(page, pages)` is called as soon as a page of a PDF is read. Raises a FileRefused that says why there is
    no text. Time and memory are not limited here but by the process around it: call `ingest.read.sandbox.Reader`.
    """
    limits = limits or Limits()
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile("the file has 0 bytes")
    if size > limits.file_mb * 2**20:
        raise TooLarge(f"{size / 2**20:.1f} MB; the limit is {limits.file_mb} MB (max_file_mb)")
    if Path(name).suffix.lower() in PLAIN_TEXT:
        read = _read_plain(path.read_bytes(), markdown=Path(name).suffix.lower() in {".md", ".markdown"})
        if len(read.pages) > limits.pages:
            raise TooManyPages(f"{len(read.pages)} pages; the limit is {limits.pages} (max_pages)")
        for page in read.pages:
            each_page(page, len(read.pages))
        return read
    with path.open("rb") as file:
        head = file.read(1024)
    if b"%PDF-" not in head:
        raise NotAPdf(_what_it_is(head))
    return _read_pdf(path, password=password, limits=limits, each_page=each_page)


_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"PK\x03\x04", "a zip archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def _what_it_is(head: bytes) -> str:
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return f"it looks like {what}"
    if re.match(rb"\s*<(!doctype\s+html|html|\?xml|svg|head|body)", head, re.IGNORECASE):
        return "it looks like a web page or XML"
    return "it does not begin as a PDF does"
