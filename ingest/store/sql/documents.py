"""The library in SQL: documents, their life and their passages. Everything else can be rebuilt from here."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, func, insert, select, update

from ingest.block_json import block_from_json, block_to_json, box_from_json, box_to_json
from ingest.documents import Chunk, Document, EncodedChunk, EncodedText, Passage, Status
from ingest.errors import Cancelled, SecondPassError, UnknownName
from ingest.store.failpoints import reach
from ingest.store.files.folder import Files
from ingest.store.sql.database import outside_transactions, reading, writing
from ingest.store.sql.tables import chunks, collections, documents, vectors
from ingest.titles import display_title

MOST_ATTEMPTS = 3
IN_WORK = (Status.PARSING, Status.INDEXING)
_IDS_A_QUERY = 500


@dataclass(frozen=True, kw_only=True)
class Added:
    """What became of a file: its document, and whether it is new (False: the same bytes were there already)."""

    document: Document
    created: bool


@dataclass(frozen=True, kw_only=True)
class CollectionInfo:
    """One collection; `documents` and `chunks` count what is not being deleted."""

    name: str
    documents: int
    chunks: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Stats:
    """Counts for the whole library; `bytes` are the PDFs', `database_bytes` SQL's own."""

    documents: dict[Status, int]
    chunks: int
    pages: int
    bytes: int
    database_bytes: int


class SqlStore:
    """Thread-safe; every method is one transaction. Nothing slow happens inside one."""

    def __init__(self, engine: Engine, files: Files) -> None:
        self._engine = engine
        self.files = files
        # Between keeping a file and its row, nobody may remove that file for another document's sake.
        self._files_lock = threading.Lock()

    # ---- what the question path asks ----------------------------------------------------------------------

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

    def documents(self, collection: str | None = None, name_contains: str = "") -> list[Document]:
        """All documents but those being deleted, newest first; `name_contains` looks in names and titles."""
        query = _documents().where(documents.c.status != Status.DELETING)
        if collection is not None:
            query = query.where(collections.c.name == collection)
        if name_contains:
            query = query.where(
                documents.c.name.icontains(name_contains, autoescape=True)
                | documents.c.title.icontains(name_contains, autoescape=True)
            )
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(documents.c.added_at.desc(), documents.c.id))
            return [_document(row) for row in rows]

    def document(self, document_id: str) -> Document | None:
        """The document in whatever status, also `deleting`; None when there is none."""
        with reading(self._engine) as connection:
            row = connection.execute(_documents().where(documents.c.id == document_id)).one_or_none()
            return _document(row) if row else None

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """All passages of a document in reading order, whatever its status (the extracted-text preview)."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                _all_chunks().where(chunks.c.document_id == document_id).order_by(chunks.c.position)
            )
            return [_chunk(row, row) for row in rows]

    def file_path(self, document: Document) -> Path:
        """Where the document's PDF lies."""
        return self.files.path(document.sha256)

    # ---- a file's way in ----------------------------------------------------------------------------------

    def add_document(
        self,
        source: Path | bytes,
        *,
        name: str,
        collection: str,
        pipeline: str,
        embedder: str,
        replaces: str = "",
    ) -> Added:
        """Keep the file and queue it as `pending`, or say that the same bytes are there already.

        pipeline, embedder: fingerprints that it is to be built with. The same bytes in the same collection with the
        same fingerprints are one document; one that failed or was cancelled is queued again. Raises DiskFull.
        """
        name = _storable(name)
        with self._files_lock:
            sha256, size = self.files.keep(source)
            with writing(self._engine) as connection:
                key = _collection_key(connection, collection, create=True)
                same = connection.execute(
                    _documents().where(
                        documents.c.collection_key == key,
                        documents.c.sha256 == sha256,
                        documents.c.pipeline == pipeline,
                        documents.c.embedder == embedder,
                        documents.c.status != Status.DELETING,
                    )
                ).one_or_none()
                if same is None:
                    document_id = _free_id(connection, f"{key}\0{sha256}\0{pipeline}\0{embedder}")
                    connection.execute(
                        insert(documents).values(
                            id=document_id,
                            collection_key=key,
                            name=name,
                            title=display_title(name),
                            sha256=sha256,
                            bytes=size,
                            pipeline=pipeline,
                            embedder=embedder,
                            replaces=replaces,
                            status=Status.PENDING,
                            added_at=datetime.now(UTC),
                        )
                    )
                else:
                    document_id = same.id
                    if same.status in (Status.FAILED, Status.CANCELLED):
                        _requeue(connection, documents.c.id == document_id, attempts=0)
                row = connection.execute(_documents().where(documents.c.id == document_id)).one()
        reach("document added")
        return Added(document=_document(row), created=same is None)

    def add_again(self, document_id: str, *, pipeline: str, embedder: str) -> Added:
        """Queue a new build of a document (a re-index): it replaces the old one, which answers until then.

        A document that already has this pipeline and is ready is returned as it is. Raises UnknownName.
        """
        old = self._known(document_id)
        path = self.file_path(old)
        if not path.exists():
            raise SecondPassError(f"The file of {old.name!r} is gone from the data directory: add it again.")
        return self.add_document(
            path, name=old.name, collection=old.collection, pipeline=pipeline, embedder=embedder, replaces=old.id
        )

    def claim_next(self) -> Document | None:
        """The oldest pending document, now `parsing` and its attempt counted; None when nothing waits."""
        oldest = (
            select(documents.c.id)
            .where(documents.c.status == Status.PENDING)
            .order_by(documents.c.added_at, documents.c.id)
            .limit(1)
        )
        with writing(self._engine) as connection:
            document_id = connection.execute(oldest.with_for_update(skip_locked=True)).scalar_one_or_none()
            if document_id is None:
                return None
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    status=Status.PARSING,
                    attempts=documents.c.attempts + 1,
                    reason="",
                    error="",
                    pages_done=0,
                    chunks_done=0,
                )
            )
            return _document(connection.execute(_documents().where(documents.c.id == document_id)).one())

    def set_status(
        self, document_id: str, status: Status, reason: str = "", *, expected: Collection[Status] = ()
    ) -> bool:
        """Change the status, only from one of `expected` when given; says whether it did."""
        change = update(documents).where(documents.c.id == document_id).values(status=status, reason=_storable(reason))
        if expected:
            change = change.where(documents.c.status.in_(expected))
        with writing(self._engine) as connection:
            return connection.execute(change).rowcount == 1

    def set_progress(
        self,
        document_id: str,
        *,
        title: str | None = None,
        pages: int | None = None,
        pages_done: int | None = None,
        chunks: int | None = None,
        chunks_done: int | None = None,
    ) -> None:
        """Counts for those who wait. `title` is the PDF's own; it is joined with the file's name (`display_title`)."""
        values: dict[str, Any] = {
            name: value
            for name, value in (
                ("pages", pages),
                ("pages_done", pages_done),
                ("chunks", chunks),
                ("chunks_done", chunks_done),
            )
            if value is not None
        }
        with writing(self._engine) as connection:
            if title is not None:
                name = connection.execute(select(documents.c.name).where(documents.c.id == document_id)).scalar()
                values["title"] = display_title(name or "", _storable(title))
            if values:
                connection.execute(update(documents).where(documents.c.id == document_id).values(values))

    def make_chunks(self, document_id: str, passages: Sequence[Passage]) -> list[Chunk]:
        """Passages as the chunks that they will be (ids, title, collection), before they are encoded and saved."""
        document = self._known(document_id)
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

    def save_chunks(self, document_id: str, new: Sequence[Chunk], encoded: Sequence[EncodedText]) -> list[EncodedChunk]:
        """Save a document's passages with their dense vectors in one transaction, in place of any it had.

        Returns them in the shape that the indexes take. Raises Cancelled when the document is no longer in work
        (deleted or stopped meanwhile), with nothing saved.
        """
        pairs = [EncodedChunk(chunk=chunk, encoded=text) for chunk, text in zip(new, encoded, strict=True)]
        matrix = np.stack([text.vector for text in encoded]).astype("<f4") if encoded else np.zeros((0, 0), "<f4")
        rows = [_chunk_row(chunk) for chunk in new]
        with writing(self._engine) as connection:
            _still_in_work(connection, document_id)
            _forget_chunks(connection, documents.c.id == document_id)
            if rows:
                connection.execute(insert(chunks), rows)
            connection.execute(
                insert(vectors).values(document_id=document_id, dimensions=matrix.shape[1], data=matrix.tobytes())
            )
            connection.execute(update(documents).where(documents.c.id == document_id).values(chunks=len(rows)))
        reach("chunks saved")
        return pairs

    def mark_ready(self, document_id: str, *, seconds: float = 0.0, reason: str = "") -> str:
        """The document answers from now on; the one that it replaces is `deleting` from the same moment.

        Returns the replaced document's id, or "": remove it from the indexes, then `finish_delete` it. Raises
        Cancelled when the document is no longer in work.
        """
        with writing(self._engine) as connection:
            replaced = str(_still_in_work(connection, document_id).replaces)
            if replaced:
                gone = connection.execute(
                    update(documents).where(documents.c.id == replaced).values(status=Status.DELETING)
                )
                replaced = replaced if gone.rowcount else ""
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    status=Status.READY,
                    reason=_storable(reason),
                    seconds=seconds,
                    attempts=0,
                    replaces="",
                    pages_done=documents.c.pages,
                    chunks_done=documents.c.chunks,
                )
            )
        reach("marked ready")
        return replaced

    def mark_failed(self, document_id: str, reason: str, *, status: Status = Status.FAILED, error: str = "") -> bool:
        """The document is `failed` (or `cancelled`) with a reason and its kind, and its passages are forgotten.

        Says whether it was still in work; one that was deleted or stopped meanwhile is left alone.
        """
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(documents)
                .where(documents.c.id == document_id, documents.c.status.in_((Status.PENDING, *IN_WORK)))
                .values(status=status, reason=_storable(reason), error=error)
            )
            if changed.rowcount:
                _forget_chunks(connection, documents.c.id == document_id)
            return changed.rowcount == 1

    def retry(self, document_id: str) -> bool:
        """Queue a failed or cancelled document again, with all its attempts; says whether it was one."""
        with writing(self._engine) as connection:
            stopped = documents.c.status.in_((Status.FAILED, Status.CANCELLED))
            return _requeue(connection, (documents.c.id == document_id) & stopped, attempts=0) == 1

    def requeue_unfinished(self) -> list[Document]:
        """At start: documents that a crash left in work are pending again, or `failed` after three attempts."""
        with writing(self._engine) as connection:
            unfinished = documents.c.status.in_(IN_WORK)
            ids = connection.execute(select(documents.c.id).where(unfinished)).scalars().all()
            _forget_chunks(connection, unfinished)
            connection.execute(
                update(documents)
                .where(unfinished, documents.c.attempts >= MOST_ATTEMPTS)
                .values(
                    status=Status.FAILED,
                    reason=f"stopped unexpectedly {MOST_ATTEMPTS} times while it was being read",
                )
            )
            _requeue(connection, unfinished)
            return [_document(row) for row in connection.execute(_documents().where(documents.c.id.in_(ids)))]

    # ---- a file's way out ---------------------------------------------------------------------------------

    def begin_delete(self, document_ids: Iterable[str]) -> list[str]:
        """The documents are invisible at once. Returns those that exist: remove them from the indexes, then
        `finish_delete` each. What a crash interrupts is finished at the next start.
        """
        ids = list(document_ids)
        with writing(self._engine) as connection:
            connection.execute(update(documents).where(documents.c.id.in_(ids)).values(status=Status.DELETING))
            known = set(connection.execute(select(documents.c.id).where(documents.c.id.in_(ids))).scalars())
        reach("delete begun")
        return [document_id for document_id in ids if document_id in known]

    def deleting(self) -> list[str]:
        """Ids of documents whose deletion has begun and is not finished."""
        with reading(self._engine) as connection:
            query = select(documents.c.id).where(documents.c.status == Status.DELETING)
            return list(connection.execute(query.order_by(documents.c.id)).scalars())

    def finish_delete(self, document_id: str) -> None:
        """The last step, after the indexes: the rows go, then the file when no other document has the same bytes."""
        with self._files_lock:
            with writing(self._engine) as connection:
                row = connection.execute(
                    select(documents.c.sha256).where(
                        documents.c.id == document_id, documents.c.status == Status.DELETING
                    )
                ).one_or_none()
                if row is None:
                    return
                connection.execute(delete(documents).where(documents.c.id == document_id))
                shared = connection.execute(
                    select(func.count()).select_from(documents).where(documents.c.sha256 == row.sha256)
                ).scalar_one()
            reach("rows deleted")
            if not shared:
                self.files.remove(row.sha256)

    def sweep_files(self) -> int:
        """Remove kept files that no document names (a crash between file and row); returns how many."""
        with self._files_lock:
            with reading(self._engine) as connection:
                named = set(connection.execute(select(documents.c.sha256)).scalars())
            orphans = self.files.hashes() - named
            for sha256 in orphans:
                self.files.remove(sha256)
            return len(orphans) + self.files.sweep()

    # ---- collections --------------------------------------------------------------------------------------

    def collections(self) -> list[CollectionInfo]:
        """By name."""
        alive = (documents.c.collection_key == collections.c.key) & (documents.c.status != Status.DELETING)
        query = (
            select(
                collections.c.name,
                collections.c.created_at,
                func.count(documents.c.id).label("documents"),
                func.coalesce(func.sum(documents.c.chunks), 0).label("chunks"),
            )
            .outerjoin_from(collections, documents, alive)
            .group_by(collections.c.key)
            .order_by(collections.c.name)
        )
        with reading(self._engine) as connection:
            return [
                CollectionInfo(name=row.name, documents=row.documents, chunks=row.chunks, created_at=row.created_at)
                for row in connection.execute(query)
            ]

    def create_collection(self, name: str) -> bool:
        """Says whether it is new. Raises SecondPassError for an empty or far too long name."""
        with writing(self._engine) as connection:
            existed = _collection_key(connection, name) is not None
            _collection_key(connection, name, create=True)
            return not existed

    def rename_collection(self, old: str, new: str) -> None:
        """Only the name changes: no index is touched. Raises UnknownName, or SecondPassError when `new` is taken."""
        new = _collection_name(new)
        with writing(self._engine) as connection:
            key = _collection_key(connection, old)
            if key is None:
                raise UnknownName("collection", old, list(connection.execute(select(collections.c.name)).scalars()))
            if _collection_key(connection, new) not in (None, key):
                raise SecondPassError(f"There is already a collection called {new!r}.")
            connection.execute(update(collections).where(collections.c.key == key).values(name=new))

    def begin_delete_collection(self, name: str) -> list[str]:
        """`begin_delete` for every document of a collection; `drop_collection` when they are gone."""
        in_it = select(collections.c.key).where(collections.c.name == name).scalar_subquery()
        with reading(self._engine) as connection:
            query = select(documents.c.id).where(documents.c.collection_key == in_it)
            ids = connection.execute(query).scalars().all()
        return self.begin_delete(ids)

    def drop_collection(self, name: str) -> bool:
        """Remove an empty collection; says whether it is gone."""
        with writing(self._engine) as connection:
            key = _collection_key(connection, name)
            held = select(func.count()).select_from(documents).where(documents.c.collection_key == key)
            if key is None or connection.execute(held).scalar_one():
                return False
            connection.execute(delete(collections).where(collections.c.key == key))
            return True

    def collection_key(self, name: str) -> str:
        """The key that indexes file a collection under (it survives renaming); "" when there is none."""
        with reading(self._engine) as connection:
            return _collection_key(connection, name) or ""

    # ---- what reconciling and rebuilding ask --------------------------------------------------------------

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

    def integrity(self) -> str:
        """What the database says of itself: "ok", or what is wrong (reads all of it)."""
        with reading(self._engine) as connection:
            if connection.dialect.name != "sqlite":
                return "ok"
            return "; ".join(connection.exec_driver_sql("PRAGMA integrity_check").scalars())

    def snapshot(self, target: Path) -> None:
        """Write the database as it is now to a new file, also while others write (SQLite only; see `pg_dump`)."""
        with outside_transactions(self._engine) as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(target),))

    def without_file(self) -> list[Document]:
        """Documents whose PDF is gone from the data directory: they answer, but cannot be shown or built again."""
        return [document for document in self.documents() if not self.file_path(document).exists()]

    def stale_documents(self, *, pipelines: Collection[str] | None, embedder: str) -> list[Document]:
        """Ready documents that were built otherwise and are not being replaced yet; None: by whatever pipeline."""
        otherwise = documents.c.embedder != embedder
        if pipelines is not None:
            otherwise |= documents.c.pipeline.not_in(pipelines)
        replaced = select(documents.c.replaces)
        query = _documents().where(documents.c.status == Status.READY, otherwise, documents.c.id.not_in(replaced))
        with reading(self._engine) as connection:
            return [_document(row) for row in connection.execute(query.order_by(documents.c.added_at))]

    def encoded_chunks(self, document_id: str) -> list[EncodedChunk]:
        """A document's passages with their dense vectors as saved, without token vectors (those have (0, 0) arrays)."""
        saved = self.document_chunks(document_id)
        with reading(self._engine) as connection:
            row = connection.execute(select(vectors).where(vectors.c.document_id == document_id)).one_or_none()
        if row is None:
            return []
        matrix = np.frombuffer(row.data, dtype="<f4").reshape(-1, row.dimensions)
        return [
            EncodedChunk(chunk=chunk, encoded=EncodedText(vector=vector, tokens=_NO_TOKENS, token_ids=_NO_IDS))
            for chunk, vector in zip(saved, matrix, strict=True)
        ]

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

    def close(self) -> None:
        self._engine.dispose()

    def _known(self, document_id: str) -> Document:
        document = self.document(document_id)
        if document is None:
            raise UnknownName("document", document_id, [known.id for known in self.documents()])
        return document


def chunk_id(document_id: str, position: int) -> str:
    """Derived, so that every write of a passage is an upsert; the document's id covers its pipeline."""
    return f"{document_id}-{position:05d}"


def document_of(chunk_id: str) -> str:
    """The document's id within a chunk's."""
    return chunk_id.rpartition("-")[0]


_NO_TOKENS: NDArray[np.int8] = np.zeros((0, 0), np.int8)
_NO_IDS: NDArray[np.int32] = np.zeros(0, np.int32)


def _documents() -> Select[Any]:
    return select(documents, collections.c.name.label("collection")).join_from(documents, collections)


def _all_chunks() -> Select[Any]:
    return select(chunks, documents.c.name, documents.c.title, collections.c.name.label("collection")).select_from(
        chunks.join(documents).join(collections)
    )


def _ready_chunks() -> Select[Any]:
    return _all_chunks().where(documents.c.status == Status.READY)


_CHUNKS_BY_ID = select(chunks).where(chunks.c.id.in_(bindparam("ids", expanding=True)))
_READY_BY_ID = _documents().where(
    documents.c.id.in_(bindparam("ids", expanding=True)), documents.c.status == Status.READY
)


def _document(row: Row[Any]) -> Document:
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


def _chunk_row(chunk: Chunk) -> dict[str, Any]:
    return {
        "id": chunk.id,
        "document_id": chunk.document_id,
        "position": chunk.position,
        "page": chunk.page,
        "section": _storable(chunk.section),
        "text": _storable(chunk.text),
        "boxes": _compact([box_to_json(box) for box in chunk.boxes]),
        "blocks": _compact([block_to_json(block) for block in chunk.blocks]) if chunk.blocks else "",
    }


def _compact(values: list[Any]) -> str:
    return _storable(json.dumps(values, ensure_ascii=False, separators=(",", ":")))


def _storable(text: str) -> str:
    """Without lone surrogates and NUL, which SQL refuses."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _free_id(connection: Connection, identity: str) -> str:
    """Sixteen hex digits from what identifies the document; others while one with these is still being deleted."""
    for turn in range(1000):
        candidate = hashlib.sha256(f"{identity}\0{turn}".encode()).hexdigest()[:16]
        if not connection.execute(select(documents.c.id).where(documents.c.id == candidate)).one_or_none():
            return candidate
    raise AssertionError("a thousand deletions of one file at once")


def _collection_name(name: str) -> str:
    name = " ".join(_storable(name).split())
    if not name or len(name) > 100 or not re.search(r"\w", name):
        raise SecondPassError(
            f"{name[:100]!r} cannot name a collection: use 1 to 100 characters, a letter or digit among them."
        )
    return name


def _collection_key(connection: Connection, name: str, *, create: bool = False) -> str | None:
    key = connection.execute(select(collections.c.key).where(collections.c.name == name)).scalar_one_or_none()
    if key is not None or not create:
        return key
    name = _collection_name(name)
    taken = set(connection.execute(select(collections.c.key)).scalars())
    turns = (hashlib.sha256(f"{name}\0{turn}".encode()).hexdigest()[:12] for turn in range(1000))
    key = next(candidate for candidate in turns if candidate not in taken)
    connection.execute(insert(collections).values(key=key, name=name, created_at=datetime.now(UTC)))
    return key


def _still_in_work(connection: Connection, document_id: str) -> Row[Any]:
    query = select(documents).where(documents.c.id == document_id, documents.c.status.in_(IN_WORK))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Cancelled("it was deleted or stopped while it was being read")
    return row


def _forget_chunks(connection: Connection, which: Any) -> None:
    ids = select(documents.c.id).where(which)
    connection.execute(delete(chunks).where(chunks.c.document_id.in_(ids)))
    connection.execute(delete(vectors).where(vectors.c.document_id.in_(ids)))


def _requeue(connection: Connection, which: Any, attempts: int | None = None) -> int:
    values: dict[str, Any] = {"status": Status.PENDING, "reason": "", "error": "", "pages_done": 0, "chunks_done": 0}
    if attempts is not None:
        values["attempts"] = attempts
    return connection.execute(update(documents).where(which).values(values)).rowcount
