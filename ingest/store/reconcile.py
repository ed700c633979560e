"""SQL is the truth: what the other stores hold too much goes, what they lack is added, and a person is told."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ingest.documents import EncodedChunk
from ingest.errors import LibraryDamaged, SecondPassError
from ingest.protocols import Embedder
from ingest.store.dense.chroma import ChromaIndex
from ingest.store.keywords.tantivy import TantivyIndex
from ingest.store.sql.documents import SqlStore, document_of
from ingest.store.tokens.mapped_files import TokenIndex

log = logging.getLogger(__name__)

ENCODE_AT_ONCE = 256
IN_WORDS = {"dense": "vector index", "bm25": "keyword index", "tokens": "token vectors"}


class Stored(Protocol):
    """What an index and the token vectors have in common."""

    name: str

    def add(self, chunks: Sequence[EncodedChunk]) -> None: ...
    def remove(self, document_id: str) -> None: ...
    def discard(self, chunk_ids: set[str]) -> None: ...
    def ids(self) -> set[str]: ...
    def clear(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Everything that one library keeps. `embedder` is only called when token vectors must be encoded again.

    embedder_fingerprint: of that embedder. notes: what was found while opening (see `open_or_move_aside`).
    """

    store: SqlStore
    vectors: ChromaIndex
    keywords: TantivyIndex
    tokens: TokenIndex
    embedder: Callable[[], Embedder]
    embedder_fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def indexes(self) -> tuple[Stored, ...]:
        """In the order in which a document is added: the one that takes longest to repair first."""
        return (self.tokens, self.vectors, self.keywords)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was not as SQL says, in a sentence. repaired: whether it is mended by now."""

    store: str
    text: str
    repaired: bool


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A document's passages that an index lacks and that are still to be added (`add_missing`)."""

    index: str
    document_id: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a comparison found. left: additions that were put off. stale: ids of ready documents that were built
    with another embedding model: keyword search finds them, meaning does not until they are built again."""

    findings: tuple[Finding, ...] = ()
    left: tuple[Missing, ...] = ()
    stale: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether everything is as SQL says by now."""
        return all(finding.repaired for finding in self.findings) and not self.left and not self.stale

    @property
    def needs_rebuild(self) -> bool:
        return bool(self.stale)

    def text(self) -> str:
        """For a person; one sentence a finding."""
        return " ".join(finding.text for finding in self.findings) or "Every index agrees with the database."

    def to_json(self) -> dict[str, Any]:
        return {
            "healthy": self.healthy,
            "findings": [asdict(finding) for finding in self.findings],
            "still_to_add": [asdict(missing) for missing in self.left],
            "built_with_another_model": list(self.stale),
        }


T = TypeVar("T")


def open_or_move_aside(make: Callable[[], T], folder: Path) -> tuple[T, str]:
    """Open an index; one that is damaged is moved to `folder.damaged` and opened anew, empty, to be rebuilt.

    Returns the index and a sentence on what happened, "" when nothing did.
    """
    try:
        return make(), ""
    except LibraryDamaged as error:
        log.warning("%s", error)
        aside = folder.with_name(f"{folder.name}.damaged")
        shutil.rmtree(aside, ignore_errors=True)
        if folder.exists():
            folder.rename(aside)
        note = f"The {folder.name} folder was damaged: it was moved to {aside.name} and is rebuilt from the database."
        return make(), note


def reconcile(stores: Stores, *, repair: bool = True, starting: bool = False, later: bool = False) -> Report:
    """Compare every store with SQL and, with `repair`, make them equal. Running it again changes nothing.

    starting: at the start of a process, before any work: unfinished documents are queued again, deletions finished,
    files that no document names removed. Otherwise a check is thorough instead: every byte is read.
    later: additions are not made but left in `Report.left`, for the background worker.
    """
    findings = [Finding(store="indexes", text=note, repaired=True) for note in stores.notes if starting]
    if starting and repair:
        findings += _resumed(stores)
    if not starting:
        findings += _thorough(stores, repair)
    left: list[Missing] = []
    for index in stores.indexes:
        found, missing = _compared(stores, index, repair=repair, later=later)
        findings += found
        left += missing
    stale = [
        document.id for document in stores.store.stale_documents(pipelines=None, embedder=stores.embedder_fingerprint)
    ]
    if stale:
        findings.append(
            Finding(
                store="documents",
                text=f"{_count(len(stale), 'document')} built with another embedding model: to be built again; "
                "until then only keyword search finds them.",
                repaired=False,
            )
        )
    for finding in findings:
        log.info("%s: %s", finding.store, finding.text)
    return Report(findings=tuple(findings), left=tuple(left), stale=tuple(stale))


def add_missing(stores: Stores, missing: Missing) -> None:
    """Add a document to one index from SQL; token vectors are encoded again from its text. Idempotent."""
    index = next(index for index in stores.indexes if index.name == missing.index)
    if index is not stores.tokens:
        index.add(stores.store.encoded_chunks(missing.document_id))
        return
    chunks = stores.store.document_chunks(missing.document_id)
    encoded = []
    for start in range(0, len(chunks), ENCODE_AT_ONCE):
        texts = [chunk.headed_text for chunk in chunks[start : start + ENCODE_AT_ONCE]]
        encoded += stores.embedder().encode_passages(texts)
    index.add([EncodedChunk(chunk=chunk, encoded=text) for chunk, text in zip(chunks, encoded, strict=True)])


def _resumed(stores: Stores) -> list[Finding]:
    findings = []
    unfinished = stores.store.requeue_unfinished()
    if unfinished:
        text = f"{_count(len(unfinished), 'document')} left half done by the last run: queued again."
        findings.append(Finding(store="documents", text=text, repaired=True))
    deleting = stores.store.deleting()
    for document_id in deleting:
        for index in stores.indexes:
            index.remove(document_id)
        stores.store.finish_delete(document_id)
    if deleting:
        text = f"{_count(len(deleting), 'deletion')} of the last run finished."
        findings.append(Finding(store="documents", text=text, repaired=True))
    if swept := stores.store.sweep_files():
        text = f"{_count(swept, 'file')} that belonged to no document removed."
        findings.append(Finding(store="files", text=text, repaired=True))
    return findings


def _thorough(stores: Stores, repair: bool) -> list[Finding]:
    findings = []
    if (said := stores.store.integrity()) != "ok":
        text = f"The database is damaged ({said[:200]}): restore it from a backup (second-pass restore)."
        findings.append(Finding(store="database", text=text, repaired=False))
    if gone := stores.store.without_file():
        text = (
            f"{_count(len(gone), 'document')} without their PDF ({gone[0].name[:80]} and so on): they answer, but "
            "their pages cannot be shown. Add the files again."
        )
        findings.append(Finding(store="files", text=text, repaired=False))
    damaged = stores.tokens.damaged()
    if damaged and repair:
        for document_id in damaged:
            stores.tokens.remove(document_id)  # now it is missing, and what is missing is added
    if damaged:
        text = f"The token vectors of {_count(len(damaged), 'document')} do not hold what was written."
        findings.append(Finding(store="token vectors", text=text, repaired=repair))
    return findings


def _compared(stores: Stores, index: Stored, *, repair: bool, later: bool) -> tuple[list[Finding], list[Missing]]:
    words = IN_WORDS[index.name]
    try:
        # The index first, SQL second: what became ready between the two is added once more, which does no harm;
        # the other way round, a document that is just being added would be taken for an orphan.
        held = index.ids()
        embedder = None if index is stores.keywords else stores.embedder_fingerprint
        in_work = stores.store.chunk_ids_in_work()
        wanted = stores.store.ready_chunk_ids(embedder)
        extra, lacking = held - wanted - in_work, wanted - held
        if repair and extra:
            index.discard(extra)
        missing = [Missing(index=index.name, document_id=one) for one in sorted({document_of(one) for one in lacking})]
        if repair and not later:
            for one in missing:
                add_missing(stores, one)
    except SecondPassError as error:
        return [Finding(store=words, text=str(error), repaired=False)], []
    findings = []
    if extra:
        text = f"The {words} held {_count(len(extra), 'passage')} of no document{': removed' if repair else ''}."
        findings.append(Finding(store=words, text=text, repaired=repair))
    if lacking:
        done = "added from the database" if repair and not later else "being added" if repair else "to be added"
        text = f"The {words} lacked {_count(len(lacking), 'passage')} of {_count(len(missing), 'document')}: {done}."
        findings.append(Finding(store=words, text=text, repaired=repair))
    return findings, missing if later or not repair else []


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
