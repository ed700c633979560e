"""The steps of one document, top to bottom: claim → read → split → embed → save → index → ready.

What a person may do with the library is in library.py; the thread that calls `work_on_next` in worker.py.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import Field

from ingest.documents import Document, EncodedText, Passage, ReadFile, Status
from ingest.errors import (
    Cancelled,
    DiskFull,
    FileLost,
    LibraryInUse,
    NoTextFound,
    ReaderCrashed,
    SecondPassError,
    StoreUnreachable,
)
from ingest.protocols import Embedder
from ingest.read import registry
from ingest.split import FINGERPRINT, split
from ingest.store.failpoints import reach
from ingest.store.reconcile import Missing, Stores, add_missing, remove

log = logging.getLogger(__name__)

EMBED_AT_ONCE = 256  # passages between two looks at the claim, and between two writes of the progress
PASSING = (LibraryInUse, StoreUnreachable)  # troubles of a store, which are over some time
PROGRESS_EVERY_S = 0.5  # a page is read in 5 ms, and to write down that it was costs as much


class FileReader(Protocol):
    """`ingest.read.sandbox.Reader`, as far as it reads."""

    def read(
        self,
        path: Path,
        *,
        name: str,
        password: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ReadFile: ...


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """How pages are cut into passages; a change reads every file again.

    The settings' group [passages]. Lengths are in the embedding model's word pieces.
    """

    tokens: Annotated[int, Field(ge=50, le=400, description="Passage length to aim at, in word pieces.")] = 200
    overlap: Annotated[int, Field(ge=0, le=200, description="Word pieces that a passage repeats.")] = 40

    def fingerprint(self, name: str, source: Path | bytes) -> str:
        """What a file is read and split with: its own reader's version, so that a better one re-reads no others."""
        return self._with(registry.format_of(name, registry.head_of(source)).version)

    @property
    def current(self) -> tuple[str, ...]:
        """The fingerprints that nothing needs to be built again for, one for each format."""
        return tuple(self._with(one.version) for one in registry.FORMATS)

    def _with(self, reader: str) -> str:
        return f"{reader} {FINGERPRINT}-{self.tokens}-{self.overlap}"


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """What one worker works with. passwords: by document, in memory only. stopping: whether it is to end soon.

    additions: what the indexes lack of ready documents; done first. door: held between a document's row and its
    password, so that nobody begins with it.
    """

    stores: Stores
    reader: FileReader
    embedder: Callable[[], Embedder]
    splitting: Splitting
    passwords: dict[str, str] = field(default_factory=dict)
    stopping: Callable[[], bool] = lambda: False
    additions: deque[Missing] = field(default_factory=deque)
    door: threading.Lock = field(default_factory=threading.Lock)

    def work_on_next(self) -> bool:
        """Add what an index lacks, or finish one deletion or one document; False when nothing waits.

        Raises a SecondPassError when nothing can be done just now (a full disk, a locked database): call it again.
        """
        queue = self.stores.sql.queue
        queue.give_back()  # what a fault of the database kept from being ended; one worker does one thing at a time
        if self.additions:
            self._add_missing(self.additions[0])
            return True
        with self.door:
            document = queue.claim_next()
        if document is None:
            return False
        if document.status == Status.DELETING:
            self._remove(document)
        else:
            self._build(document)
        return True

    def _add_missing(self, missing: Missing) -> None:
        try:
            add_missing(self.stores, missing)
        except (DiskFull, *PASSING):
            self.additions.rotate(-1)
            raise
        except SecondPassError as error:  # a comparison (doctor) will tell; the others are not to wait for it
            log.warning("%s lacks document %s still: %s", missing.index, missing.document_id, error)
        except BaseException:
            self.additions.popleft()
            raise
        self.additions.popleft()

    def _remove(self, document: Document) -> None:
        try:
            remove(self.stores, document.id)
        except BaseException:
            self.stores.sql.queue.delete_failed(document.id)
            raise
        self.passwords.pop(document.id, None)

    def _build(self, document: Document) -> None:
        """Ready, or in words why not. What is no fault of the document (stopping, a locked database) gives it back."""
        started = time.perf_counter()
        queue = self.stores.sql.queue
        try:
            note = self._index(document)
            queue.mark_ready(document.id, seconds=time.perf_counter() - started, reason=note)
            log.info("document %s took %.1f s", document.id, time.perf_counter() - started)
            return
        except Cancelled:
            if self.stopping():
                queue.give_back()
        except PASSING:
            queue.give_back()
            raise
        except ReaderCrashed as error:
            queue.reader_died(document.id, str(error))
        except SecondPassError as error:
            queue.fail(document.id, str(error), type(error).__name__)
        except BaseException as error:  # not Exception: a panic of native code in Rust is none
            log.exception("document %s could not be indexed", document.id)
            queue.fail(document.id, f"an unexpected error ({type(error).__name__}); see the log")
        for index in self.stores.indexes:
            index.remove(document.id)

    def _index(self, document: Document) -> str:
        """Everything up to the indexes; returns what a reader should know ("49 of 50 pages read")."""
        queue = self.stores.sql.queue
        pipeline = self.splitting.fingerprint(document.name, self.stores.sql.files.path(document.sha256))
        queue.build_with(document.id, pipeline=pipeline, embedder=self.stores.embedder_fingerprint)
        embedder = self.embedder()
        passages, note = self._passages(document, embedder)
        if not passages:
            raise NoTextFound("it holds no text layer; scans need OCR first")
        queue.progress(document.id, status=Status.INDEXING, chunks=len(passages))
        chunks = self.stores.sql.documents.make_chunks(document.id, passages)
        encoded: list[EncodedText] = []
        for start in range(0, len(chunks), EMBED_AT_ONCE):
            if self.stopping():
                raise Cancelled()
            some = chunks[start : start + EMBED_AT_ONCE]
            encoded += embedder.encode_passages([chunk.headed_text for chunk in some])
            queue.progress(document.id, chunks_done=len(encoded))
        saved = queue.save_chunks(document.id, chunks, encoded)
        for index in self.stores.indexes:
            index.add(saved)
            reach(f"indexed {index.name}")
        return note

    def _passages(self, document: Document, embedder: Embedder) -> tuple[list[Passage], str]:
        queue, path = self.stores.sql.queue, self.stores.sql.files.path(document.sha256)
        if not path.exists():
            raise FileLost(document.name)
        read = self.reader.read(
            path,
            name=document.name,
            password=self.passwords.get(document.id),
            progress=_seldom(lambda done, pages: queue.progress(document.id, pages=pages, pages_done=done)),
            cancelled=self._lost(document.id),
        )
        pages, unreadable = len(read.pages), len(read.unreadable)  # these stand among the pages as empty ones
        queue.progress(document.id, title=read.title, pages=pages, pages_done=pages - unreadable)
        passages = split(
            read,
            count_tokens=embedder.count_tokens,
            target=self.splitting.tokens,
            overlap=self.splitting.overlap,
        )
        return passages, f"{pages - unreadable} of {pages} pages read" if unreadable else ""

    def _lost(self, document_id: str) -> Callable[[], bool]:
        """Whether to stop reading: the worker ends, or (asked every half second) the claim is gone."""
        asked = time.monotonic()

        def lost() -> bool:
            nonlocal asked
            if self.stopping():
                return True
            if time.monotonic() - asked < PROGRESS_EVERY_S:
                return False
            asked = time.monotonic()
            return not self.stores.sql.queue.holds(document_id)

        return lost


def _seldom(write: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """`progress(pages done, pages)` that is written down at once, then every half second."""
    written = -PROGRESS_EVERY_S

    def progress(done: int, pages: int) -> None:
        nonlocal written
        now = time.monotonic()
        if now - written >= PROGRESS_EVERY_S:
            written = now
            write(done, pages)

    return progress
