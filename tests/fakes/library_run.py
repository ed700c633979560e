"""One run of a small library from start to end, in a process that a test may kill. Imported by its fork server."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.documents import EncodedText
from ingest.library import Library
from ingest.pipeline import Pipeline, Splitting
from ingest.read.passages import SUFFIX
from ingest.read.sandbox import Reader
from ingest.store.dense.chroma import ChromaIndex
from ingest.store.failpoints import ENVIRONMENT
from ingest.store.keywords.tantivy import TantivyIndex
from ingest.store.reconcile import Stores, open_or_move_aside, resume
from ingest.store.sql.store import open_store
from ingest.store.tokens.mapped_files import TokenIndex
from tests.fakes.library_parts import WORDS, encoded, small_projection


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
        return encoded(zlib.crc32(text.encode()))


def open_stores(home: Path, embedder: TextEmbedder | None = None, fingerprint: str = "e1") -> Stores:
    home.mkdir(parents=True, exist_ok=True)
    sql = open_store(home)
    vectors, note = open_or_move_aside(
        lambda: ChromaIndex(home / "vectors", fingerprint=fingerprint, key_of=sql.collections.key), home / "vectors"
    )
    keywords, other = open_or_move_aside(
        lambda: TantivyIndex(home / "keywords", key_of=sql.collections.key), home / "keywords"
    )
    return Stores(
        sql=sql,
        vectors=vectors,
        keywords=keywords,
        tokens=TokenIndex(home / "tokens", fingerprint=fingerprint, projection=small_projection()),
        embedder=lambda: embedder or TextEmbedder(),
        embedder_fingerprint=fingerprint,
        notes=tuple(filter(None, (note, other))),
    )


@contextmanager
def open_library(home: Path) -> Iterator[Library]:
    """A real library but for its vectors, which are checksums of the texts."""
    library = Library(
        stores=open_stores(home),
        reader=Reader(),
        pictures=Reader(),
        embedder=TextEmbedder,
        splitting=Splitting(),
    )
    try:
        library.open()
        yield library
    finally:
        library.close()


def file_of(name: str, count: int) -> tuple[str, bytes]:
    """A file of `count` passages that are cut already, each with words of its own: its name and its bytes."""
    rows = [
        {"text": f"{WORDS[place % len(WORDS)]} and {WORDS[(place * 7 + 3) % len(WORDS)]} {name} {place}"}
        for place in range(count)
    ]
    return name + SUFFIX, "\n".join(json.dumps(row) for row in rows).encode()


def add(stores: Stores, name: str, count: int, *, collection: str = "c", replaces: str = "") -> str:
    """Queue a file of `count` passages; returns its document's id."""
    file_name, data = file_of(name, count)
    queued = stores.sql.queue.add(
        data, name=file_name, collection=collection, pipeline="p1", embedder="e1", replaces=replaces
    )
    return queued.document.id


def work_off(stores: Stores) -> None:
    """Everything that waits, by the product's own steps, in this thread."""
    with Reader() as reader:
        pipeline = Pipeline(stores=stores, reader=reader, embedder=stores.embedder, splitting=Splitting())
        while pipeline.work_on_next():
            pass


def everything_equals_sql(stores: Stores) -> bool:
    ready = stores.sql.documents.ready_chunk_ids()
    return all(index.ids() == ready for index in stores.indexes)


def named(stores: Stores) -> dict[str, str]:
    """Name without its ending → id."""
    return {document.name.removesuffix(SUFFIX): document.id for document in stores.sql.documents.documents()}


def prepare(home: Path) -> None:
    """Two ready documents, `a` and `b`."""
    stores = open_stores(home)
    for name in ("a", "b"):
        add(stores, name, 4)
    work_off(stores)
    stores.close()


def run(home: Path, failpoint: str, size: int) -> None:
    """Start, replace `a` by `a2` of `size` passages, delete `b`; what was confirmed is noted in a file each."""
    os.environ[ENVIRONMENT] = failpoint
    stores = open_stores(home)
    resume(stores)
    old = named(stores)
    (home / "confirmed-add").write_text(add(stores, "a2", size, replaces=old.get("a", "")))
    work_off(stores)
    if "b" in old:
        stores.sql.queue.begin_delete([old["b"]])
        (home / "confirmed-delete").write_text(old["b"])
    work_off(stores)
    stores.close()
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
        library.finish()
    (home / "finished").touch()
