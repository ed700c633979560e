"""Small hand-made documents, chunks and vectors for the tests of the library."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from ingest.documents import Block, BlockKind, Box, Chunk, EncodedChunk, EncodedText, Passage, Query, Status
from ingest.embed.token_projection import TokenProjection
from ingest.store.sql import store as sql
from ingest.store.sql.store import SqlStore

WORDS = (
    "revenue margin dividend vaccine freezer valve pump contract penalty audit turbine harvest enzyme protein "
    "molecule orbit satellite insulin dosage engine"
).split()


def open_store(home: Path) -> SqlStore:
    home.mkdir(parents=True, exist_ok=True)
    return sql.open_store(home)


def encoded(seed: int, dimensions: int = 384, tokens: int = 6) -> EncodedText:
    """The same vectors for the same seed; vectors of different seeds are nearly orthogonal."""
    rng = np.random.default_rng(seed)
    vector = rng.normal(size=dimensions).astype(np.float32)
    return EncodedText(
        vector=vector / np.linalg.norm(vector),
        tokens=rng.integers(-127, 128, (tokens, 16), dtype=np.int8),
        token_ids=rng.integers(1000, 2000, tokens).astype(np.int32),
    )


def encoded_chunk(document_id: str, position: int, text: str = "", collection: str = "default") -> EncodedChunk:
    seed = zlib.crc32(f"{document_id}-{position}".encode())
    chunk = Chunk(
        id=f"{document_id}-{position:05d}",
        document_id=document_id,
        document_name=f"{document_id}.pdf",
        position=position,
        page=position + 1,
        section="",
        text=text or f"{WORDS[position % len(WORDS)]} passage {position}",
        collection=collection,
    )
    return EncodedChunk(chunk=chunk, encoded=encoded(seed))


def query(text: str = "", like: EncodedText | None = None, **filters: tuple[str, ...]) -> Query:
    return Query(text=text, encoded=like or encoded(0), **filters)


def passages(count: int = 3, text: str = "") -> list[Passage]:
    return [
        Passage(
            position=position,
            page=1 + position // 2,
            section="Results",
            blocks=(
                Block(
                    kind=BlockKind.PARAGRAPH,
                    text=text or f"{WORDS[position % len(WORDS)]} and {WORDS[(position * 7 + 3) % len(WORDS)]}",
                    page=1 + position // 2,
                    boxes=(Box(page=1 + position // 2, left=72.04, top=100, right=500.5, bottom=112),),
                ),
            ),
        )
        for position in range(count)
    ]


def ready_document(
    store: SqlStore,
    data: bytes = b"%PDF one",
    *,
    name: str = "one.pdf",
    collection: str = "default",
    count: int = 3,
    pipeline: str = "p1",
    embedder: str = "e1",
) -> tuple[str, list[EncodedChunk]]:
    """The whole way into SQL, without the indexes; returns the document's id and its chunks."""
    added = store.queue.add(data, name=name, collection=collection, pipeline=pipeline, embedder=embedder)
    while (claimed := store.queue.claim_next()) is not None and claimed.id != added.document.id:
        pass  # something that is being deleted
    assert claimed is not None
    store.queue.progress(claimed.id, status=Status.INDEXING)
    chunks = store.documents.make_chunks(claimed.id, passages(count))
    saved = store.queue.save_chunks(claimed.id, chunks, [encoded(i) for i in range(count)])
    store.queue.mark_ready(claimed.id)
    return claimed.id, saved


def small_projection(dimensions: int = 16, idf: bool = False) -> TokenProjection:
    return TokenProjection(
        matrix=None,
        scale=np.full(dimensions, 1 / 127, np.float32),
        idf=np.linspace(0.1, 9, 30522).astype(np.float32) if idf else None,
        fingerprint="small",
    )
