"""A file's bytes → pages with lines, boxes and headings. Runs inside the child process of `sandbox.py`.

pdfium reads everything: text, boxes, outline, labels, title (measured on the filings: the same outline as pypdf in a
sixth of the time, and its time is bounded by the child's limits either way).

Text comes out per character (one C-level `map` over the raw API, 0.3 µs a call, so a page of 3,500 characters costs
2 ms), is grouped to words with numpy, then to *segments* (words that follow each other on a line), and `layout.py`
puts segments in reading order.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import math
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.documents import ReadFile
from ingest.errors import (
    DamagedFile,
    NoTextFound,
    PasswordNeeded,
    TooLargeUnpacked,
    TooManyPages,
    WrongPassword,
)
from ingest.read.format import Format
from ingest.read.limits import Limits
from ingest.read.pdf.blocks import Bookmark, pages_of
from ingest.read.pdf.layout import Words, reading_order
from ingest.read.pdf.lines import Sheet
from ingest.read.pdf.running_lines import without_running_lines
from ingest.read.pdf.title import plausible_title, stated_title

MAX_CHARS_PER_PAGE = 400_000
MAX_CHARS = 40_000_000
MAX_OUTLINE = 5_000
MAX_ANNOTATIONS = 2_000  # looked at on a page


def open_pdf(path: Path, password: str | None) -> Any:
    """A pypdfium2 document. Raises PasswordNeeded, WrongPassword or DamagedFile."""
    import pypdfium2

    for attempt in _passwords(password):
        try:
            return pypdfium2.PdfDocument(path, password=attempt)
        except pypdfium2.PdfiumError as error:
            code = getattr(error, "err_code", None)
            if code == pypdfium2.raw.FPDF_ERR_PASSWORD:
                continue
            if code == pypdfium2.raw.FPDF_ERR_SECURITY:
                raise DamagedFile("its encryption is not supported") from None
            raise DamagedFile("no page could be found in it") from None
    if password:
        decrypted = _decrypted(path, password)
        if decrypted is None:
            raise WrongPassword("the password does not open it")
        return pypdfium2.PdfDocument(decrypted)
    raise PasswordNeeded("it is encrypted; type its password to add it")


def _decrypted(path: Path, password: str) -> bytes | None:
    """The file without its encryption, where pypdf can open it and pdfium cannot (some owner passwords)."""
    import pypdf
    from pypdf.errors import PyPdfError

    try:
        reader = pypdf.PdfReader(path)
        if not reader.is_encrypted or not reader.decrypt(password):
            return None
        out = io.BytesIO()
        pypdf.PdfWriter(clone_from=reader).write(out)
        return out.getvalue()
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # a damaged file besides
        return None


def _passwords(password: str | None) -> Iterator[str | None]:
    """The password as typed, then as SASLprep would have it (RFC 4013, what AES-256 files are encrypted with)."""
    yield password
    if password:
        prepared = unicodedata.normalize("NFKC", password.replace("\u00ad", "").replace("\u200b", ""))
        if prepared != password:
            yield prepared


def read_pdf(path: Path, *, password: str | None, limits: Limits, each_page: Callable[[int, int], object]) -> ReadFile:
    """Blocks with the places of their lines, by layout. Raises a FileRefused that says why there is no text."""
    document = open_pdf(path, password)
    try:
        count = len(document)
        if count == 0:
            raise DamagedFile("it has no pages")
        if count > limits.pages:
            raise TooManyPages(f"{count} pages; the limit is {limits.pages} (pages in [read])")
        sheets: list[Sheet] = []
        unreadable: list[int] = []
        characters = 0
        for index in range(count):
            try:
                sheet = _read_page(document, index)
            except _PageUnreadable:
                unreadable.append(index + 1)
                sheet = Sheet(number=index + 1, label=str(index + 1), width=612.0, height=792.0, lines=())
            sheets.append(sheet)
            characters += sum(len(line.text) for line in sheet.lines)
            if characters > MAX_CHARS:
                raise TooLargeUnpacked(f"more than {MAX_CHARS // 10**6} million characters of text")
            each_page(index + 1, count)
        if len(unreadable) == count:
            raise DamagedFile("none of its pages could be read")
        if not any(character.isalnum() for sheet in sheets for line in sheet.lines for character in line.text):
            raise NoTextFound("its pages hold no text that can be read; a scan needs OCR first")
        return ReadFile(
            title=plausible_title(stated_title(document)),
            pages=pages_of(without_running_lines(sheets), list(_outline(document, count))),
            unreadable=tuple(unreadable),
        )
    finally:
        document.close()


class _PageUnreadable(Exception):
    pass


def _read_page(document: Any, index: int) -> Sheet:
    import pypdfium2

    try:
        page = document[index]
        if _has_filled_in(page) and pypdfium2.raw.FPDFPage_Flatten(page.raw, pypdfium2.raw.FLAT_NORMALDISPLAY) == 1:
            page.close()
            page = document[index]
    except pypdfium2.PdfiumError:
        raise _PageUnreadable from None
    try:
        text = page.get_textpage()
    except pypdfium2.PdfiumError:
        page.close()
        raise _PageUnreadable from None
    try:
        frame = _Frame.of(page)
        words = _words(text, frame)
        lines = reading_order(words, page=index + 1, width=frame.width, height=frame.height) if words else ()
        label = document.get_page_label(index) or str(index + 1)
        return Sheet(number=index + 1, label=label, width=frame.width, height=frame.height, lines=lines)
    finally:
        text.close()
        page.close()


def _has_filled_in(page: Any) -> bool:
    """Are there form fields or text typed onto the page? pdfium reads these only once they are part of its content."""
    import pypdfium2.raw as raw

    for index in range(min(raw.FPDFPage_GetAnnotCount(page.raw), MAX_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if annotation:
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            raw.FPDFPage_CloseAnnot(annotation)
            if kind in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP):
                return True
    return False


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """The visible part of a page (crop box within media box) and its rotation in quarter turns clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int

    @classmethod
    def of(cls, page: Any) -> _Frame:
        left, bottom, right, top = page.get_bbox()
        if not all(map(math.isfinite, (left, bottom, right, top))) or right <= left or top <= bottom:
            left, bottom, right, top = 0.0, 0.0, 612.0, 792.0
        return cls(left=left, bottom=bottom, right=right, top=top, turns=(page.get_rotation() // 90) % 4)

    @property
    def width(self) -> float:
        return self.top - self.bottom if self.turns % 2 else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.turns % 2 else self.top - self.bottom

    def place(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """PDF coordinates (n,) → points from the top-left corner of the page as it is shown."""
        if self.turns == 1:
            return y - self.bottom, x - self.left
        if self.turns == 2:
            return self.right - x, y - self.bottom
        if self.turns == 3:
            return self.top - y, self.right - x
        return x - self.left, self.top - y


_SPACES = np.array([0, 9, 10, 11, 12, 13, 32, 0xA0, *range(0x2000, 0x200C), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000])
_HYPHENS = (0x2, 0xFFFE)  # how pdfium reports a hyphen at a line's end
_FONT_NAME = 64
_BOLD = re.compile(rb"bold|black|heavy|demi|semibd|-bd\b|\.b\b", re.IGNORECASE)


def _words(text: Any, frame: _Frame) -> Words | None:
    """The words of a page with what `layout.py` needs to know of each; None when there are none."""
    count = min(text.count_chars(), MAX_CHARS_PER_PAGE)
    if count <= 0:
        return None
    handle = ctypes.cast(text.raw, ctypes.c_void_p).value
    api = _api()
    codes = np.fromiter(map(api.unicode, repeat(handle), range(count)), np.uint32, count)
    # A word is ink between no ink. Its box is that of its first and its last character together (pdfium's loose boxes
    # have the height of the font); what else it shares (font, direction, baseline) is asked for the first one.
    ink = ~np.isin(codes, _SPACES)
    cut = np.isin(codes, _HYPHENS)  # pdfium joins the halves of a word that a line's end parts
    starts = np.flatnonzero(ink & ~np.concatenate(([False], (ink & ~cut)[:-1])))
    ends = np.flatnonzero(ink & (cut | ~np.concatenate((ink[1:], [False])))) + 1
    if not len(starts):
        return None
    corners = np.zeros((len(starts), 2, 4), np.float32)  # FS_RECTF: left, top, right, bottom
    at, last = corners.ctypes.data, corners.ctypes.data + corners.nbytes
    asked = np.stack((starts, ends - 1), axis=1).ravel().tolist()
    found = np.fromiter(map(api.box, repeat(handle), asked, range(at, last, 16)), bool, len(asked)).reshape(-1, 2)
    known = found.all(axis=1) & np.isfinite(corners).all(axis=(1, 2))
    if not known.any():
        return None
    starts, ends, corners = starts[known], ends[known], corners[known]
    across = corners[:, :, [0, 2]].reshape(-1, 4).astype(np.float64)
    x, y = frame.place(across, corners[:, :, [1, 3]].reshape(-1, 4).astype(np.float64))
    words = len(starts)
    first = starts.tolist()
    sizes = np.fromiter(map(api.size, repeat(handle), first), np.float64, words)
    matrices = np.zeros((words, 6), np.float32)  # FS_MATRIX: a b c d e f
    at = matrices.ctypes.data
    deque(map(api.matrix, repeat(handle), first, range(at, at + 24 * words, 24)), 0)
    origins = np.zeros((words, 2), np.float64)
    at = origins.ctypes.data
    end = at + 16 * words
    deque(map(api.origin, repeat(handle), first, range(at, end, 16), range(at + 8, end + 8, 16)), 0)
    names = np.zeros((words, _FONT_NAME), np.uint8)
    at = names.ctypes.data
    end = at + _FONT_NAME * words
    deque(map(api.font, repeat(handle), first, range(at, end, _FONT_NAME), repeat(_FONT_NAME), repeat(None)), 0)
    fonts = [bytes(name).split(b"\0", 1)[0] for name in names]
    is_bold = {font: bool(_BOLD.search(font)) for font in set(fonts)}

    # Direction of writing on the page as shown: quarter turns clockwise, 0 is ordinary text, 4 is askew (a watermark).
    quarters = np.arctan2(-matrices[:, 1], matrices[:, 0]) / (np.pi / 2) + frame.turns
    turns = np.rint(quarters).astype(np.int64) % 4
    turns[np.abs(quarters - np.rint(quarters)) > 0.11] = 4
    scale = np.hypot(matrices[:, 2], matrices[:, 3]).astype(np.float64)
    sizes = sizes * np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)
    origin_x, origin_y = frame.place(origins[:, 0], origins[:, 1])
    boxes_of_words = np.stack((x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)), axis=1)
    characters = _characters(codes)
    return Words(
        texts=["".join(characters[a:b]) for a, b in zip(first, ends.tolist(), strict=True)],
        boxes=boxes_of_words,
        baselines=np.stack((origin_x, origin_y), axis=1),
        sizes=sizes,
        bold=np.array([is_bold[font] for font in fonts], bool),
        turns=turns,
    )


def _characters(codes: NDArray[np.uint32]) -> list[str]:
    """Code units (n,) → n strings; the second half of a surrogate pair becomes "" beside its whole character."""
    units = codes.tolist()
    try:
        characters = list(map(chr, units))
    except (ValueError, OverflowError):
        characters = [chr(unit) if unit <= 0x10FFFF else "\ufffd" for unit in units]
    for hyphen in _HYPHENS:
        for at in np.flatnonzero(codes == hyphen).tolist():
            characters[at] = "-"
    for at in np.flatnonzero((codes >= 0xD800) & (codes < 0xDC00)).tolist():
        if at + 1 < len(units) and 0xDC00 <= units[at + 1] < 0xE000:
            characters[at] = chr(0x10000 + ((units[at] - 0xD800) << 10) + units[at + 1] - 0xDC00)
            characters[at + 1] = ""
    return characters


@dataclass(frozen=True, kw_only=True)
class _Api:
    """Raw pdfium calls that take plain integers as addresses, so that `map` can drive them without Python per call."""

    unicode: Any
    box: Any
    size: Any
    matrix: Any
    origin: Any
    font: Any


@cache
def _api() -> _Api:
    import pypdfium2.raw as raw

    page, at, address = ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p

    def bind(name: str, result: Any, *arguments: Any) -> Any:
        entry = ctypes.cast(getattr(raw, name), ctypes.c_void_p).value or 0
        return ctypes.PYFUNCTYPE(result, *arguments)(entry)  # keeps the GIL: these calls take nanoseconds

    return _Api(
        unicode=bind("FPDFText_GetUnicode", ctypes.c_uint, page, at),
        box=bind("FPDFText_GetLooseCharBox", ctypes.c_int, page, at, address),
        size=bind("FPDFText_GetFontSize", ctypes.c_double, page, at),
        matrix=bind("FPDFText_GetMatrix", ctypes.c_int, page, at, address),
        origin=bind("FPDFText_GetCharOrigin", ctypes.c_int, page, at, address, address),
        font=bind("FPDFText_GetFontInfo", ctypes.c_ulong, page, at, address, ctypes.c_ulong, ctypes.c_void_p),
    )


def _outline(document: Any, pages: int) -> Iterator[Bookmark]:
    """Outline entries that point at a page; an outline that cannot be read is an empty one."""
    import pypdfium2

    with contextlib.suppress(pypdfium2.PdfiumError, RecursionError, ValueError, OSError):
        for count, bookmark in enumerate(document.get_toc()):
            if count >= MAX_OUTLINE:
                return
            target = bookmark.get_dest()
            index = target.get_index() if target is not None else None
            title = " ".join(bookmark.get_title().split())[:200]
            if index is not None and 0 <= index < pages and title:
                yield Bookmark(title=title, page=index + 1, level=max(0, bookmark.level))


FORMAT = Format(name="PDF", endings=(".pdf",), magic=b"%PDF-", version="pdf-2", read=read_pdf)
