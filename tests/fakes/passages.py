"""Questions and passages for the reranker tests, made without an embedding model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ingest.documents import Block, Chunk, EncodedText, Query

NOTHING = EncodedText(
    vector=np.zeros(384, dtype=np.float32),
    tokens=np.zeros((0, 128), dtype=np.int8),
    token_ids=np.zeros(0, dtype=np.int32),
)


def query(text: str = "When was the treaty signed?") -> Query:
    return Query(text=text, encoded=NOTHING)


def chunk(text: str, position: int = 0, *, document: str = "a", section: str = "") -> Chunk:
    return Chunk(
        id=f"{document}-{position}",
        document_id=document,
        document_name=f"{document}.pdf",
        position=position,
        page=1,
        section=section,
        text=text,
    )


def chunk_of(*blocks: Block, position: int = 0, section: str = "") -> Chunk:
    return replace(chunk("\n".join(block.text for block in blocks), position, section=section), blocks=blocks)


def chunks(texts: Sequence[str]) -> list[Chunk]:
    return [chunk(text, i) for i, text in enumerate(texts)]
