"""One run of a small library from start to end, in a process that a test may kill. Imported by its fork server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.documents import EncodedText, Status
from ingest.pipeline import Library, Splitting
from ingest.read.sandbox import Reader
from ingest.store.dense.chroma import ChromaIndex
from ingest.store.failpoints import ENVIRONMENT, reach
from ingest.store.keywords.tantivy import TantivyIndex
from ingest.store.reconcile import Stores, open_or_move_aside, reconcile
from ingest.store.tokens.mapped_files import TokenIndex
from tests.fakes.library_parts import encoded, open_store, passages, small_projection


class TextEmbedder:
    """Vectors by a checksum of the text; remembers what it was asked for."""

    fingerprint = "e1"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode_passages(self, texts: Sequence[str], progress: object = None) -> list[EncodedText]:
        self.encoded += texts
        return [self.encode_question(text) for text in texts]

    def encode_question(self, text: str) -> EncodedText:
        import zlib

        return encoded(zlib.crc32(text.encode()))


def open_stores(home: Path, embedder: TextEmbedder | None = None, fingerprint: str = "e1") -> Stores:
    store = open_store(home)
    vectors, note = open_or_move_aside(
        lambda: ChromaIndex(home / "vectors", fingerprint=fingerprint, key_of=store.collection_key), home / "vectors"
    )
    keywords, other = open_or_move_aside(
        lambda: TantivyIndex(home / "keywords", key_of=store.collection_key), home / "keywords"
    )
    return Stores(
        store=store,
        vectors=vectors,
        keywords=keywords,
        tokens=TokenIndex(home / "tokens", fingerprint=fingerprint, projection=small_projection()),
        embedder=lambda: embedder or TextEmbedder(),
        embedder_fingerprint=fingerprint,
        notes=tuple(filter(None, (note, other))),
    )


def close(stores: Stores) -> None:
    for index in stores.indexes:
        index.close()
    stores.store.close()


@contextmanager
def open_library(home: Path) -> Iterator[Library]:
    """A real library but for its vectors, which are checksums of the texts."""
    stores = open_stores(home)
    library = Library(
        store=stores.store,
        journal=None,  # type: ignore[arg-type]  # no file's way leads to it
        stores=stores,
        reader=Reader(),
        pictures=Reader(),
        embedder=lambda: TextEmbedder(),  # type: ignore[arg-type, return-value]
        embedder_fingerprint=TextEmbedder.fingerprint,
        splitting=Splitting(),
    )
    try:
        library.open()
        yield library
    finally:
        library.close()


def work_off(stores: Stores) -> None:
    """What the worker does: deletions first, then every pending document. A document's size is its file's content."""
    for document_id in stores.store.deleting():
        remove(stores, document_id)
    while (document := stores.store.claim_next()) is not None:
        count = int(stores.store.file_path(document).read_bytes().split()[-1])
        chunks = stores.store.make_chunks(document.id, passages(count))
        stores.store.set_status(document.id, Status.INDEXING)
        vectors = TextEmbedder().encode_passages([f"{chunk.id} {chunk.text}" for chunk in chunks])
        saved = stores.store.save_chunks(document.id, chunks, vectors)
        for index in stores.indexes:
            index.add(saved)
        if replaced := stores.store.mark_ready(document.id):
            remove(stores, replaced)


def remove(stores: Stores, document_id: str) -> None:
    for index in stores.indexes:
        index.remove(document_id)
    reach("indexes cleared")
    stores.store.finish_delete(document_id)


def everything_equals_sql(stores: Stores) -> bool:
    ready = stores.store.ready_chunk_ids()
    return all(index.ids() == ready for index in stores.indexes)


def prepare(home: Path) -> None:
    """Two ready documents, `a` and `b`."""
    stores = open_stores(home)
    for name in ("a", "b"):
        stores.store.add_document(f"{name} 4".encode(), name=name, collection="c", pipeline="p1", embedder="e1")
    work_off(stores)
    close(stores)


def run(home: Path, failpoint: str, size: int) -> None:
    """Start, replace `a` by `a2` of `size` passages, delete `b`; what was confirmed is noted in a file each."""
    os.environ[ENVIRONMENT] = failpoint
    stores = open_stores(home)
    reconcile(stores, starting=True)
    old = {document.name: document.id for document in stores.store.documents()}
    added = stores.store.add_document(
        f"a2 {size}".encode(),
        name="a2",
        collection="c",
        pipeline="p1",
        embedder="e1",
        replaces=old.get("a", ""),
    )
    (home / "confirmed-add").write_text(added.document.id)
    work_off(stores)
    if "b" in old:
        stores.store.begin_delete([old["b"]])
        (home / "confirmed-delete").write_text(old["b"])
    work_off(stores)
    close(stores)
    (home / "finished").touch()


def start_library(home: Path) -> None:
    """Two ready text files, `a.txt` and `b.txt`."""
    with open_library(home) as library:
        for name in ("a.txt", "b.txt"):
            library.wait_for(library.add(f"{name} speaks of the first version.".encode(), name).document.id)


def run_library(home: Path, failpoint: str) -> None:
    """Replace `a.txt`, delete `b.txt`, through the real `Library`; what was confirmed is noted in a file each."""
    os.environ[ENVIRONMENT] = failpoint
    with open_library(home) as library:
        old = {document.name: document.id for document in library.documents()}
        new = library.add(b"a.txt speaks of the second version.", "a.txt", replace=True).document
        (home / "confirmed-add").touch()
        library.wait_for(new.id)
        library.delete(old["b.txt"])
        (home / "confirmed-delete").touch()
        while library.store.deleting():
            time.sleep(0.01)
    (home / "finished").touch()
