"""Every format that can be read, and which of them a file has, by its ending and its first bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from ingest.documents import ReadFile
from ingest.errors import EmptyFile, TooLarge, TooManyPages, UnknownFormat
from ingest.read import docx, html, markdown, passages, text
from ingest.read.format import Format
from ingest.read.limits import Limits
from ingest.read.pdf import reader as pdf

FORMATS: tuple[Format, ...] = (pdf.FORMAT, docx.FORMAT, html.FORMAT, text.FORMAT, markdown.FORMAT, passages.FORMAT)
OFFERED = tuple(one for one in FORMATS if one.offered)
ENDINGS = tuple(ending for one in OFFERED for ending in one.endings)  # of file pickers and folder scans
HEAD = 1024  # bytes that tell a format


def format_of(name: str, head: bytes) -> Format:
    """The format by the ending of `name`, unless the first bytes speak for a PDF or against it.

    A file that nothing is known of counts as a PDF, whose reader then says what it is instead.
    """
    by_ending = next((one for one in FORMATS if name.lower().endswith(one.endings)), pdf.FORMAT)
    speaks_for_itself = by_ending.magic and by_ending.magic not in head[:HEAD]
    return pdf.FORMAT if speaks_for_itself and pdf.FORMAT.magic in head[:HEAD] else by_ending


def has_sheets(name: str) -> bool:
    """Whether files of this name have pages that can be pictured; the others are text alone."""
    return format_of(name, b"") is pdf.FORMAT


def head_of(source: Path | bytes) -> bytes:
    """The first bytes of a file, enough for `format_of`; none where it cannot be opened."""
    if isinstance(source, bytes):
        return source[:HEAD]
    try:
        with source.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those with a known ending in the folders named, sorted within each folder."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if file.name.lower().endswith(ENDINGS) and file.is_file())
        else:
            files.append(path)
    return files


def read_file(
    path: Path,
    *,
    name: str,
    password: str | None = None,
    limits: Limits | None = None,
    each_page: Callable[[int, int], object] = lambda done, pages: None,
) -> ReadFile:
    """Read a file with the reader of its format.

    `each_page(done, pages)` is called as soon as a page of a PDF is read. Raises a FileRefused that says why there is
    no text. Time and memory are not limited here but by the process around it: call `ingest.read.sandbox.Reader`.
    """
    limits = limits or Limits()
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile("the file has 0 bytes")
    if size > limits.file_mb * 2**20:
        raise TooLarge(f"{size / 2**20:.1f} MB; the limit is {limits.file_mb} MB (file_mb in [read])")
    head = head_of(path)
    chosen = format_of(name, head)
    if chosen.magic not in head:
        raise UnknownFormat(_what_it_is(head))
    read = chosen.read(path, password=password, limits=limits, each_page=each_page)
    if chosen.offered and len(read.pages) > limits.pages:
        raise TooManyPages(f"{len(read.pages)} pages; the limit is {limits.pages} (pages in [read])")
    return read


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
