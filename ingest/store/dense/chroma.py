"""Dense vectors in Chroma (embedded): ids by cosine similarity, one Chroma collection per library collection."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.documents import EncodedChunk, Hit, Query
from ingest.errors import DiskFull, LibraryDamaged, SecondPassError, StoreUnreachable
from ingest.store.failpoints import reach
from ingest.store.files.folder import disk_full
from ingest.store.native_errors import native_errors

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection as ChromaCollection

log = logging.getLogger(__name__)

# Measured on 17,000 clustered vectors, 100 neighbours: ef_search 100 (Chroma's default) gives recall .978 in 1.5 ms,
# 200 gives .991 in 1.6 ms; more links and a wider construction give .998 in 4.9 ms and halve the speed of adding.
HNSW = {"space": "cosine", "ef_search": 200}
BATCH = 1000
PROBE_SECONDS = 120

# Where the disk fills up while Chroma writes, it may never return (1.5.9, seen on a small disk); so it is not asked to
# when there is less room than this. Its log and graph take about 4 kB a vector.
ROOM_TO_ADD = 16 * 2**20
ROOM_TO_REMOVE = 2 * 2**20  # less, because removing is how room is made
BYTES_A_VECTOR = 8 * 2**10


class ChromaIndex:
    """Index over a folder. Thread-safe; one process per folder.

    fingerprint: of the embedder. Vectors of another embedder live in other Chroma collections: never searched, never
    counted in `ids()`, gone with `clear()`. key_of: a collection's name → the key it is filed under ("" when there is
    no such collection), so that renaming touches nothing here.

    Raises LibraryDamaged when the folder cannot be read: move it aside and rebuild (see `reconcile.py`).
    """

    name = "dense"

    def __init__(self, folder: Path, *, fingerprint: str, key_of: Callable[[str], str] = str) -> None:
        self.folder = folder
        self._key_of = key_of
        self._suffix = "-" + "".join(c if c.isalnum() else "." for c in fingerprint)[:60].strip(".")
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        _probe_if_unclean(folder)
        with _translated(folder):
            self._client: Any = _client(folder)
            self._batch = min(BATCH, self._client.get_max_batch_size())
            self._collections: dict[str, ChromaCollection] = {
                found.name: found for found in self._client.list_collections() if found.name.endswith(self._suffix)
            }
            for collection in self._collections.values():
                _touch(collection)
        _note_state(folder)

    def add(self, chunks: Sequence[EncodedChunk]) -> None:
        """Insert or overwrite by chunk id. Durable when it returns: Chroma has it in its own SQLite log by then."""
        _expect_room(self.folder, ROOM_TO_ADD + len(chunks) * BYTES_A_VECTOR)
        by_name: dict[str, list[EncodedChunk]] = {}
        for item in chunks:
            by_name.setdefault(item.chunk.collection, []).append(item)
        with self._writing():
            for name, items in by_name.items():
                collection = self._collection(self._key_of(name))
                for start in range(0, len(items), self._batch):
                    some = items[start : start + self._batch]
                    collection.upsert(
                        ids=[item.chunk.id for item in some],
                        embeddings=np.stack([item.encoded.vector for item in some]),
                        metadatas=[{"document": item.chunk.document_id} for item in some],
                    )
                    reach("vectors added")
                _touch(collection)

    def remove(self, document_id: str) -> None:
        """Remove every chunk of the document, also what another embedder left of it."""
        with self._writing():
            for collection in self._client.list_collections():
                ids = collection.get(where={"document": document_id}, include=[])["ids"]
                self._delete(collection, ids)

    def discard(self, chunk_ids: Collection[str]) -> None:
        """Remove these chunk ids; unknown ones are ignored."""
        wanted = sorted(chunk_ids)
        with self._writing():
            for collection in self._collections.values():
                for start in range(0, len(wanted), self._batch):
                    some = wanted[start : start + self._batch]
                    self._delete(collection, collection.get(ids=some, include=[])["ids"])

    def search(self, query: Query, limit: int) -> list[Hit]:
        """At most `limit` hits by cosine similarity (-1..1), best first, in the query's collections and documents."""
        where: Any = {"document": {"$in": list(query.document_ids)}} if query.document_ids else None
        vector: Any = np.asarray(query.encoded.vector, np.float32)
        hits: list[Hit] = []
        with _translated(self.folder):
            for collection in self._searched(query.collections):
                found = collection.query(query_embeddings=[vector], n_results=limit, where=where, include=["distances"])
                distances = found["distances"] or [[]]
                hits += [
                    Hit(chunk_id=chunk_id, score=1.0 - float(distance))
                    for chunk_id, distance in zip(found["ids"][0], distances[0], strict=True)
                ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:limit]

    def ids(self) -> set[str]:
        """Every chunk id held for this embedder."""
        with _translated(self.folder):
            return {
                chunk_id
                for collection in list(self._collections.values())
                for chunk_id in collection.get(include=[])["ids"]
            }

    def clear(self) -> None:
        """Forget everything, also what other embedders left."""
        with self._writing():
            for collection in self._client.list_collections():
                self._client.delete_collection(collection.name)
            self._collections = {}

    def close(self) -> None:
        """Let the folder go: it may be moved or opened again afterwards."""
        self._client.close()

    def _collection(self, key: str) -> ChromaCollection:
        name = key + self._suffix
        if name not in self._collections:
            self._collections[name] = self._client.get_or_create_collection(
                name, configuration={"hnsw": HNSW}, embedding_function=None
            )
        return self._collections[name]

    def _searched(self, names: Sequence[str]) -> list[ChromaCollection]:
        if not names:
            return list(self._collections.values())
        wanted = dict.fromkeys(self._key_of(name) + self._suffix for name in names)
        return [self._collections[name] for name in wanted if name in self._collections]

    def _delete(self, collection: ChromaCollection, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), self._batch):
            collection.delete(ids=list(ids[start : start + self._batch]))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, _translated(self.folder):
            _expect_room(self.folder, ROOM_TO_REMOVE)
            yield
            _note_state(self.folder)


def _expect_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFull(
            f"The disk is full, or nearly ({free / 2**20:.0f} MB are left): the vector index was not changed. Free "
            "some space and try again."
        )


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    try:
        return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    except BaseException:
        # Chroma 1.5.9 keeps what failed to start, and would give it to the next who opens this folder.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
        SharedSystemClient._identifier_to_refcount.pop(str(folder), None)
        raise


def _touch(collection: ChromaCollection) -> None:
    """Make Chroma take what is in its log into the graph now, in the writer's time, not in the next question's."""
    found: Any = collection.get(limit=1, include=["embeddings"])["embeddings"]
    if found is not None and len(found):
        collection.query(query_embeddings=[found[0]], n_results=1, include=[])


def _translated(folder: Path) -> AbstractContextManager[None]:
    """Whatever Chroma raises, as an error of ours: a question then goes on with the keyword index."""
    return native_errors(lambda error: _in_words(folder, error))


def _in_words(folder: Path, error: BaseException) -> SecondPassError:
    said = str(error).lower()
    if "disk is full" in said or "no space left" in said:
        return DiskFull("The disk is full: the vector index was not extended. Free some space and try again.")
    if isinstance(error, ConnectionError | TimeoutError):
        return StoreUnreachable("The vector index does not answer. Try again soon.")
    log.warning("vector index: %s", error)
    return LibraryDamaged(
        f"The vector index ({folder.name}) cannot be read ({type(error).__name__}). It is rebuilt from the database "
        "at the next start or by `second-pass doctor --repair`; nothing is lost."
    )


# ---- damage that would take the whole process down ---------------------------------------------------------
# A damaged graph file can crash Chroma's native code (measured: random bytes in data_level0.bin, half a
# header.bin), and a missing one is silently taken for an empty graph. So the files' sizes and times are noted after
# every write, and a folder that looks otherwise is first read from end to end in a child process.

_STATE = "second-pass.state"


def _probe_if_unclean(folder: Path) -> None:
    """Raises LibraryDamaged when the folder changed since the last note and a child process cannot read it all."""
    state, seen = folder / _STATE, _state(folder)
    if not seen or (state.exists() and state.read_bytes() == seen):
        return
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])}
    environment.pop("SECOND_PASS_FAILPOINT", None)
    try:
        child = subprocess.run(
            [sys.executable, "-m", "ingest.store.dense.chroma", str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
        problem = "" if child.returncode == 0 else f"exit status {child.returncode}"
    except subprocess.TimeoutExpired:
        problem = f"no end after {PROBE_SECONDS} s"
    if problem:
        raise LibraryDamaged(
            f"The vector index ({folder.name}) is damaged ({problem} while reading it). It is rebuilt from the "
            "database at the next start or by `second-pass doctor --repair`; nothing is lost."
        )


def _note_state(folder: Path) -> None:
    with disk_full("change of the vector index"):
        (folder / _STATE).write_bytes(_state(folder))


def _state(folder: Path) -> bytes:
    """Names, sizes and times of the graph files; empty when there are none."""
    lines = []
    for path in sorted(folder.glob("*/*")):
        found = path.stat()
        lines.append(f"{path.relative_to(folder)} {found.st_size} {found.st_mtime_ns}\n")
    return "".join(lines).encode()


def read_all(folder: Path) -> None:
    """Read every vector, and look a few of them up; raises whatever is wrong with the folder."""
    client = _client(folder)
    for collection in client.list_collections():
        ids = collection.get(include=[])["ids"]
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            found = collection.get(ids=some, include=["embeddings"])
            sample = np.asarray(found["embeddings"], np.float32)[:: max(1, len(some) // 5)]
            nearest = collection.query(query_embeddings=list(sample), n_results=3, include=["distances"])
            if any(distances[0] > 0.01 for distances in nearest["distances"]):
                raise LibraryDamaged("a vector cannot be found by itself")


if __name__ == "__main__":
    read_all(Path(sys.argv[1]))
