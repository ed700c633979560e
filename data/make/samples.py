"""Makes the sample documents that ship with the product, and keeps their golden questions in step.

    python -m data.make.samples            writes data/samples/*.pdf, then golden.jsonl's pages
    python -m data.make.samples --to DIR   writes the PDFs there and leaves golden.jsonl alone

The way of a sample, top to bottom: `sample_sources/NAME.md` (front matter, then Markdown) → flowables → pages with
outline, page labels and metadata → `NAME.pdf`. The same sources give the same bytes on any machine: no clock
(`invariant=1`), no compression (zlib's output differs between builds), and only the fourteen fonts every reader has.

A golden row names its document and quotes its evidence; the page is looked up, so moving a paragraph in a source never
leaves a stale page number behind. A quote that is on no page, or on two, is an error.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.shapes import Drawing
from reportlab.lib import pagesizes
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_JUSTIFY, TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm, mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    FrameBreak,
    KeepTogether,
    ListFlowable,
    ListItem,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
# Beside the samples and not among them: whoever ingests the samples' folder wants each document once.
SOURCES = Path(__file__).resolve().parent.parent / "sample_sources"
INK = HexColor("#1d2329")
QUIET = HexColor("#66707a")
RULE = HexColor("#c9cfd5")


@dataclass(frozen=True, kw_only=True)
class Design:
    """How one document looks, read from its front matter. Lengths are in points."""

    title: str
    subtitle: str
    organisation: str
    edition: str
    subject: str
    notice: str
    accent: Color
    serif: bool
    columns: int
    cover: bool
    page: tuple[float, float]

    @property
    def font(self) -> str:
        return "Times-Roman" if self.serif else "Helvetica"

    @property
    def bold(self) -> str:
        return "Times-Bold" if self.serif else "Helvetica-Bold"

    @property
    def margin(self) -> float:
        return float(1.8 * cm if self.columns == 2 else 2.4 * cm)

    @property
    def column_width(self) -> float:
        """Points between the left and right edge of one text column."""
        gap = 0.7 * cm * (self.columns - 1)
        return float((self.page[0] - 2 * self.margin - gap) / self.columns)

    def style(self, name: str) -> ParagraphStyle:
        """A fresh paragraph style: body, cell, head, caption, note, h1, h2, h3."""
        two = self.columns == 2
        size = 9.2 if two else 10.4
        small = size - (1.8 if two else 1.4)
        sizes = {"body": size, "note": size - 0.2, "cell": small, "head": small, "caption": size - 1.2}
        sizes |= {"h1": 12.5 if two else 17.0, "h2": 10.4 if two else 12.6, "h3": size + 0.2}
        before = {"body": 0.0, "h1": 10.0 if two else 14.0, "h2": 8.0 if two else 11.0, "h3": 6.0, "caption": 6.0}
        after = {"body": 5.0 if two else 6.5, "h1": 5.0 if two else 8.0, "h2": 4.0 if two else 5.0}
        after |= {"h3": 3.0, "caption": 3.5}
        strong = name in {"h1", "h2", "h3", "head", "caption"}
        return ParagraphStyle(
            name,
            fontName=self.bold if strong else self.font,
            fontSize=sizes[name],
            leading=sizes[name] * (1.2 if strong else 1.36),
            textColor=self.accent if name in {"h1", "h2"} else INK,
            alignment=TA_JUSTIFY if name == "body" and self.serif and not two else TA_LEFT,
            spaceBefore=before.get(name, 0.0),
            spaceAfter=after.get(name, 0.0),
            keepWithNext=int(name in {"h1", "h2", "h3", "caption"}),
            allowWidows=0,
            allowOrphans=0,
        )


def read_source(path: Path) -> tuple[Design, str]:
    """The design and the Markdown text of one source file."""
    front, _, text = path.read_text(encoding="utf-8").partition("\n---\n")
    given = dict(line.split(": ", 1) for line in front.splitlines() if line.strip())
    design = Design(
        title=given["title"],
        subtitle=given.get("subtitle", ""),
        organisation=given["organisation"],
        edition=given["edition"],
        subject=given["subject"],
        notice=given["notice"],
        accent=HexColor(given["accent"]),
        serif=given.get("serif") == "yes",
        columns=int(given.get("columns", "1")),
        cover=given.get("cover") == "yes",
        page=pagesizes.letter if given.get("page") == "letter" else pagesizes.A4,
    )
    return design, text


# Markdown → flowables ------------------------------------------------------------------------------------------------


def inline(token: Token) -> str:
    """The mini-HTML that Paragraph reads, for one inline token."""
    pieces: list[str] = []
    tags = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}
    for child in token.children or []:
        if child.type in tags:
            pieces.append(tags[child.type])
        elif child.type in {"softbreak", "hardbreak"}:
            pieces.append(" " if child.type == "softbreak" else "<br/>")
        else:
            pieces.append(child.content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return "".join(pieces)


def flowables(text: str, design: Design) -> list[Flowable]:
    """The Markdown text as flowables, in reading order."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    story: list[Flowable] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type == "heading_open":
            story.append(Paragraph(inline(tokens[at + 1]), design.style(token.tag)))
            at += 3
        elif token.type == "paragraph_open":
            story.append(paragraph(inline(tokens[at + 1]), design))
            at += 3
        elif token.type in {"bullet_list_open", "ordered_list_open", "table_open", "blockquote_open"}:
            end = closing(tokens, at)
            inside = tokens[at + 1 : end]
            if token.type == "table_open":
                lead: list[Flowable] = []
                while story and style_name(story[-1]) in {"caption", "h1", "h2", "h3"}:
                    lead.insert(0, story.pop())
                story.extend(table(inside, design, lead))
            elif token.type == "blockquote_open":
                story.append(note(" ".join(inline(t) for t in inside if t.type == "inline"), design))
            else:
                story.append(listing(inside, design, ordered=token.type.startswith("ordered")))
            at = end + 1
        elif token.type == "fence":
            story.extend(chart(token.content, design) if token.info == "bars" else [PageBreak()])
            at += 1
        else:
            raise ValueError(f"no layout for Markdown token {token.type!r}; write it another way")
    return story


def style_name(flowable: Flowable) -> str:
    """The name of a paragraph's style; empty for everything else."""
    return str(getattr(getattr(flowable, "style", None), "name", ""))


def closing(tokens: list[Token], start: int) -> int:
    """The index of the token that closes the block opened at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    raise ValueError("a block is never closed")


def paragraph(html: str, design: Design) -> Flowable:
    """A body paragraph; one that starts with `Table:` or `Figure:` is the caption of what follows it."""
    if html.startswith(("Table ", "Figure ")) and re.match(r"(Table|Figure) [\w.]+: ", html):
        return Paragraph(html, design.style("caption"))
    return Paragraph(html, design.style("body"))


def listing(tokens: list[Token], design: Design, *, ordered: bool) -> Flowable:
    body = design.style("body")
    body.spaceAfter = 2.5
    body.alignment = TA_LEFT
    items = [ListItem(Paragraph(inline(t), body)) for t in tokens if t.type == "inline"]
    return ListFlowable(
        items,
        bulletType="1" if ordered else "bullet",
        start=None if ordered else "•",
        bulletFontName=design.font,
        bulletFontSize=body.fontSize,
        bulletColor=design.accent,
        leftIndent=15,
        bulletFormat="%s." if ordered else None,
        spaceAfter=5,
    )


def note(html: str, design: Design) -> Flowable:
    """A boxed remark with the accent colour at its edge."""
    box = Table([[Paragraph(html, design.style("note"))]], colWidths=[design.column_width])
    tint = Color(design.accent.red, design.accent.green, design.accent.blue, alpha=0.07)
    box.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), tint),
                ("LINEBEFORE", (0, 0), (0, -1), 2.5, design.accent),
                ("LEFTPADDING", (0, 0), (-1, -1), 9),
                ("TOPPADDING", (0, 0), (-1, -1), 5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    box.spaceBefore, box.spaceAfter = 4, 9
    return box


def table(tokens: list[Token], design: Design, lead: list[Flowable]) -> Iterator[Flowable]:
    """A ruled table as wide as its column; rows whose first cell is bold get a line above, as totals do.

    `lead` is what must stand on the same page above it: its caption, and the headings just before that.
    """
    rows: list[list[str]] = []
    right: list[bool] = []
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in {"th_open", "td_open"}:
            rows[-1].append(inline(tokens[index + 1]))
            if token.type == "th_open":
                right.append("right" in str(token.attrs.get("style", "")))
    cells = []
    for number, row in enumerate(rows):
        styles = [design.style("head" if number == 0 else "cell") for _ in row]
        for style, is_right in zip(styles, right, strict=True):
            style.alignment = 2 if is_right else 0
            style.textColor = white if number == 0 else INK
        cells.append([Paragraph(html, style) for html, style in zip(row, styles, strict=True)])
    commands: list[tuple[Any, ...]] = [
        ("BACKGROUND", (0, 0), (-1, 0), design.accent),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.6),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    totals = [number for number, row in enumerate(rows) if number and row[0].startswith("<b>")]
    commands += [("LINEABOVE", (0, number), (-1, number), 0.8, INK) for number in totals]
    made = Table(cells, colWidths=column_widths(rows, design), repeatRows=1, style=TableStyle(commands))
    made.spaceAfter = 10
    if len(rows) <= 30:
        yield KeepTogether([*lead, made])
        return
    # A long table runs on into the next column or page, with its head repeated there.
    yield CondPageBreak(4 * cm)
    for flowable in lead:
        flowable.keepWithNext = 0
        yield flowable
    yield made


def column_widths(rows: list[list[str]], design: Design) -> list[float]:
    """Widths in points that fill the column: no word is broken, and long prose gets what is left over."""
    size, plain = design.style("cell").fontSize, re.compile(r"<[^>]+>")
    texts = [[plain.sub("", cell) for cell in column] for column in zip(*rows, strict=True)]
    measure = partial(stringWidth, fontName=design.bold, fontSize=size)
    least = [max(measure(word) for cell in column for word in cell.split() or [""]) + 9 for column in texts]
    wish = [max(measure(cell) for cell in column) + 9 for column in texts]
    spare = design.column_width - sum(least)
    if spare < 0:
        raise ValueError(f"a table of {len(least)} columns is too wide for {design.title!r}: {rows[0]}")
    # The square root keeps one long sentence from starving its neighbours.
    wants = [max(w - n, 0.0) ** 0.5 + 0.01 for w, n in zip(wish, least, strict=True)]
    widths = [n + spare * want / sum(wants) for n, want in zip(least, wants, strict=True)]
    if sum(wish) <= design.column_width:
        stretch = (design.column_width - sum(wish)) / len(wish)
        widths = [w + stretch for w in wish]
    return widths


def chart(text: str, design: Design) -> list[Flowable]:
    """Grouped bars. First line: `| series | series`; then `label | number | number` a line; needs a caption before."""
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    drawing = Drawing(design.column_width, 5.2 * cm)
    bars = VerticalBarChart()
    bars.x, bars.y, bars.width, bars.height = 34, 42, design.column_width - 44, 3.4 * cm
    bars.data = [[float(line[n]) for line in lines] for n in range(1, len(head))]
    bars.categoryAxis.categoryNames = [line[0] for line in lines]
    bars.valueAxis.valueMin, bars.valueAxis.rangeRound = 0, "ceiling"
    bars.barSpacing, bars.groupSpacing, bars.strokeColor = 1, 10, None
    bars.valueAxis.visibleGrid, bars.valueAxis.gridStrokeColor = 1, RULE
    for axis in (bars.categoryAxis, bars.valueAxis):
        axis.labels.fontName, axis.labels.fontSize = design.font, 7.5
        axis.strokeColor = QUIET
    legend = Legend()
    legend.x, legend.y, legend.alignment, legend.columnMaximum = 34, 14, "right", 1
    legend.fontName, legend.fontSize, legend.dx, legend.dy, legend.deltax = design.font, 7.5, 7, 7, 60
    shades = [Color(*(1 - (1 - c) * k for c in design.accent.rgb())) for k in (1.0, 0.62, 0.32)]
    for n in range(len(bars.data)):
        bars.bars[n].fillColor, bars.bars[n].strokeColor = shades[n], None
    legend.colorNamePairs = [(shades[n], name) for n, name in enumerate(head[1:])]
    legend.strokeColor = None
    drawing.add(bars)
    drawing.add(legend)
    return [drawing, Spacer(1, 6)]


# Flowables → PDF -----------------------------------------------------------------------------------------------------


class SampleDocument(BaseDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """Adds what a made-on-purpose PDF has: outline, contents, running header, page labels, metadata."""

    def __init__(self, path: Path, design: Design) -> None:
        super().__init__(
            str(path),
            pagesize=design.page,
            invariant=1,
            pageCompression=0,
            title=f"{design.title} ({design.edition})",
            author=design.organisation,
            subject=design.subject,
            creator="Second Pass sample maker",
            keywords=["sample document", "invented", "CC0"],
            lang="en-GB",
            displayDocTitle=True,
        )
        self.design = design
        self.front_pages = 2 if design.cover else 0
        self.addPageTemplates(page_templates(design, self))

    def beforeDocument(self) -> None:
        self.headings = 0

    def afterFlowable(self, flowable: Flowable) -> None:
        level = {"h1": 0, "h2": 1}.get(style_name(flowable))
        if level is None:
            return
        self.headings += 1
        key, text = f"heading-{self.headings}", flowable.getPlainText()
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level=level, closed=level == 0)
        self.notify("TOCEntry", (level, text, self.page - self.front_pages, key))

    def label(self) -> str:
        """What is printed at the foot of the current page: i, ii, then 1, 2, …"""
        return "i" * self.page if self.page <= self.front_pages else str(self.page - self.front_pages)


def page_templates(design: Design, document: SampleDocument) -> list[PageTemplate]:
    width, height = design.page
    top, bottom = 2.3 * cm, 2.1 * cm

    def frames(head: float = 0.0) -> list[Frame]:
        gap = 0.7 * cm
        plain = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
        tall = height - top - bottom - head
        step = design.column_width + gap
        made = [
            Frame(design.margin + n * step, bottom, design.column_width, tall, id=f"column{n}", **plain)
            for n in range(design.columns)
        ]
        if head:
            wide = width - 2 * design.margin
            made.insert(0, Frame(design.margin, height - top - head, wide, head, id="head", **plain))
        return made

    def furniture(canvas: Any, _: BaseDocTemplate) -> None:
        """Running header, rule and page label."""
        if canvas.getPageNumber() == 1:
            canvas.addPageLabel(0, style="ROMAN_LOWER" if document.front_pages else "ARABIC", start=1)
            if document.front_pages:
                canvas.addPageLabel(document.front_pages, style="ARABIC", start=1)
        canvas.saveState()
        canvas.setFillColor(QUIET)
        canvas.setFont(design.font, 8)
        canvas.drawString(design.margin, height - 1.4 * cm, design.title)
        canvas.drawRightString(width - design.margin, height - 1.4 * cm, design.edition)
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.5)
        canvas.line(design.margin, height - 1.6 * cm, width - design.margin, height - 1.6 * cm)
        canvas.drawString(design.margin, 1.2 * cm, design.organisation)
        canvas.drawRightString(width - design.margin, 1.2 * cm, document.label())
        canvas.restoreState()

    def cover(canvas: Any, _: BaseDocTemplate) -> None:
        canvas.addPageLabel(0, style="ROMAN_LOWER", start=1)
        canvas.addPageLabel(document.front_pages, style="ARABIC", start=1)
        canvas.saveState()
        canvas.setFillColor(design.accent)
        canvas.rect(0, height * 0.62, width, height * 0.38, stroke=0, fill=1)
        canvas.rect(design.margin, height * 0.62 - 3 * mm, 4 * cm, 1.2 * mm, stroke=0, fill=1)
        canvas.restoreState()

    templates = [PageTemplate("inside", frames(), onPage=furniture)]
    if design.cover:
        templates.insert(0, PageTemplate("cover", [cover_frame(design)], onPage=cover))
    elif design.columns == 2:
        templates.insert(0, PageTemplate("first", frames(head=3.2 * cm), onPage=furniture))
    return templates


def cover_frame(design: Design) -> Frame:
    width, height = design.page
    wide, tall = width - 2 * design.margin, height - 5.5 * cm
    return Frame(design.margin, 2 * cm, wide, tall, id="cover", leftPadding=0, rightPadding=0)


def opening(design: Design) -> list[Flowable]:
    """Cover and contents, or a title block at the head of page one."""
    say = partial(ParagraphStyle, fontName=design.font, textColor=INK)
    head = partial(ParagraphStyle, fontName=design.bold, textColor=design.accent)
    notice = Paragraph(design.notice, say("notice", fontSize=8.4, leading=11.4, textColor=QUIET))
    if design.cover:
        toc = TableOfContents(dotsMinLevel=0)
        toc.tableStyle = TableStyle([("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 0)])
        toc.levelStyles = [
            say("toc0", fontName=design.bold, fontSize=10.2, leading=14, spaceBefore=5),
            say("toc1", fontSize=9.4, leading=12.6, leftIndent=14),
        ]
        return [
            Paragraph(design.organisation, say("cover-by", fontSize=11, leading=14, textColor=white)),
            Spacer(1, 2.2 * cm),
            Paragraph(design.title, say("cover-title", fontName=design.bold, fontSize=29, leading=34, textColor=white)),
            Spacer(1, 4 * mm),
            Paragraph(design.subtitle, say("cover-sub", fontSize=13.5, leading=18, textColor=white)),
            Spacer(1, 6.6 * cm),
            Paragraph(design.edition, say("cover-edition", fontName=design.bold, fontSize=12, leading=16)),
            Spacer(1, 4 * mm),
            notice,
            NextPageTemplate("inside"),
            PageBreak(),
            Paragraph("Contents", head("contents", fontSize=17, leading=24)),
            toc,
            PageBreak(),
        ]
    title = Paragraph(design.title, head("title", fontSize=20, leading=24))
    subtitle = Paragraph(design.subtitle, say("subtitle", fontSize=11.5, leading=15, spaceBefore=3, spaceAfter=5))
    close: list[Flowable] = [NextPageTemplate("inside"), FrameBreak()] if design.columns == 2 else [Spacer(1, 4 * mm)]
    return [title, subtitle, notice, *close]


def make(source: Path, folder: Path) -> Path:
    """Writes one sample PDF into `folder` and returns its path."""
    design, text = read_source(source)
    path = folder / f"{source.stem}.pdf"
    SampleDocument(path, design).multiBuild([*opening(design), *flowables(text, design)])
    return path


def make_all(folder: Path) -> list[Path]:
    """Writes every sample PDF into `folder`; the paths come back sorted by name."""
    folder.mkdir(parents=True, exist_ok=True)
    return [make(source, folder) for source in sorted(SOURCES.glob("*.md"))]


# Golden questions ----------------------------------------------------------------------------------------------------


def page_texts(path: Path) -> list[str]:
    """The text of each page, in page order, with every run of white space as one blank."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def pages_with(evidence: str, texts: list[str]) -> list[int]:
    """The 1-based physical pages whose text contains the quote."""
    return [number for number, text in enumerate(texts, start=1) if " ".join(evidence.split()) in text]


def number_golden_pages(golden: Path, folder: Path) -> int:
    """Looks up each row's pages from its evidence and rewrites the file; returns the number of rows.

    `relevant[i]` is where `evidence[i]` stands. Raises ValueError naming every quote that is not on exactly one page.
    """
    texts = {path.name: page_texts(path) for path in folder.glob("*.pdf")}
    rows = [json.loads(line) for line in golden.read_text(encoding="utf-8").splitlines()]
    wrong: list[str] = []
    for row in rows:
        for place, evidence in zip(row["relevant"], row["evidence"], strict=True):
            found = pages_with(evidence, texts[place["document"]])
            if len(found) != 1:
                wrong.append(f"{row['id']}: {evidence!r} is on pages {found} of {place['document']}")
            place["page"] = found[0] if found else 0
    if wrong:
        raise ValueError("\n".join(wrong))
    golden.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample PDFs and number the golden questions' pages.")
    parser.add_argument("--to", type=Path, help="write the PDFs here and leave golden.jsonl as it is")
    folder = parser.parse_args().to
    for path in make_all(folder or SAMPLES):
        print(f"{path.name}: {len(page_texts(path))} pages, {path.stat().st_size / 1000:.0f} kB")
    if folder is None:
        print(f"golden.jsonl: {number_golden_pages(SAMPLES / 'golden.jsonl', SAMPLES)} questions")


if __name__ == "__main__":
    main()
