"""What the library in SQL holds: documents and their passages, as a question and the pages read them.

SQL is the only truth; every index can be rebuilt from here. What changes a document's state is in queue.py.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row, Select, bindparam, func, insert, select

from ingest.block_json import block_from_json, block_to_json, box_from_json, box_to_json
from ingest.documents import Chunk, Document, EncodedChunk, EncodedText, Passage, Status
from ingest.errors import UnknownName
from ingest.store.sql.changes import change_number
from ingest.store.sql.collections import collection_name
from ingest.store.sql.database import reading, writing
from ingest.store.sql.tables import chunks, collections, documents, vectors

IN_WORK = (Status.PARSING, Status.INDEXING)
_IDS_A_QUERY = 500


@dataclass(frozen=True, kw_only=True)
class Stats:
    """Counts for the whole library; `bytes` are the files', `database_bytes` SQL's own."""

    documents: dict[Status, int]
    chunks: int
    pages: int
    bytes: int
    database_bytes: int


class SqlDocuments:
    """Thread-safe; every method is one transaction. Nothing slow happens inside one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._ready_at = -1
        self._ready: tuple[Document, ...] = ()

    # ---- what a question asks -----------------------------------------------------------------------------

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """Chunks in the order of `ids`; ids that are unknown or whose document is not ready are left out."""
        found: dict[str, Chunk] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(ids), _IDS_A_QUERY):
                # Two look-ups by key, not a join: SQLite would begin a join at the ready documents, all of them.
                rows = connection.execute(_CHUNKS_BY_ID, {"ids": ids[start : start + _IDS_A_QUERY]}).all()
                owners = {row.document_id for row in rows}
                of = {row.id: row for row in connection.execute(_READY_BY_ID, {"ids": list(owners)})}
                found |= {row.id: _chunk(row, of[row.document_id]) for row in rows if row.document_id in of}
        return [found[wanted] for wanted in ids if wanted in found]

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        """The chunk with those just before and after it in its document, in reading order."""
        near = chunks.c.position.between(chunk.position - before, chunk.position + after)
        with reading(self._engine) as connection:
            rows = connection.execute(
                _ready_chunks().where(chunks.c.document_id == chunk.document_id, near).order_by(chunks.c.position)
            )
            return [_chunk(row, row) for row in rows]

    def has_ready_documents(self) -> bool:
        """Whether anything can be found at all."""
        with reading(self._engine) as connection:
            query = select(documents.c.id).where(documents.c.status == Status.READY).limit(1)
            return connection.execute(query).one_or_none() is not None

    def ready_documents(self) -> tuple[Document, ...]:
        """The ready documents, newest first; read again only when one came, went or was renamed."""
        with reading(self._engine) as connection:
            now = change_number(connection)
            with self._lock:
                if now == self._ready_at:
                    return self._ready
            query = select_documents().where(documents.c.status == Status.READY)
            rows = connection.execute(query.order_by(documents.c.added_at.desc(), documents.c.id))
            found = tuple(as_document(row) for row in rows)
        with self._lock:
            self._ready_at, self._ready = now, found
        return found

    # ---- what the pages and the keeping ask ---------------------------------------------------------------

    def documents(self, collection: str | None = None, name_contains: str = "") -> list[Document]:
        """All documents but those being deleted, newest first; `name_contains` looks in names and titles."""
        query = select_documents().where(documents.c.status != Status.DELETING)
        if collection is not None:
            query = query.where(collections.c.name == collection_name(collection))
        if name_contains:
            query = query.where(
                documents.c.name.icontains(name_contains, autoescape=True)
                | documents.c.title.icontains(name_contains, autoescape=True)
            )
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(documents.c.added_at.desc(), documents.c.id))
            return [as_document(row) for row in rows]

    def document(self, document_id: str) -> Document | None:
        """The document in whatever status, also `deleting`; None when there is none."""
        with reading(self._engine) as connection:
            row = connection.execute(select_documents().where(documents.c.id == document_id)).one_or_none()
            return as_document(row) if row else None

    def known(self, document_id: str) -> Document:
        """The document in whatever status. Raises UnknownName."""
        document = self.document(document_id)
        if document is None:
            raise UnknownName("document", document_id, [known.id for known in self.documents()])
        return document

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """All passages of a document in reading order, whatever its status (the extracted-text preview)."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                _all_chunks().where(chunks.c.document_id == document_id).order_by(chunks.c.position)
            )
            return [_chunk(row, row) for row in rows]

    def encoded_chunks(self, document_id: str) -> list[EncodedChunk]:
        """A document's passages with their dense vectors as saved, without token vectors (those have (0, 0) arrays).

        Empty when the vectors are lost (see `without_vectors`).
        """
        saved = self.document_chunks(document_id)
        with reading(self._engine) as connection:
            row = connection.execute(select(vectors).where(vectors.c.document_id == document_id)).one_or_none()
        if row is None or len(row.data) != 4 * row.dimensions * len(saved):
            return []
        matrix = np.frombuffer(row.data, dtype="<f4").reshape(-1, row.dimensions)
        return [
            EncodedChunk(chunk=chunk, encoded=EncodedText(vector=vector, tokens=_NO_TOKENS, token_ids=_NO_IDS))
            for chunk, vector in zip(saved, matrix, strict=True)
        ]

    def make_chunks(self, document_id: str, passages: Sequence[Passage]) -> list[Chunk]:
        """Passages as the chunks that they will be (ids, title, collection), before they are encoded and saved."""
        document = self.known(document_id)
        return [
            Chunk(
                id=chunk_id(document_id, passage.position),
                document_id=document_id,
                document_name=document.name,
                title=document.title,
                collection=document.collection,
                position=passage.position,
                page=passage.page,
                section=passage.section,
                text=passage.text,
                boxes=passage.boxes,
                blocks=passage.blocks,
            )
            for passage in passages
        ]

    # ---- what a comparison with the other stores asks -----------------------------------------------------

    def ready_chunk_ids(self, embedder: str | None = None) -> set[str]:
        """Ids of every passage that may be found; with `embedder`, only of documents that were built with it."""
        query = select(chunks.c.id).join(documents).where(documents.c.status == Status.READY)
        if embedder is not None:
            query = query.where(documents.c.embedder == embedder)
        with reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def chunk_ids_in_work(self) -> set[str]:
        """Ids of saved passages whose document is not ready yet: an index may hold them, nobody may find them."""
        query = select(chunks.c.id).join(documents).where(documents.c.status.in_(IN_WORK))
        with reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def sha256s(self) -> dict[str, list[str]]:
        """Names of the documents by the SHA-256 of their file, in whatever status."""
        found: dict[str, list[str]] = {}
        with reading(self._engine) as connection:
            for sha256, name in connection.execute(select(documents.c.sha256, documents.c.name)):
                found.setdefault(sha256, []).append(name)
        return found

    def without_vectors(self) -> list[str]:
        """Ids of ready documents whose row of dense vectors is lost, or is not as long as their passages need."""
        held = (
            select(chunks.c.document_id, func.count().label("number")).group_by(chunks.c.document_id).subquery("held")
        )
        right = func.length(vectors.c.data) == 4 * vectors.c.dimensions * held.c.number
        query = (
            select(documents.c.id)
            .join(held, held.c.document_id == documents.c.id)
            .outerjoin(vectors, vectors.c.document_id == documents.c.id)
            .where(documents.c.status == Status.READY, func.coalesce(right, False).is_(False))
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query.order_by(documents.c.id)).scalars())

    def save_vectors(self, document_id: str, encoded: Sequence[EncodedText]) -> None:
        """Dense vectors of a document's passages, in order of their position, in place of what was lost."""
        with writing(self._engine) as connection:
            connection.execute(vectors.delete().where(vectors.c.document_id == document_id))
            connection.execute(insert(vectors).values(document_id=document_id, **vectors_row(encoded)))

    def stats(self) -> Stats:
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(documents.c.status, func.count().label("number")).group_by(documents.c.status)
            ).all()
            totals = connection.execute(
                select(
                    func.coalesce(func.sum(documents.c.chunks), 0).label("chunks"),
                    func.coalesce(func.sum(documents.c.pages), 0).label("pages"),
                    func.coalesce(func.sum(documents.c.bytes), 0).label("bytes"),
                ).where(documents.c.status == Status.READY)
            ).one()
            size = 0
            if connection.dialect.name == "sqlite":
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                size = pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        return Stats(
            documents={Status(row.status): row.number for row in rows},
            chunks=totals.chunks,
            pages=totals.pages,
            bytes=totals.bytes,
            database_bytes=size,
        )


def chunk_id(document_id: str, position: int) -> str:
    """Derived, so that every write of a passage is an upsert; the document's id covers its pipeline."""
    return f"{document_id}-{position:05d}"


def document_of(chunk_id: str) -> str:
    """The document's id within a chunk's."""
    return chunk_id.rpartition("-")[0]


def storable(text: str) -> str:
    """Without lone surrogates and NUL, which SQL refuses."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def select_documents() -> Select[Any]:
    """Rows for `as_document`."""
    return select(documents, collections.c.name.label("collection")).join_from(documents, collections)


def as_document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        name=row.name,
        title=row.title,
        collection=row.collection,
        status=Status(row.status),
        reason=row.reason,
        error=row.error,
        pages=row.pages,
        chunks=row.chunks,
        pages_done=row.pages_done,
        chunks_done=row.chunks_done,
        bytes=row.bytes,
        sha256=row.sha256,
        added_at=row.added_at,
        seconds=row.seconds,
        replaces=row.replaces,
    )


def chunk_row(chunk: Chunk) -> dict[str, Any]:
    """The row of `chunks` that `_chunk` reads back."""
    return {
        "id": chunk.id,
        "document_id": chunk.document_id,
        "position": chunk.position,
        "page": chunk.page,
        "section": storable(chunk.section),
        "text": storable(chunk.text),
        "boxes": _compact([box_to_json(box) for box in chunk.boxes]),
        "blocks": _compact([block_to_json(block) for block in chunk.blocks]) if chunk.blocks else "",
    }


def _compact(values: list[Any]) -> str:
    return storable(json.dumps(values, ensure_ascii=False, separators=(",", ":")))


def vectors_row(encoded: Sequence[EncodedText]) -> dict[str, Any]:
    """(n, d) little-endian float32 of n passages in order of their position."""
    matrix = np.stack([text.vector for text in encoded]).astype("<f4") if encoded else np.zeros((0, 0), "<f4")
    return {"dimensions": matrix.shape[1], "data": matrix.tobytes()}


_NO_TOKENS: NDArray[np.int8] = np.zeros((0, 0), np.int8)
_NO_IDS: NDArray[np.int32] = np.zeros(0, np.int32)


def _all_chunks() -> Select[Any]:
    return select(chunks, documents.c.name, documents.c.title, collections.c.name.label("collection")).select_from(
        chunks.join(documents).join(collections)
    )


def _ready_chunks() -> Select[Any]:
    return _all_chunks().where(documents.c.status == Status.READY)


_CHUNKS_BY_ID = select(chunks).where(chunks.c.id.in_(bindparam("ids", expanding=True)))
_READY_BY_ID = select_documents().where(
    documents.c.id.in_(bindparam("ids", expanding=True)), documents.c.status == Status.READY
)


def _chunk(row: Row[Any], document: Row[Any]) -> Chunk:
    return Chunk(
        id=row.id,
        document_id=row.document_id,
        document_name=document.name,
        title=document.title,
        collection=document.collection,
        position=row.position,
        page=row.page,
        section=row.section,
        text=row.text,
        boxes=tuple(map(box_from_json, json.loads(row.boxes))),
        blocks=tuple(map(block_from_json, json.loads(row.blocks or "[]"))),
    )
