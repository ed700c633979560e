"""The queue in SQL, and the only writer of a document's state: pending → parsing → indexing → ready | failed.

A worker claims a document for a while (a lease, which it renews) and writes only while the claim is its own; so a
document that was cancelled or deleted meanwhile stops the worker, and one whose worker died is claimed by another.
Attempts count how often the reader died on a document, never how often a program ended.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, func, insert, or_, select, true, update

from ingest.documents import Chunk, Document, EncodedChunk, EncodedText, Status
from ingest.errors import Cancelled, FileLost, ReaderCrashed, UnknownName
from ingest.store.failpoints import reach
from ingest.store.files.folder import Files, Label
from ingest.store.sql.changes import note_change
from ingest.store.sql.collections import collection_name, find_key, key_for
from ingest.store.sql.database import reading, writing
from ingest.store.sql.documents import IN_WORK, as_document, chunk_row, select_documents, storable, vectors_row
from ingest.store.sql.tables import chunks, documents, vectors
from ingest.titles import display_title

MOST_ATTEMPTS = 3
LEASE_S = 120.0
_WAITS = (Status.PENDING, *IN_WORK)
_STOPPED = (Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Queued:
    """What became of a file: its document, and whether it is new (False: the same bytes were there already)."""

    document: Document
    created: bool


class SqlQueue:
    """Thread-safe; every method is one transaction. `owner` names the worker in its claims."""

    def __init__(self, engine: Engine, files: Files, owner: str = "") -> None:
        self._engine = engine
        self._files = files
        self.owner = owner or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        # Between keeping a file and its row, nobody may remove that file for another document's sake.
        self._files_lock = threading.Lock()

    # ---- a file's way in ----------------------------------------------------------------------------------

    def add(
        self,
        source: Path | bytes,
        *,
        name: str,
        collection: str,
        pipeline: str,
        embedder: str,
        replace: bool = False,
        replaces: str = "",
    ) -> Queued:
        """Keep the file and queue it as `pending`, or say that the same bytes are there already.

        pipeline, embedder: fingerprints that it is to be built with. The same bytes in the same collection with the
        same fingerprints are one document; one that failed or was cancelled is queued again, one that was built
        otherwise answers until this one is ready. replace: once it is ready, every document of the same name that was
        added before it goes. replaces: id of one that goes then. Raises DiskFull.
        """
        name = storable(name)
        label = Label(name=name, collection=collection_name(collection))
        with self._files_lock:
            sha256, size = self._files.keep(source, label)
            with writing(self._engine) as connection:
                key = key_for(connection, collection)
                same = connection.execute(
                    select_documents().where(
                        documents.c.collection_key == key,
                        documents.c.sha256 == sha256,
                        documents.c.pipeline == pipeline,
                        documents.c.embedder == embedder,
                        documents.c.status != Status.DELETING,
                    )
                ).one_or_none()
                now = datetime.now(UTC)
                if not self._files.path(sha256).exists():  # another process deleted the last document that had it
                    self._files.keep(source, label)
                if same is None:
                    built_otherwise = (documents.c.collection_key == key) & (documents.c.sha256 == sha256)
                    if replace:
                        built_otherwise |= _same_name(key, name)
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
                            replaces=replaces or _ready_id(connection, built_otherwise),
                            replace_same_name=replace,
                            status=Status.PENDING,
                            added_at=now,
                            queued_at=now,
                        )
                    )
                else:
                    document_id = same.id
                    mine = documents.c.id == document_id
                    if replace:
                        before = _ready_id(connection, _same_name(key, same.name), documents.c.id != document_id)
                        change = {"replace_same_name": True, "replaces": before, "added_at": now}
                        connection.execute(update(documents).where(mine).values(change))
                    if same.status in _STOPPED:
                        _requeue(connection, mine, attempts=0, queued_at=now)
                    elif replace and same.status == Status.READY:
                        _replace(connection, document_id)
                row = connection.execute(select_documents().where(documents.c.id == document_id)).one()
        reach("document added")
        return Queued(document=as_document(row), created=same is None)

    def add_again(self, document_id: str, *, pipeline: str, embedder: str) -> Queued:
        """Queue a new build of a document (a re-index): it replaces the old one, which answers until then.

        A document that already has this pipeline and is ready is returned as it is. Raises UnknownName, or FileLost
        when its file is gone.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select_documents().where(documents.c.id == document_id)).one_or_none()
            if row is None:
                known = connection.execute(select(documents.c.id)).scalars().all()
                raise UnknownName("document", document_id, list(known))
        path = self._files.path(row.sha256)
        if not path.exists():
            raise FileLost(row.name)
        return self.add(
            path, name=row.name, collection=row.collection, pipeline=pipeline, embedder=embedder, replaces=row.id
        )

    def retry(self, document_id: str) -> bool:
        """Queue a failed or cancelled document again, with all its attempts; says whether it was one."""
        with writing(self._engine) as connection:
            stopped = (documents.c.id == document_id) & documents.c.status.in_(_STOPPED)
            return _requeue(connection, stopped, attempts=0, queued_at=datetime.now(UTC)) == 1

    def cancel(self, document_id: str) -> bool:
        """Stop a document that waits or is in work: its worker finds the claim gone. Says whether it was one."""
        with writing(self._engine) as connection:
            mine = documents.c.id == document_id
            return _end(connection, mine, Status.CANCELLED, "cancelled", Cancelled.__name__) == 1

    # ---- claims -------------------------------------------------------------------------------------------

    def claim_next(self) -> Document | None:
        """The next document to be removed (`deleting`) or read (now `parsing`), claimed; None when nothing waits."""
        now = datetime.now(UTC)
        free = or_(documents.c.lease_until.is_(None), documents.c.lease_until < now)
        waits = or_(
            documents.c.status == Status.PENDING,
            and_(documents.c.status.in_(IN_WORK), free),
            and_(documents.c.status == Status.DELETING, free, documents.c.attempts < MOST_ATTEMPTS),
        )
        first = (
            select(documents.c.id, documents.c.status)
            .where(waits)
            .order_by(documents.c.status != Status.DELETING, documents.c.queued_at, documents.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with writing(self._engine) as connection:
            row = connection.execute(first).one_or_none()
            if row is None:
                return None
            mine = documents.c.id == row.id
            claim: dict[str, Any] = {"owner": self.owner, "lease_until": now + timedelta(seconds=LEASE_S)}
            if row.status != Status.DELETING:
                _forget_chunks(connection, mine)
                claim |= {"status": Status.PARSING, "reason": "", "error": "", "pages_done": 0, "chunks_done": 0}
            connection.execute(update(documents).where(mine).values(claim))
            return as_document(connection.execute(select_documents().where(mine)).one())

    def build_with(self, document_id: str, *, pipeline: str, embedder: str) -> None:
        """Write down what a claimed document is built with, which may be other than when it was queued.

        Where the same bytes are there as such a build already, this document goes and that one stands, with all that
        this one was to replace. Raises Cancelled then, and when the claim is gone.
        """
        with writing(self._engine) as connection:
            row = self._claimed(connection, document_id)
            mine = documents.c.id == document_id
            twin = connection.execute(
                select(documents.c.id, documents.c.status).where(
                    documents.c.collection_key == row.collection_key,
                    documents.c.sha256 == row.sha256,
                    documents.c.pipeline == pipeline,
                    documents.c.embedder == embedder,
                    documents.c.status != Status.DELETING,
                    ~mine,
                )
            ).one_or_none()
            if twin is None:
                connection.execute(update(documents).where(mine).values(pipeline=pipeline, embedder=embedder))
                return
            its = documents.c.id == twin.id
            if row.replace_same_name:
                change = {"replace_same_name": True, "replaces": row.replaces, "added_at": row.added_at}
                connection.execute(update(documents).where(its).values(change))
            _begin_delete(connection, mine)
            if twin.status in _STOPPED:
                _requeue(connection, its, attempts=0, queued_at=datetime.now(UTC))
            elif twin.status == Status.READY:
                _replace(connection, twin.id)
        raise Cancelled("it is there already as it would be built")

    def renew(self) -> None:
        """Keep every claim of this owner for another `LEASE_S` seconds."""
        with writing(self._engine) as connection:
            until = datetime.now(UTC) + timedelta(seconds=LEASE_S)
            connection.execute(update(documents).where(documents.c.owner == self.owner).values(lease_until=until))

    def holds(self, document_id: str) -> bool:
        """Whether the document is still this owner's to work on."""
        with reading(self._engine) as connection:
            return connection.execute(select(documents.c.id).where(self._mine(document_id))).one_or_none() is not None

    def progress(
        self,
        document_id: str,
        *,
        status: Status | None = None,
        title: str | None = None,
        pages: int | None = None,
        pages_done: int | None = None,
        chunks: int | None = None,
        chunks_done: int | None = None,
    ) -> None:
        """Counts for those who wait; also renews the claim. `title` is the file's own, joined with its name
        (`display_title`). Raises Cancelled when the claim is gone: cancelled or deleted meanwhile.
        """
        given = {
            "status": status,
            "pages": pages,
            "pages_done": pages_done,
            "chunks": chunks,
            "chunks_done": chunks_done,
        }
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        with writing(self._engine) as connection:
            row = self._claimed(connection, document_id)
            if title is not None:
                values["title"] = display_title(row.name, storable(title))
            values["lease_until"] = datetime.now(UTC) + timedelta(seconds=LEASE_S)
            connection.execute(update(documents).where(documents.c.id == document_id).values(values))

    def save_chunks(self, document_id: str, new: Sequence[Chunk], encoded: Sequence[EncodedText]) -> list[EncodedChunk]:
        """Save a document's passages with their dense vectors in one transaction, in place of any it had.

        Returns them in the shape that the indexes take. Raises Cancelled when the claim is gone, with nothing saved.
        """
        pairs = [EncodedChunk(chunk=chunk, encoded=text) for chunk, text in zip(new, encoded, strict=True)]
        rows = [chunk_row(chunk) for chunk in new]
        with writing(self._engine) as connection:
            self._claimed(connection, document_id)
            _forget_chunks(connection, documents.c.id == document_id)
            if rows:
                connection.execute(insert(chunks), rows)
            connection.execute(insert(vectors).values(document_id=document_id, **vectors_row(encoded)))
            connection.execute(update(documents).where(documents.c.id == document_id).values(chunks=len(rows)))
        reach("chunks saved")
        return pairs

    def mark_ready(self, document_id: str, *, seconds: float = 0.0, reason: str = "") -> list[str]:
        """The document answers from now on; those that it replaces are `deleting` from the same moment.

        Returns their ids. Raises Cancelled when the claim is gone.
        """
        with writing(self._engine) as connection:
            self._claimed(connection, document_id)
            replaced = _replace(connection, document_id)
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    status=Status.READY,
                    reason=storable(reason),
                    seconds=seconds,
                    attempts=0,
                    pages_done=documents.c.pages,
                    chunks_done=documents.c.chunks,
                    **_NOBODYS,
                )
            )
            note_change(connection)
        reach("marked ready")
        return replaced

    def fail(self, document_id: str, reason: str, error: str = "") -> bool:
        """The document failed, its passages are forgotten; `error` names the class. Says whether the claim held."""
        with writing(self._engine) as connection:
            return _end(connection, self._mine(document_id), Status.FAILED, reason, error) == 1

    def reader_died(self, document_id: str, reason: str) -> bool:
        """The document waits again behind the others, or failed after three such attempts. Says which: True, failed."""
        with writing(self._engine) as connection:
            row = connection.execute(select(documents.c.attempts).where(self._mine(document_id))).one_or_none()
            if row is None:
                return False
            if row.attempts + 1 >= MOST_ATTEMPTS:
                return _end(connection, self._mine(document_id), Status.FAILED, reason, ReaderCrashed.__name__) == 1
            _requeue(connection, self._mine(document_id), attempts=row.attempts + 1, queued_at=datetime.now(UTC))
            return False

    def give_back(self) -> int:
        """Everything that this owner has claimed waits again, nothing counted; returns how many documents."""
        with writing(self._engine) as connection:
            held = documents.c.owner == self.owner
            connection.execute(update(documents).where(held, documents.c.status == Status.DELETING).values(_NOBODYS))
            return _requeue(connection, held & documents.c.status.in_(IN_WORK))

    def recover(self, *, alone: bool) -> list[Document]:
        """At a start: what a program that died had claimed waits again, behind the others; returns those documents.

        alone: nobody else works on this library, so every claim is a dead one; otherwise those whose lease is over.
        Deletions that were given up are tried again.
        """
        now = datetime.now(UTC)
        over = or_(documents.c.lease_until.is_(None), documents.c.lease_until < now)
        dead = true() if alone else over
        with writing(self._engine) as connection:
            deleting = documents.c.status == Status.DELETING
            connection.execute(update(documents).where(deleting, dead).values(attempts=0, **_NOBODYS))
            unfinished = documents.c.status.in_(IN_WORK) & dead
            ids = connection.execute(select(documents.c.id).where(unfinished)).scalars().all()
            _requeue(connection, unfinished, queued_at=now)
            return [as_document(row) for row in connection.execute(select_documents().where(documents.c.id.in_(ids)))]

    def waiting(self) -> int:
        """How many documents are still to be read or removed, those in work among them."""
        removable = and_(documents.c.status == Status.DELETING, documents.c.attempts < MOST_ATTEMPTS)
        query = select(func.count()).select_from(documents).where(or_(documents.c.status.in_(_WAITS), removable))
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def stale(self, *, pipelines: Collection[str] | None, embedder: str) -> list[Document]:
        """Ready documents that were built otherwise and are not being replaced; None: by whatever pipeline.

        One whose replacement was cancelled by a person stays as it is; one whose replacement failed is tried again.
        """
        otherwise = documents.c.embedder != embedder
        if pipelines is not None:
            otherwise |= documents.c.pipeline.not_in(pipelines)
        replacing = select(documents.c.replaces).where(documents.c.status.in_((*_WAITS, Status.CANCELLED)))
        query = select_documents().where(
            documents.c.status == Status.READY, otherwise, documents.c.id.not_in(replacing)
        )
        with reading(self._engine) as connection:
            return [as_document(row) for row in connection.execute(query.order_by(documents.c.added_at))]

    # ---- a file's way out ---------------------------------------------------------------------------------

    def begin_delete(self, document_ids: Iterable[str]) -> list[str]:
        """The documents are invisible at once. Returns those that exist; each is to be removed from the indexes, then
        `finish_delete`d. What a crash interrupts is finished at the next start.
        """
        ids = list(document_ids)
        with writing(self._engine) as connection:
            _begin_delete(connection, documents.c.id.in_(ids))
            known = set(connection.execute(select(documents.c.id).where(documents.c.id.in_(ids))).scalars())
        reach("delete begun")
        return [document_id for document_id in ids if document_id in known]

    def begin_delete_collection(self, name: str) -> list[str]:
        """`begin_delete` for every document of a collection; it can be dropped when they are gone."""
        with reading(self._engine) as connection:
            query = select(documents.c.id).where(documents.c.collection_key == find_key(connection, name))
            ids = connection.execute(query).scalars().all()
        return self.begin_delete(ids)

    def deleting(self) -> list[str]:
        """Ids of documents whose deletion has begun and is not finished."""
        with reading(self._engine) as connection:
            query = select(documents.c.id).where(documents.c.status == Status.DELETING)
            return list(connection.execute(query.order_by(documents.c.id)).scalars())

    def finish_delete(self, document_id: str) -> None:
        """The last step, after the indexes: the rows go, and the file when no other document has the same bytes.

        A file that was kept after the deletion began is not what the person deleted (an older database was put back):
        it is set aside.
        """
        with self._files_lock, writing(self._engine) as connection:
            mine = (documents.c.id == document_id) & (documents.c.status == Status.DELETING)
            row = connection.execute(select(documents).where(mine)).one_or_none()
            if row is None:
                return
            connection.execute(delete(documents).where(mine))
            shared = select(documents.c.id).where(documents.c.sha256 == row.sha256).limit(1)
            if connection.execute(shared).one_or_none() is None:
                kept_at = self._files.kept_at(row.sha256)
                if kept_at and row.deleting_since and kept_at > row.deleting_since:
                    self._files.set_aside(row.sha256)
                else:
                    self._files.remove(row.sha256)
            reach("file removed")
            note_change(connection)
        reach("rows deleted")

    def delete_failed(self, document_id: str) -> None:
        """Tried again after the others, at most three times until the next start; nobody sees the document."""
        with writing(self._engine) as connection:
            mine = (documents.c.id == document_id) & (documents.c.status == Status.DELETING)
            change = {"attempts": documents.c.attempts + 1, "queued_at": datetime.now(UTC), **_NOBODYS}
            connection.execute(update(documents).where(mine).values(change))

    def _mine(self, document_id: str) -> ColumnElement[bool]:
        return and_(documents.c.id == document_id, documents.c.owner == self.owner, documents.c.status.in_(IN_WORK))

    def _claimed(self, connection: Connection, document_id: str) -> Row[Any]:
        row = connection.execute(select(documents).where(self._mine(document_id))).one_or_none()
        if row is None:
            raise Cancelled("it was deleted or stopped while it was being read")
        return row


_NOBODYS: dict[str, Any] = {"owner": "", "lease_until": None}


def _free_id(connection: Connection, identity: str) -> str:
    """Sixteen hex digits from what identifies the document; others while one with these is still being deleted."""
    for turn in range(1000):
        candidate = hashlib.sha256(f"{identity}\0{turn}".encode()).hexdigest()[:16]
        if not connection.execute(select(documents.c.id).where(documents.c.id == candidate)).one_or_none():
            return candidate
    raise AssertionError("a thousand deletions of one file at once")


def _same_name(key: str, name: str) -> ColumnElement[bool]:
    return and_(documents.c.collection_key == key, documents.c.name == name)


def _ready_id(connection: Connection, *which: ColumnElement[bool]) -> str:
    query = select(documents.c.id).where(documents.c.status == Status.READY, *which)
    return str(connection.execute(query.order_by(documents.c.added_at.desc()).limit(1)).scalar() or "")


def _replace(connection: Connection, document_id: str) -> list[str]:
    """Begin to delete what a document that is ready takes the place of; returns the ids."""
    row = connection.execute(select(documents).where(documents.c.id == document_id)).one()
    old: ColumnElement[bool] = documents.c.id == row.replaces
    if row.replace_same_name:
        old |= _same_name(row.collection_key, row.name) & (documents.c.added_at < row.added_at)
    old &= (documents.c.id != document_id) & (documents.c.status != Status.DELETING)
    ids = list(connection.execute(select(documents.c.id).where(old).order_by(documents.c.id)).scalars())
    _begin_delete(connection, documents.c.id.in_(ids))
    done = {"replaces": "", "replace_same_name": False}
    connection.execute(update(documents).where(documents.c.id == document_id).values(done))
    return ids


def _begin_delete(connection: Connection, which: ColumnElement[bool]) -> None:
    now = datetime.now(UTC)
    change = {"status": Status.DELETING, "attempts": 0, "deleting_since": now, "queued_at": now, **_NOBODYS}
    connection.execute(update(documents).where(which, documents.c.status != Status.DELETING).values(change))
    note_change(connection)


def _end(connection: Connection, which: ColumnElement[bool], status: Status, reason: str, error: str) -> int:
    waiting = which & documents.c.status.in_(_WAITS)
    _forget_chunks(connection, waiting)
    change = {"status": status, "reason": storable(reason), "error": error, **_NOBODYS}
    return connection.execute(update(documents).where(waiting).values(change)).rowcount


def _requeue(connection: Connection, which: ColumnElement[bool], **values: Any) -> int:
    _forget_chunks(connection, which)
    change = {"status": Status.PENDING, "reason": "", "error": "", "pages_done": 0, "chunks_done": 0, **_NOBODYS}
    return connection.execute(update(documents).where(which).values(change | values)).rowcount


def _forget_chunks(connection: Connection, which: ColumnElement[bool]) -> None:
    ids = select(documents.c.id).where(which)
    connection.execute(delete(chunks).where(chunks.c.document_id.in_(ids)))
    connection.execute(delete(vectors).where(vectors.c.document_id.in_(ids)))
