"""One page as a picture, with the boxes of a passage marked on it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from ingest.errors import DamagedFile
from ingest.read.pdf.reader import open_pdf

MARK = (255, 214, 10)  # what a yellow marker leaves on white paper, multiplied onto the page so that text stays black
MAX_PIXELS = 20_000_000


def draw(
    path: Path,
    page: int,
    *,
    width_px: int,
    boxes: Sequence[tuple[float, float, float, float]],
    password: str | None = None,
) -> bytes:
    """PNG bytes of a page (1-based), `width_px` wide, the boxes marked in yellow; runs in `Reader`'s child process.

    boxes: (left, top, right, bottom) in points from the top-left corner. Raises a FileRefused.
    """
    import pypdfium2
    from PIL import Image, ImageChops, ImageDraw

    document = open_pdf(path, password)
    try:
        if not 1 <= page <= len(document):
            raise DamagedFile(f"it has no page {page}")
        try:
            sheet = document[page - 1]
            width, height = sheet.get_size()
            if width < 1 or height < 1:
                raise DamagedFile(f"page {page} has no size")
            scale = max(1, min(width_px, 4000)) / width
            scale = min(scale, (MAX_PIXELS / (width * height)) ** 0.5)
            picture = sheet.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
        except pypdfium2.PdfiumError:
            raise DamagedFile(f"page {page} cannot be drawn") from None
    finally:
        document.close()
    if boxes:
        paper = Image.new("RGB", picture.size, "white")
        marker = ImageDraw.Draw(paper)
        for left, top, right, bottom in boxes:
            x0, x1 = sorted((left * scale - 2, right * scale + 2))
            y0, y1 = sorted((top * scale - 1, bottom * scale + 1))
            marker.rectangle((x0, y0, x1, y1), fill=MARK)
        # Half-way to white keeps the mark translucent; multiplying keeps the ink.
        picture = ImageChops.multiply(picture, Image.blend(paper, Image.new("RGB", paper.size, "white"), 0.45))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()
