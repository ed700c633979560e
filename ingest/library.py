"""What a person may do with the library: add, retry, cancel, delete, look. One per data directory.

Files are worked on by one background worker (worker.py, pipeline.py), so closing a tab stops nothing; what a crash
interrupts is taken up again. The worker begins with the first thing that asks for work: reading starts none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.documents import Box, Chunk, Document, Status
from ingest.errors import EmptyFile, FileLost, SecondPassError, TooLarge
from ingest.pipeline import Pipeline, Splitting
from ingest.protocols import Embedder
from ingest.read.sandbox import Reader
from ingest.store.reconcile import Finding, Report, Stores, add_missing, compare, examine, resume
from ingest.worker import Worker

log = logging.getLogger(__name__)

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


class Library:
    """Thread-safe; `open` it once, `close` it at the end."""

    def __init__(
        self,
        *,
        stores: Stores,
        reader: Reader,
        pictures: Reader,
        embedder: Callable[[], Embedder],
        splitting: Splitting,
    ) -> None:
        self._stores = stores
        self._documents = stores.sql.documents
        self._queue = stores.sql.queue
        self._reader = reader
        self._pictures = pictures  # its own child, so that a page can be shown while a file is being read
        self._splitting = splitting
        self.report = Report()
        self._worker = Worker(work=self._work, renew=self._queue.renew)
        self._pipeline = Pipeline(
            stores=stores,
            reader=reader,
            embedder=embedder,
            splitting=splitting,
            stopping=self._worker.stopping.is_set,
        )

    def open(self) -> Report:
        """Heal what the last run left half done. What takes long is left to the worker (`start`)."""
        self.report = self._with_outdated(resume(self._stores, later=True))
        self._pipeline.additions.extend(self.report.left)
        return self.report

    def start(self) -> None:
        """Let the worker begin: with what the indexes lack, then what waits, then what was built otherwise."""
        for document in self._stale():
            path = self._stores.sql.files.path(document.sha256)
            pipeline = self._splitting.fingerprint(document.name, path)
            try:
                self._queue.add_again(document.id, pipeline=pipeline, embedder=self._stores.embedder_fingerprint)
            except FileLost as error:
                log.warning("%s", error)
        self._worker.wake()

    def finish(self) -> None:
        """Work until nothing waits any more. Raises a SecondPassError when nothing can be done just now."""
        self.start()
        while self._pipeline.additions or self._queue.waiting():
            if trouble := self._worker.trouble:
                raise SecondPassError(trouble)
            self._worker.wait_for_next(self._worker.finished_count)

    def close(self) -> None:
        """Stop after the step in hand; a file that is being read waits again."""
        self._worker.stop()
        self._reader.close()
        self._pictures.close()
        self._stores.close()

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
        with self._pipeline.door if password else nullcontext():
            added = self._queue.add(
                source,
                name=name,
                collection=collection,
                pipeline=self._splitting.fingerprint(name, source),
                embedder=self._stores.embedder_fingerprint,
                replace=replace,
            )
            if password:
                self._pipeline.passwords[added.document.id] = password
        self._worker.wake()
        return Added(document=added.document, existed=not added.created)

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
        """Work until the document is ready, failed or cancelled; None when it was deleted (or is, by now).

        While the worker can do nothing (a full disk) it is returned as failed, with that as the reason; it stays
        queued all the same.
        """
        self._worker.start()
        while True:
            seen = self._worker.finished_count
            document = self._documents.document(document_id)
            if document is None or document.status in FINISHED:
                return document
            given_up = document.status == Status.DELETING and not self._queue.waiting()
            if given_up or self._worker.stopping.is_set():
                return document  # the next start goes on with it
            if trouble := self._worker.trouble:
                return replace(document, status=Status.FAILED, reason=f"{trouble} It stays queued.")
            self._worker.wait_for_next(seen)

    def retry(self, document_id: str, password: str | None = None) -> None:
        """Queue a failed or cancelled document again, with a password where one is needed."""
        if password:
            self._pipeline.passwords[document_id] = password
        self._queue.retry(document_id)
        self._worker.wake()

    def cancel(self, document_id: str) -> None:
        """Stop work on a document; it stays in the library as cancelled and can be retried."""
        self._queue.cancel(document_id)

    def delete(self, *document_ids: str) -> None:
        """Invisible at once; the worker then clears the indexes, SQL and the file."""
        self._queue.begin_delete(document_ids)
        self._worker.wake()

    def delete_collection(self, name: str) -> None:
        """Every document of the collection, and its name. Raises a SecondPassError when that cannot be done now."""
        for document_id in self._queue.begin_delete_collection(name):
            self.wait_for(document_id)
        if not self._stores.sql.collections.drop(name) and self._stores.sql.collections.key(name):
            raise SecondPassError(f"Not every document of {name!r} could be removed yet; the next start tries again.")

    # ---- files that no document names ---------------------------------------------------------------------

    def adopt(self) -> list[Document]:
        """Add every file that was set aside again, under the name that it came with.

        One that cannot be added (too large by now) stays set aside, and in the report.
        """
        files = self._stores.sql.files
        adopted = []
        for one in files.set_aside_files():
            path = files.set_aside_path(one)
            try:
                adopted.append(self.add(path, one.label.name, collection=one.label.collection).document)
            except SecondPassError as error:
                log.warning("%s stays set aside: %s", one.label.name, error)
            else:
                files.discard(one)
        self._tell_set_aside()
        return adopted

    def discard(self) -> int:
        """Remove every file that was set aside, for good; returns how many."""
        files = self._stores.sql.files
        unwanted = files.set_aside_files()
        for one in unwanted:
            files.discard(one)
        self._tell_set_aside()
        return len(unwanted)

    def _tell_set_aside(self) -> None:
        self.report = replace(self.report, set_aside=tuple(self._stores.sql.files.set_aside_files()))

    # ---- looking ------------------------------------------------------------------------------------------

    def documents(self, collection: str | None = None) -> list[Document]:
        return self._documents.documents(collection)

    def collections(self) -> list[str]:
        return [collection.name for collection in self._stores.sql.collections.collections()]

    def passages(self, document_id: str, page: int) -> list[Chunk]:
        """The passages of one page (1-based), in the document's order."""
        return [chunk for chunk in self._documents.document_chunks(document_id) if chunk.page == page]

    def file_bytes(self, document_id: str) -> bytes:
        return self._path(self._known(document_id)).read_bytes()

    def page_png(self, document_id: str, page: int, boxes: Sequence[Box] = (), width: int = 900) -> bytes:
        """A picture of one page (1-based), `width` pixels wide, with the boxes of that page highlighted."""
        document = self._known(document_id)
        return self._pictures.picture(
            self._path(document),
            page=page,
            width_px=width,
            boxes=boxes,
            password=self._pipeline.passwords.get(document_id),
        )

    def _known(self, document_id: str) -> Document:
        document = self._documents.document(document_id)
        if document is None:
            raise SecondPassError("That document is no longer in the library.")
        return document

    def _path(self, document: Document) -> Path:
        path = self._stores.sql.files.path(document.sha256)
        if not path.exists():
            raise FileLost(document.name)
        return path

    def make_whole(self) -> Report:
        """Make the additions to the indexes that opening left to the worker, now."""
        while self._pipeline.additions:
            add_missing(self._stores, self._pipeline.additions[0])
            self._pipeline.additions.popleft()
        self.report = self._with_outdated(compare(self._stores, repair=False))
        return self.report

    def check(self, *, repair: bool) -> Report:
        """Read and compare everything that is kept; with `repair`, mend what differs from SQL."""
        self.report = self._with_outdated(examine(self._stores, repair=repair))
        return self.report

    # ---- the worker's step --------------------------------------------------------------------------------

    def _work(self) -> bool:
        adding = bool(self._pipeline.additions)
        worked = self._pipeline.work_on_next()
        if adding and not self._pipeline.additions:
            self.report = self._with_outdated(compare(self._stores, repair=False))
        return worked

    def _stale(self) -> list[Document]:
        return self._queue.stale(pipelines=self._splitting.current, embedder=self._stores.embedder_fingerprint)

    def _with_outdated(self, report: Report) -> Report:
        """The report, and which documents were built with other settings: to be built again, or not, without a file."""
        held = self._stores.sql.files.hashes()
        stale = self._stale()
        lost = [row for row in stale if row.sha256 not in held]
        report = replace(report, outdated=sum(row.sha256 in held and row.id not in report.stale for row in stale))
        if not lost:
            return report
        text = (
            f"{', '.join(row.name[:80] for row in lost[:3])}{' and more' if len(lost) > 3 else ''}: built with other "
            "settings, and the stored file is gone, so it stays as it is. Add the file again."
        )
        return replace(report, findings=(*report.findings, Finding(store="files", text=text, repaired=False)))
