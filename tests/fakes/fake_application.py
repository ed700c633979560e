"""A small hand-written application: everything that the screens call, in memory, without a model or a store."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.settings import Settings
from ingest.documents import Box, Chunk, Document, Status
from ingest.errors import WrongPassword
from ingest.questions import AskedQuestion, Conversation, PassageMark, Signal, Thumb
from ingest.store.reconcile import Report
from rag.engine import Options
from rag.ranking import Candidate, Ranking
from rag.stages import Kind
from rag.tracing import Answer, Citation, Outcome, Step, Trace, answer_to_json, figures_of, trace_to_json

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
VACCINES = ("Varicella", "Measles", "Influenza", "Rabies", "Hepatitis B", "Polio")


def a_chunk(number: int, *, document: str = "storage.pdf", text: str = "", **changes: Any) -> Chunk:
    name = VACCINES[number % len(VACCINES)]
    values: dict[str, Any] = {
        "id": f"c{number:02d}",
        "document_id": "d-" + document,
        "document_name": document,
        "position": number,
        "page": number // 3 + 1,
        "section": f"{name} vaccine",
        "title": "Cold chain handbook",
        "text": text
        or f"{name} vaccine is stored between {number % 7 + 1} °C and {number % 7 + 5} °C. Once opened, a vial is "
        f"used within {number + 2} hours.\nProtect it from light. Report every excursion on form F-{number}.",
        "boxes": (
            Box(page=number // 3 + 1, left=70, top=90 + 80 * (number % 3), right=520, bottom=150 + 80 * (number % 3)),
        ),
    }
    return Chunk(**(values | changes))


def a_document(name: str = "storage.pdf", **changes: Any) -> Document:
    values: dict[str, Any] = {
        "id": "d-" + name,
        "name": name,
        "title": "Cold chain handbook",
        "collection": "default",
        "status": Status.READY,
        "reason": "",
        "pages": 10,
        "chunks": 30,
        "pages_done": 10,
        "chunks_done": 30,
        "bytes": 1_400_000,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "added_at": NOW,
        "seconds": 3.2,
    }
    return Document(**(values | changes))


def a_trace(
    question: str, chunks: Sequence[Chunk], *, keep: int | None = 20, evidence: int = 5, salt: str = "", **changes: Any
) -> Trace:
    """A trace whose orders are a fixed shuffle of the chunks: the same question always gives the same one."""

    def noise(kind: str, chunk: Chunk) -> float:
        digest = hashlib.sha256(f"{salt}{question}{kind}{chunk.id}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32

    union = Ranking(candidates=tuple(Candidate(chunk=chunk) for chunk in chunks))
    bm25 = union.reordered("bm25", [12 * noise("b", chunk) for chunk in union.chunks])
    dense = bm25.reordered("dense", [noise("d", chunk) for chunk in bm25.chunks])
    hybrid = dense.reordered("hybrid", [noise("b", c) + noise("d", c) for c in dense.chunks])
    fast = hybrid.reordered("fast", [noise("b", c) + noise("f", c) for c in hybrid.chunks])
    precise = fast.top(keep).reordered(
        "precise", [9 * noise("f", c) + noise("p", c) - 4 for c in fast.top(keep).chunks]
    )
    values: dict[str, Any] = {
        "question": question,
        "searched": question,
        "steps": (
            Step(name="bm25", kind=Kind.RETRIEVAL, ms=1.1, ranking=bm25, model="tantivy"),
            Step(name="dense", kind=Kind.RETRIEVAL, ms=2.4, ranking=dense, model="chroma"),
            Step(name="hybrid", kind=Kind.FUSION, ms=0.9, ranking=hybrid, model="rrf"),
            Step(name="fast", kind=Kind.RERANK, ms=31.0, ranking=fast, scored=len(chunks), model="late-interaction"),
            Step(name="precise", kind=Kind.RERANK, ms=212.0, ranking=precise, scored=len(precise), model="builtin"),
        ),
        "evidence": precise.top(evidence),
        "configuration": {"fast_keep": keep, "evidence": evidence},
    }
    return Trace(**(values | changes))


def an_answer(trace: Trace, text: str | None = None, **changes: Any) -> Answer:
    given = trace.evidence.chunks
    sentence = given[0].text.split(". ")[0] + "." if given else ""
    values: dict[str, Any] = {
        "text": text if text is not None else f"{sentence} [1] See also the note on light. [3]",
        "outcome": Outcome.ANSWERED,
        "citations": tuple(
            Citation(number=n, chunk_id=given[n - 1].id, document=given[n - 1].document_name, page=given[n - 1].page,
                     sentences=(sentence,) if n == 1 else ())
            for n in (1, 3) if len(given) >= n
        ),
        "generator": "quoted from the passages",
        "ms": 18.0,
        "confidence": 0.83,
    }  # fmt: skip
    return Answer(**(values | changes))


def asked_question(trace: Trace, answer: Answer, **changes: Any) -> AskedQuestion:
    values: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "conversation_id": "talk",
        "asked_at": NOW,
        "question": trace.question,
        "outcome": answer.outcome.value,
        "total_ms": trace.total_ms + answer.ms,
        "trace": trace_to_json(trace, texts=20, places=False),
        "answer": answer_to_json(answer),
        "configuration": {},
        "figures": figures_of(trace),
    }
    return AskedQuestion(**(values | changes))


class FakeStore:
    def __init__(self, documents: list[Document], chunks: list[Chunk]) -> None:
        self.rows, self.held = documents, chunks

    def documents(self, collection: str | None = None) -> list[Document]:
        return [row for row in self.rows if collection in (None, row.collection)]

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        by_id = {chunk.id: chunk for chunk in self.held}
        return [by_id[chunk_id] for chunk_id in ids if chunk_id in by_id]

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        return [
            other
            for other in self.held
            if other.document_id == chunk.document_id and -before <= other.position - chunk.position <= after
        ]


class FakeJournal:
    def __init__(self) -> None:
        self.rows: dict[str, AskedQuestion] = {}
        self.signalled: list[Signal] = []

    def record(self, asked: AskedQuestion) -> None:
        self.rows[asked.id] = asked

    def question(self, question_id: str) -> AskedQuestion | None:
        return self.rows.get(question_id)

    def trace(self, question_id: str) -> dict[str, Any]:
        return self.rows[question_id].trace

    def questions(
        self,
        *,
        conversation_id: str | None = None,
        judged: bool = False,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> list[AskedQuestion]:
        rows = [row for row in self.rows.values() if conversation_id in (None, row.conversation_id)]
        rows = [replace(row, trace={}) for row in rows if row.marks or row.thumb or not judged]
        return sorted(rows, key=lambda row: row.asked_at, reverse=newest_first)[:limit]

    def conversations(self, owner: str = "") -> list[Conversation]:
        first: dict[str, AskedQuestion] = {}
        for row in self.rows.values():
            first.setdefault(row.conversation_id, row)
        return [Conversation(id=i, title=row.question, started_at=row.asked_at) for i, row in first.items()]

    def delete_conversation(self, conversation_id: str) -> None:
        self.rows = {i: row for i, row in self.rows.items() if row.conversation_id != conversation_id}

    def thumb(self, thumb: Thumb) -> None:
        self.rows[thumb.question_id] = replace(self.rows[thumb.question_id], thumb=thumb)

    def remove_thumb(self, question_id: str) -> None:
        self.rows[question_id] = replace(self.rows[question_id], thumb=None)

    def mark(self, mark: PassageMark) -> None:
        self.remove_mark(mark.question_id, mark.chunk_id)
        row = self.rows[mark.question_id]
        self.rows[row.id] = replace(row, marks=(*row.marks, mark))

    def remove_mark(self, question_id: str, chunk_id: str) -> None:
        row = self.rows[question_id]
        self.rows[row.id] = replace(row, marks=tuple(mark for mark in row.marks if mark.chunk_id != chunk_id))

    def signal(self, signal: Signal) -> None:
        self.signalled.append(signal)

    def signals(self) -> list[Signal]:
        return self.signalled


@dataclass(frozen=True, kw_only=True)
class FakeAdded:
    document: Document
    existed: bool


class FakeLibrary:
    report = Report()

    def __init__(self, store: FakeStore) -> None:
        self.store = store

    def add(
        self,
        source: bytes,
        name: str,
        *,
        collection: str = "default",
        replace: bool = False,
        password: str | None = None,
    ) -> FakeAdded:
        known = next((row for row in self.store.rows if row.name == name), None)
        if known and not replace:
            return FakeAdded(document=known, existed=True)
        if source.startswith(b"locked"):
            added = a_document(
                name,
                status=Status.FAILED,
                reason="password needed",
                error="PasswordNeeded",
                chunks=0,
                collection=collection,
            )
        else:
            added = a_document(name, bytes=len(source), pages=1, chunks=1, collection=collection)
            self.store.held.append(a_chunk(0, document=name, id=f"c-{name}", text=source.decode("utf-8", "replace")))
        self.store.rows.append(added)
        return FakeAdded(document=added, existed=False)

    def _change(self, document_id: str, **changes: Any) -> None:
        self.store.rows[:] = [replace(row, **changes) if row.id == document_id else row for row in self.store.rows]

    def delete(self, document_id: str) -> None:
        self.store.rows[:] = [row for row in self.store.rows if row.id != document_id]
        self.store.held[:] = [chunk for chunk in self.store.held if chunk.document_id != document_id]

    def retry(self, document_id: str, password: str | None = None) -> None:
        if password == "wrong":
            raise WrongPassword()
        self._change(document_id, status=Status.READY, reason="")

    def cancel(self, document_id: str) -> None:
        self._change(document_id, status=Status.CANCELLED, reason="cancelled")

    def collections(self) -> list[str]:
        return sorted({row.collection for row in self.store.rows})

    def documents(self, collection: str | None = None) -> list[Document]:
        return self.store.documents(collection)

    def preview(self, document_id: str, page: int) -> str:
        return "\n\n".join(c.text for c in self.store.held if c.document_id == document_id and c.page == page)

    def page_png(self, document_id: str, page: int, boxes: Sequence[Box] = (), width: int = 900) -> bytes:
        from PIL import Image, ImageDraw

        scale = width / 595
        picture = Image.new("RGB", (width, int(842 * scale)), "white")
        draw = ImageDraw.Draw(picture)
        for box in boxes:
            draw.rectangle([v * scale for v in (box.left, box.top, box.right, box.bottom)], fill="#F8E7A8")
        for number, chunk in enumerate(c for c in self.store.held if c.document_id == document_id and c.page == page):
            draw.text((70 * scale, (95 + 80 * number) * scale), chunk.text.encode("ascii", "replace"), fill="black")
        out = io.BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()

    def file_bytes(self, document_id: str) -> bytes:
        return b"%PDF-1.4 fake"


class FakeStream:
    def __init__(self, trace: Trace, answer: Answer, asked: AskedQuestion, journal: FakeJournal) -> None:
        self.trace, self._answer, self._asked, self._journal = trace, answer, asked, journal
        self.record_id, self.conversation_id = asked.id, asked.conversation_id

    def __iter__(self) -> Iterator[str]:
        for word in self._answer.text.split(" "):
            yield word + " "
        self._journal.record(self._asked)

    @property
    def answer(self) -> Answer:
        return self._answer


class FakeEngine:
    """`answers` maps a question to the answer's text; anything else is quoted from the first passage."""

    def __init__(self, store: FakeStore, journal: FakeJournal) -> None:
        self.store, self.journal = store, journal
        self.options = Options()
        self.answers: dict[str, str] = {}
        self.fails: Exception | None = None
        self.asked: list[dict[str, Any]] = []

    def retrieve(
        self, question: str, *, collections: Sequence[str] = (), document_ids: Sequence[str] = (), options: Any = None
    ) -> Trace:
        if self.fails:
            raise self.fails
        chosen = options or self.options
        chunks = [c for c in self.store.held if not document_ids or c.document_id in document_ids]
        salt = "" if options is None else chosen.cascade[-1].reranker
        return a_trace(question, chunks, keep=chosen.cascade[0].keeps, evidence=chosen.evidence, salt=salt)

    def ask(self, question: str, *, conversation_id: str, **scope: Any) -> FakeStream:
        self.asked.append({"question": question, **scope})
        trace = self.retrieve(question, **scope)
        answer = an_answer(trace, self.answers.get(question))
        at = NOW + timedelta(minutes=len(self.journal.rows))
        asked = asked_question(trace, answer, conversation_id=conversation_id, asked_at=at)
        return FakeStream(trace, answer, asked, self.journal)


@dataclass(frozen=True, kw_only=True)
class FakeHealth:
    name: str
    ok: bool
    detail: str = ""


@dataclass(kw_only=True)
class FakeApplication:
    settings: Settings = field(default_factory=Settings)
    store: FakeStore = field(
        default_factory=lambda: FakeStore([a_document()], [a_chunk(number) for number in range(30)])
    )
    journal: FakeJournal = field(default_factory=FakeJournal)

    def __post_init__(self) -> None:
        self.library = FakeLibrary(self.store)
        self.engine = FakeEngine(self.store, self.journal)

    def health(self) -> list[FakeHealth]:
        return [
            FakeHealth(name="Database", ok=True, detail="SQLite, 30 passages"),
            FakeHealth(name="Vectors", ok=True, detail="Chroma, 30 of 30"),
            FakeHealth(name="Precise reranker", ok=False, detail="weights are not here"),
        ]

    def models_ready(self) -> bool:
        return True

    def models_note(self) -> str:
        return ""
