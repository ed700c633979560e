"""SQL is the truth: what the other stores hold too much goes, what they lack is added, and a person is told."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ingest.documents import EncodedChunk, EncodedText, Status
from ingest.errors import LibraryDamaged, SecondPassError
from ingest.protocols import Embedder
from ingest.store.failpoints import reach
from ingest.store.files.folder import SetAside
from ingest.store.protocols import SearchIndex, StoredIndex, TokenStore
from ingest.store.sql.documents import document_of
from ingest.store.sql.store import SqlStore

log = logging.getLogger(__name__)

ENCODE_AT_ONCE = 256
MOST_NAMED = 3
IN_WORDS = {"dense": "vector index", "bm25": "keyword index", "tokens": "token vectors"}


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Everything that one library keeps. `embedder` is only called when vectors must be encoded again.

    embedder_fingerprint: of that embedder. notes: what was found while opening (see `open_or_move_aside`).
    """

    sql: SqlStore
    vectors: SearchIndex
    keywords: SearchIndex
    tokens: TokenStore
    embedder: Callable[[], Embedder]
    embedder_fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def indexes(self) -> tuple[StoredIndex, ...]:
        """In the order in which a document is added: the one that takes longest to repair first."""
        return (self.tokens, self.vectors, self.keywords)

    def close(self) -> None:
        for index in self.indexes:
            index.close()
        self.sql.close()


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
    with another embedding model: keyword search finds them, meaning does not until they are built again.

    set_aside: stored files that no document names. outdated: how many answer as they were built with other settings,
    until they are built again. waiting: documents that are still to be read or removed. failed:
    name and reason of those that could not be read (only told by a thorough check).
    """

    findings: tuple[Finding, ...] = ()
    left: tuple[Missing, ...] = ()
    stale: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    outdated: int = 0
    waiting: int = 0
    failed: tuple[tuple[str, str], ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether everything is as SQL says by now."""
        return all(finding.repaired for finding in self.findings) and not self.left and not self.stale

    @property
    def needs_rebuild(self) -> bool:
        return bool(self.stale)

    @property
    def notice(self) -> str:
        """What a person has to decide; "" when there is nothing."""
        if not self.set_aside:
            return ""
        many = len(self.set_aside) > 1
        return (
            f"{_count(len(self.set_aside), 'stored file')} ({_named(one.label.name for one in self.set_aside)}) "
            f"{'belong' if many else 'belongs'} to no document: the database is new or older than "
            f"{'they are' if many else 'it is'}, or a run was cut off. Nothing is lost: "
            "“second-pass doctor --adopt” adds them to the library again, “--discard” removes them for good."
        )

    def for_visitors(self) -> Report:
        """Without what names files: those may be another person's."""
        findings = tuple(finding for finding in self.findings if finding.store != "files")
        return replace(self, findings=findings, set_aside=(), failed=())

    def text(self) -> str:
        """For a person; one sentence a finding."""
        said = [finding.text for finding in self.findings]
        if self.notice:
            said.append(self.notice)
        if self.outdated:
            said.append(
                f"{_count(self.outdated, 'document')} built with other settings: found as before, to be built again by "
                "the open pages or `second-pass doctor --repair`."
            )
        if self.waiting:
            said.append(
                f"{_count(self.waiting, 'document')} {'wait' if self.waiting > 1 else 'waits'} to be read or removed: "
                "the open pages do it, or `second-pass doctor --repair`."
            )
        if self.failed:
            reasons = _named(f"{name}: {reason}" for name, reason in self.failed)
            said.append(f"{_count(len(self.failed), 'document')} could not be read ({reasons}).")
        return " ".join(said) or "Every index agrees with the database."

    def to_json(self) -> dict[str, Any]:
        return {
            "healthy": self.healthy,
            "findings": [asdict(finding) for finding in self.findings],
            "still_to_add": [asdict(missing) for missing in self.left],
            "built_with_another_model": list(self.stale),
            "files_of_no_document": [
                {"sha256": one.sha256, "bytes": one.bytes, "name": one.label.name, "collection": one.label.collection}
                for one in self.set_aside
            ],
            "built_with_other_settings": self.outdated,
            "waiting": self.waiting,
            "failed": [{"name": name, "reason": reason} for name, reason in self.failed],
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


def resume(stores: Stores, *, later: bool = False) -> Report:
    """At the start of a process, before any work: unfinished documents wait again, deletions are finished, files that
    no document names are set aside, the indexes are made equal to SQL. Running it again changes nothing.

    later: additions to the indexes are not made but left in `Report.left`, for the background worker.
    """
    findings = [Finding(store="indexes", text=note, repaired=True) for note in stores.notes]
    if unfinished := stores.sql.queue.recover(alone=True):
        text = f"{_count(len(unfinished), 'document')} left half done by the last run: queued again."
        findings.append(Finding(store="documents", text=text, repaired=True))
    deleting = stores.sql.queue.deleting()
    for document_id in deleting:
        remove(stores, document_id)
    if deleting:
        text = f"{_count(len(deleting), 'deletion')} of the last run finished."
        findings.append(Finding(store="documents", text=text, repaired=True))
    stores.sql.files.agree_with(stores.sql.documents.sha256s().keys())
    stores.sql.files.sweep()
    report = compare(stores, repair=True, later=later)
    return replace(report, findings=(*findings, *report.findings))


def compare(stores: Stores, *, repair: bool, later: bool = False) -> Report:
    """Whether the indexes hold what SQL says; with `repair`, they do afterwards (`later`: see `resume`)."""
    findings: list[Finding] = []
    left: list[Missing] = []
    for index in stores.indexes:
        found, missing = _compared(stores, index, repair=repair, later=later)
        findings += found
        left += missing
    stale = [document.id for document in stores.sql.queue.stale(pipelines=None, embedder=stores.embedder_fingerprint)]
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
    return Report(
        findings=tuple(findings),
        left=tuple(left),
        stale=tuple(stale),
        set_aside=tuple(stores.sql.files.set_aside_files()),
    )


def examine(stores: Stores, *, repair: bool) -> Report:
    """Read every byte that is kept, compare the indexes with SQL, and tell what waits and what failed."""
    findings = [*_database(stores), *_files(stores), *_saved_vectors(stores, repair), *_token_files(stores, repair)]
    report = compare(stores, repair=repair)
    documents = stores.sql.documents.documents()
    return replace(
        report,
        findings=(*findings, *report.findings),
        waiting=stores.sql.queue.waiting(),
        failed=tuple((document.name, document.reason) for document in documents if document.status == Status.FAILED),
    )


def remove(stores: Stores, document_id: str) -> None:
    """Finish a deletion that has begun: out of the indexes, then the rows and the file."""
    for index in stores.indexes:
        index.remove(document_id)
    reach("indexes cleared")
    stores.sql.queue.finish_delete(document_id)


def add_missing(stores: Stores, missing: Missing) -> None:
    """Add a document to one index from SQL; token vectors are encoded again from its text. Idempotent."""
    index = next(index for index in stores.indexes if index.name == missing.index)
    if index is not stores.tokens:
        index.add(stores.sql.documents.encoded_chunks(missing.document_id))
        return
    chunks = stores.sql.documents.document_chunks(missing.document_id)
    encoded = _encoded_again(stores, missing.document_id)
    index.add([EncodedChunk(chunk=chunk, encoded=text) for chunk, text in zip(chunks, encoded, strict=True)])


def _encoded_again(stores: Stores, document_id: str) -> list[EncodedText]:
    chunks = stores.sql.documents.document_chunks(document_id)
    encoded: list[EncodedText] = []
    for start in range(0, len(chunks), ENCODE_AT_ONCE):
        texts = [chunk.headed_text for chunk in chunks[start : start + ENCODE_AT_ONCE]]
        encoded += stores.embedder().encode_passages(texts)
    return encoded


def _database(stores: Stores) -> list[Finding]:
    said = stores.sql.integrity()
    if said == "ok":
        return []
    text = f"The database is damaged ({said[:200]}): restore it from a backup (second-pass restore)."
    return [Finding(store="database", text=text, repaired=False)]


def _files(stores: Stores) -> list[Finding]:
    findings = []
    names = stores.sql.documents.sha256s()
    held = stores.sql.files.hashes()
    gone = [name for sha256, some in names.items() if sha256 not in held for name in some]
    changed = [name for sha256, some in names.items() if stores.sql.files.changed(sha256) for name in some]
    if gone:
        text = (
            f"{_count(len(gone), 'document')} without stored file ({_named(gone)}): found as before, but the pages "
            "cannot be shown, nor built again. Add the file again."
        )
        findings.append(Finding(store="files", text=text, repaired=False))
    if changed:
        text = (
            f"{_count(len(changed), 'stored file')} no longer as it came in ({_named(changed)}): bytes changed on the "
            "disk. Add the file again, or restore a backup."
        )
        findings.append(Finding(store="files", text=text, repaired=False))
    return findings


def _saved_vectors(stores: Stores, repair: bool) -> list[Finding]:
    lost = stores.sql.documents.without_vectors()
    if not lost:
        return []
    if repair:
        for document_id in lost:
            stores.sql.documents.save_vectors(document_id, _encoded_again(stores, document_id))
    text = f"The database had lost the vectors of {_count(len(lost), 'document')}{': encoded again' if repair else ''}."
    return [Finding(store="database", text=text, repaired=repair)]


def _token_files(stores: Stores, repair: bool) -> list[Finding]:
    damaged = stores.tokens.damaged()
    if not damaged:
        return []
    if repair:
        for document_id in damaged:
            stores.tokens.remove(document_id)  # now it is missing, and what is missing is added
    text = f"The token vectors of {_count(len(damaged), 'document')} do not hold what was written."
    return [Finding(store="token vectors", text=text, repaired=repair)]


def _compared(stores: Stores, index: StoredIndex, *, repair: bool, later: bool) -> tuple[list[Finding], list[Missing]]:
    words = IN_WORDS[index.name]
    try:
        # The index first, SQL second: what became ready between the two is added once more, which does no harm;
        # the other way round, a document that is just being added would be taken for an orphan.
        held = index.ids()
        embedder = None if index is stores.keywords else stores.embedder_fingerprint
        in_work = stores.sql.documents.chunk_ids_in_work()
        wanted = stores.sql.documents.ready_chunk_ids(embedder)
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


def _named(names: Iterable[str]) -> str:
    """The first few, each cut to 80 characters."""
    known = [name[:80] for name in names]
    return ", ".join(known[:MOST_NAMED]) + (f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else "")
