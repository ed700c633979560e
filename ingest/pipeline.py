"""The way of a file, top to bottom: keep → read → clean → split → embed → save → index → ready.

`Library` is what the rest of the product calls: add, retry, cancel, delete, look. Files are worked on by one background
worker (worker.py), so closing a tab stops nothing; what a crash interrupts is taken up at the next start.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ingest.documents import Box, Document, Status
from ingest.embed.transformer import MiniLmEmbedder
from ingest.errors import Cancelled, EmptyFile, FileRefused, LibraryInUse, NoTextFound, SecondPassError, TooLarge
from ingest.read.registry import FORMATS, format_of, head_of
from ingest.read.sandbox import Reader
from ingest.split import FINGERPRINT, split
from ingest.store.failpoints import reach
from ingest.store.reconcile import Missing, Report, Stores, add_missing, reconcile
from ingest.store.sql.documents import MOST_ATTEMPTS, SqlStore
from ingest.store.sql.journal import SqlJournal
from ingest.worker import Worker

log = logging.getLogger(__name__)

EMBED_AT_ONCE = 256  # passages between two looks at "cancel", and between two writes of the progress
PROGRESS_EVERY_S = 0.5  # a page is read in 5 ms, and to write down that it was costs as much
FINISHED = (Status.READY, Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Added:
    """What became of a file at the door. existed: the same bytes were in the collection already."""

    document: Document
    existed: bool


@dataclass(frozen=True, kw_only=True)
class FileResult:
    """How one file of `ingest_files` ended. change: new, updated, unchanged or failed. seconds: of work on it."""

    file: str
    status: str
    reason: str
    pages: int
    chunks: int
    seconds: float
    change: str

    def line(self) -> str:
        what = f"{self.pages} pages, {self.chunks} passages" if self.status == Status.READY else ""
        return "  ".join(part for part in (f"{self.status:<7}", self.file, what, self.reason) if part)

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "status": self.status,
            "reason": self.reason,
            "pages": self.pages,
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """How pages are cut into passages; a change reads every file again.

    The settings' group [passages]. Lengths are in the embedding model's word pieces.
    """

    tokens: Annotated[int, Field(ge=50, le=400, description="Passage length to aim at, in word pieces.")] = 200
    overlap: Annotated[int, Field(ge=0, le=200, description="Word pieces that a passage repeats.")] = 40

    def fingerprint(self, name: str, source: Path | bytes) -> str:
        """What a file is read and split with: its own reader's version, so that a better one re-reads no others."""
        return self._with(format_of(name, head_of(source)).version)

    @property
    def current(self) -> tuple[str, ...]:
        """The fingerprints that nothing needs to be built again for, one for each format."""
        return tuple(self._with(one.version) for one in FORMATS)

    def _with(self, reader: str) -> str:
        return f"{reader} {FINGERPRINT}-{self.tokens}-{self.overlap}"


class Library:
    """One per data directory. Thread-safe; `open` it once, `close` it at the end."""

    def __init__(
        self,
        *,
        store: SqlStore,
        journal: SqlJournal,
        stores: Stores,
        reader: Reader,
        pictures: Reader,
        embedder: Callable[[], MiniLmEmbedder],
        embedder_fingerprint: str,
        splitting: Splitting,
    ) -> None:
        self.store = store
        self.journal = journal
        self._stores = stores
        self._reader = reader
        self._pictures = pictures  # its own child, so that a page can be shown while a file is being read
        self._embedder = embedder
        self._splitting = splitting
        self._embedder_fingerprint = embedder_fingerprint
        self._passwords: dict[str, str] = {}  # in memory only; asked again after a restart
        self._cancelled: set[str] = set()
        self._unsettled: dict[
            str, tuple[Status, str, str]
        ] = {}  # status, reason and kind of error: ends that SQL could not be told yet
        self._locked_out: dict[str, int] = {}  # how often, by document
        self._deletion_failures: dict[str, int] = {}
        self._lock = threading.Lock()  # between a document's row and its password, nobody may begin with it
        self.report = Report()
        self._missing: list[Missing] = []
        self._worker = Worker(work=self._work_on_next)

    def open(self) -> Report:
        """Heal what the last run left half done, queue what must be rebuilt, and start the worker."""
        self.report = reconcile(self._stores, starting=True, later=True)
        self._missing = list(self.report.left)
        for document in self.store.stale_documents(
            pipelines=self._splitting.current, embedder=self._embedder_fingerprint
        ):
            pipeline = self._splitting.fingerprint(document.name, self.store.file_path(document))
            self.store.add_again(document.id, pipeline=pipeline, embedder=self._embedder_fingerprint)
        self._worker.start()
        return self.report

    def close(self) -> None:
        """Stop after the step in hand; a file that is being read is taken up again at the next start."""
        self._worker.stop()
        self._reader.close()
        self._pictures.close()
        for index in self._stores.indexes:
            index.close()
        self.store.close()

    # ---- a file's way in ----------------------------------------------------------------------------------

    def add(
        self,
        source: Path | bytes,
        name: str,
        *,
        collection: str = "default",
        replace: bool = False,
        password: str | None = None,
    ) -> Added:
        """Keep a file and queue it. Returns at once; its document tells the progress.

        replace: documents of the same name in the collection go once this one is ready. Raises FileRefused for a file
        that is empty or too large (nothing is kept of it) and DiskFull.
        """
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size == 0:
            raise EmptyFile("the file has 0 bytes")
        limit = self._reader.limits.file_mb
        if size > limit * 2**20:
            raise TooLarge(f"{size / 2**20:.0f} MB; the limit is {limit} MB (setting max_file_mb)")
        replaces = self._same_name(name, collection) if replace else ""
        with self._lock:
            added = self.store.add_document(
                source,
                name=name,
                collection=collection,
                pipeline=self._splitting.fingerprint(name, source),
                embedder=self._embedder_fingerprint,
                replaces=replaces,
            )
            self._cancelled.discard(added.document.id)
            if password:
                self._passwords[added.document.id] = password
        self._worker.wake()
        return Added(document=added.document, existed=not added.created)

    def _same_name(self, name: str, collection: str) -> str:
        same = [
            document
            for document in self.store.documents(collection)
            if document.name == name and document.status == Status.READY
        ]
        return same[0].id if same else ""

    def ingest_files(
        self,
        files: Iterable[Path],
        *,
        collection: str = "default",
        replace: bool = False,
        passwords: Mapping[str, str] | None = None,
    ) -> Iterator[FileResult]:
        """Add files and yield each one's end as it comes, in the order given. A bad file never stops the others."""
        queued: list[tuple[Path, Added | SecondPassError]] = []
        for path in files:
            try:
                queued.append(
                    (
                        path,
                        self.add(
                            path,
                            path.name,
                            collection=collection,
                            replace=replace,
                            password=(passwords or {}).get(path.name),
                        ),
                    )
                )
            except SecondPassError as error:
                queued.append((path, error))
            except OSError as error:
                queued.append((path, SecondPassError(f"cannot be read: {error.strerror}")))
        for path, added in queued:
            yield self._finished(path, added)

    def _finished(self, path: Path, added: Added | SecondPassError) -> FileResult:
        if isinstance(added, SecondPassError):
            return FileResult(
                file=path.name, status="failed", reason=str(added), pages=0, chunks=0, seconds=0.0, change="failed"
            )
        before = added.document
        document = self.wait_for(before.id)
        if document is None or document.status != Status.READY:
            reason = document.reason if document else "deleted meanwhile"
            return FileResult(
                file=path.name,
                status="failed",
                reason=reason or "cancelled",
                pages=document.pages if document else 0,
                chunks=0,
                seconds=document.seconds if document else 0.0,
                change="failed",
            )
        unchanged = added.existed and before.status == Status.READY
        return FileResult(
            file=path.name,
            status="ready",
            reason=document.reason,
            pages=document.pages,
            chunks=document.chunks,
            seconds=document.seconds,
            change="unchanged" if unchanged else "updated" if before.replaces else "new",
        )

    def wait_for(self, document_id: str) -> Document | None:
        """Block until the document is ready, failed or cancelled; None when it was deleted.

        While the worker can do nothing (a full disk) it is returned as failed, with that as the reason; it stays
        queued all the same.
        """
        while True:
            seen = self._worker.finished_count
            document = self.store.document(document_id)
            if document is None or document.status in (*FINISHED, Status.DELETING):
                return document
            if document_id in self._unsettled:
                status, reason, error = self._unsettled[document_id]
                return replace(document, status=status, reason=reason, error=error)
            if trouble := self._worker.trouble:
                return replace(document, status=Status.FAILED, reason=f"{trouble} It stays queued.")
            self._worker.wait_for_next(seen)

    def retry(self, document_id: str, password: str | None = None) -> None:
        """Queue a failed or cancelled document again, with a password where one is needed."""
        if password:
            self._passwords[document_id] = password
        self._cancelled.discard(document_id)
        self.store.retry(document_id)
        self._worker.wake()

    def cancel(self, document_id: str) -> None:
        """Stop work on a document; it stays in the library as cancelled and can be retried."""
        self._cancelled.add(document_id)
        self.store.set_status(document_id, Status.CANCELLED, "cancelled", expected=(Status.PENDING,))

    def delete(self, *document_ids: str) -> None:
        """Invisible at once; the worker then clears the indexes, SQL and the file."""
        self._cancelled.update(document_ids)
        self.store.begin_delete(document_ids)
        self._worker.wake()

    def delete_collection(self, name: str) -> None:
        """Every document of the collection, and its name."""
        self.store.begin_delete_collection(name)
        self._worker.wake()
        while [one for one in self.store.deleting() if self._deletion_failures.get(one, 0) < MOST_ATTEMPTS]:
            self._worker.wait_for_next(self._worker.finished_count)
        self.store.drop_collection(name)

    # ---- looking ------------------------------------------------------------------------------------------

    def documents(self, collection: str | None = None) -> list[Document]:
        return self.store.documents(collection)

    def collections(self) -> list[str]:
        return [collection.name for collection in self.store.collections()]

    def preview(self, document_id: str, page: int) -> str:
        """The passages' text of one page (1-based), as it was extracted."""
        return "\n\n".join(chunk.text for chunk in self.store.document_chunks(document_id) if chunk.page == page)

    def file_bytes(self, document_id: str) -> bytes:
        return self.store.file_path(self._known(document_id)).read_bytes()

    def page_png(self, document_id: str, page: int, boxes: Sequence[Box] = (), width: int = 900) -> bytes:
        """A picture of one page (1-based), `width` pixels wide, with the boxes of that page highlighted."""
        document = self._known(document_id)
        return self._pictures.picture(
            self.store.file_path(document),
            page=page,
            width_px=width,
            boxes=boxes,
            password=self._passwords.get(document_id),
        )

    def _known(self, document_id: str) -> Document:
        document = self.store.document(document_id)
        if document is None:
            raise SecondPassError("That document is no longer in the library.")
        return document

    def check(self, *, repair: bool) -> Report:
        """Compare every store with SQL; with `repair`, mend what differs."""
        self.report = reconcile(self._stores, repair=repair)
        return self.report

    # ---- the worker's steps -------------------------------------------------------------------------------

    def _work_on_next(self) -> bool:
        """Finish one deletion or one document; False when nothing waits. Called by the worker's thread only."""
        if self._missing:
            add_missing(self._stores, self._missing.pop(0))
            if not self._missing:
                self.report = reconcile(self._stores, repair=False)
            return True
        self._settle()
        for document_id in self.store.deleting():
            if self._deletion_failures.get(document_id, 0) < MOST_ATTEMPTS:
                self._finish_deletion(document_id)
                return True
        with self._lock:
            document = self.store.claim_next()
        if document is None:
            return False
        self._build(document)
        return True

    def _finish_deletion(self, document_id: str) -> None:
        """One that fails three times waits for the next start, so that others are worked on; nobody sees it."""
        self._deletion_failures[document_id] = self._deletion_failures.get(document_id, 0) + 1
        self._remove(document_id)
        del self._deletion_failures[document_id]

    def _remove(self, document_id: str) -> None:
        for index in self._stores.indexes:
            index.remove(document_id)
        reach("indexes cleared")
        self.store.finish_delete(document_id)
        self._passwords.pop(document_id, None)
        self._cancelled.discard(document_id)

    def _build(self, document: Document) -> None:
        started = time.perf_counter()
        try:
            note = self._index(document)
            replaced = self.store.mark_ready(document.id, seconds=time.perf_counter() - started, reason=note)
            if replaced:
                self._remove(replaced)
        except Cancelled as error:
            self._unsettled[document.id] = (Status.CANCELLED, str(error), type(error).__name__)
        except LibraryInUse as error:  # that passes: again from the start, but not for ever
            self._locked_out[document.id] = times = self._locked_out.get(document.id, 0) + 1
            status = Status.PENDING if times < MOST_ATTEMPTS else Status.FAILED
            self._unsettled[document.id] = (status, str(error), type(error).__name__)
        except SecondPassError as error:
            self._unsettled[document.id] = (Status.FAILED, str(error), type(error).__name__)
        except BaseException as error:  # not Exception: a panic of native code in Rust is none
            log.exception("document %s could not be indexed", document.id)
            reason = f"an unexpected error ({type(error).__name__}); see the log"
            self._unsettled[document.id] = (Status.FAILED, reason, "")
        self._settle()
        log.info("document %s took %.1f s", document.id, time.perf_counter() - started)

    def _settle(self) -> None:
        """Write down how documents ended. Where that fails (a full disk) it stays to be done with the next step."""
        for document_id, (status, reason, error) in list(self._unsettled.items()):
            self.store.mark_failed(document_id, reason, status=status, error=error)
            del self._unsettled[document_id]
            for index in self._stores.indexes:
                index.remove(document_id)

    def _index(self, document: Document) -> str:
        embedder = self._embedder()
        read = self._reader.read(
            self.store.file_path(document),
            name=document.name,
            password=self._passwords.get(document.id),
            progress=self._seldom(document.id),
            cancelled=lambda: document.id in self._cancelled,
        )
        unreadable = len(read.unreadable)  # these stand among the pages as empty ones
        pages = len(read.pages)
        self.store.set_progress(document.id, title=read.title, pages=pages, pages_done=pages - unreadable)
        passages = split(
            read,
            count_tokens=embedder.count_tokens,
            target=self._splitting.tokens,
            overlap=self._splitting.overlap,
        )
        if not passages:
            raise NoTextFound("it holds no text layer; scans need OCR first")
        self._look_for_cancel(document.id)
        if not self.store.set_status(document.id, Status.INDEXING, expected=(Status.PARSING,)):
            raise Cancelled()
        self.store.set_progress(document.id, chunks=len(passages))
        chunks = self.store.make_chunks(document.id, passages)
        encoded = []
        for start in range(0, len(chunks), EMBED_AT_ONCE):
            some = chunks[start : start + EMBED_AT_ONCE]
            encoded += embedder.encode_passages([chunk.headed_text for chunk in some])
            self.store.set_progress(document.id, chunks_done=len(encoded))
            self._look_for_cancel(document.id)
        saved = self.store.save_chunks(document.id, chunks, encoded)
        for index in self._stores.indexes:
            index.add(saved)
            reach(f"indexed {index.name}")
        return f"{pages - unreadable} of {pages} pages read" if unreadable else ""

    def _look_for_cancel(self, document_id: str) -> None:
        if document_id in self._cancelled:
            raise Cancelled()

    def _seldom(self, document_id: str) -> Callable[[int, int], None]:
        """`progress(pages done, pages)` that is written down at once, then every half second."""
        written = -PROGRESS_EVERY_S

        def progress(done: int, pages: int) -> None:
            nonlocal written
            now = time.monotonic()
            if now - written >= PROGRESS_EVERY_S:
                written = now
                self.store.set_progress(document_id, pages=pages, pages_done=done)

        return progress


__all__ = ["Added", "FileRefused", "FileResult", "Library", "Splitting"]
