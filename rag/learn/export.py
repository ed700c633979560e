"""Judged questions as JSON lines or CSV, for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from ingest.questions import AskedQuestion

_COLUMNS = (
    "question_id asked_at question outcome kind thumb reasons comment relevant chunk_id document page rank marked_at"
).split()


def export_jsonl(asked: Iterable[AskedQuestion]) -> str:
    """One judged question a line, with thumb, marks, every stage's rank of the marked passages and configuration."""
    return "".join(json.dumps(_exported(row), ensure_ascii=False) + "\n" for row in asked if row.marks or row.thumb)


def _exported(row: AskedQuestion) -> dict[str, object]:
    thumb = row.thumb
    return {
        "id": row.id,
        "conversation_id": row.conversation_id,
        "asked_at": in_utc(row.asked_at).isoformat(),
        "question": row.question,
        "outcome": row.outcome,
        "answer": row.answer.get("text", ""),
        "thumb": thumb
        and {"value": thumb.value, "reasons": list(thumb.reasons), "comment": thumb.comment, "at": _iso(thumb.at)},
        "marks": [
            {
                "chunk_id": mark.chunk_id,
                "document": mark.document,
                "page": mark.page,
                "relevant": mark.relevant,
                "ranks": _ranks(row, mark.chunk_id),
                "at": _iso(mark.at),
            }
            for mark in row.marks
        ],
        "configuration": row.configuration,
    }


def export_csv(asked: Iterable[AskedQuestion]) -> str:
    """A row per mark and per thumb. Cells that a spreadsheet would run as a formula are led by an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in asked:
        common = {
            "question_id": row.id,
            "asked_at": in_utc(row.asked_at).isoformat(),
            "question": row.question,
            "outcome": row.outcome,
        }
        if row.thumb:
            thumb = {"kind": "thumb", "thumb": row.thumb.value, "comment": row.thumb.comment}
            thumb |= {"reasons": "; ".join(row.thumb.reasons), "marked_at": _iso(row.thumb.at)}
            writer.writerow(_harmless(common | thumb))
        for mark in row.marks:
            cells = {"kind": "mark", "relevant": int(mark.relevant), "chunk_id": mark.chunk_id, "page": mark.page}
            cells |= {"document": mark.document, "marked_at": _iso(mark.at)}
            ranks = _ranks(row, mark.chunk_id)
            cells |= {"rank": list(ranks.values())[-1] if ranks else ""}
            writer.writerow(_harmless(common | cells))
    return out.getvalue()


def _harmless(cells: Mapping[str, object]) -> dict[str, object]:
    """See OWASP, "CSV injection": questions and comments come from outside."""
    return {
        name: f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
        for name, value in cells.items()
    }


def _ranks(row: AskedQuestion, chunk_id: str) -> dict[str, int]:
    return {
        stage["name"]: rank
        for stage in row.trace.get("stages", ())
        for rank, place in enumerate(stage["ranking"], start=1)
        if place["chunk_id"] == chunk_id
    }


def in_utc(at: datetime) -> datetime:
    """SQLite gives back times without a zone; ours are UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _iso(at: datetime | None) -> str:
    return in_utc(at).isoformat() if at else ""
