"""What is asked of a store, as small protocols; the contract tests (tests/contracts) hold every implementation to them.

A store that cannot be read raises LibraryDamaged, one that does not answer StoreUnreachable, one without room DiskFull:
never an exception of the library that it is made with.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ingest.documents import EncodedChunk
from ingest.protocols import Index, TokenVectors


class StoredIndex(Protocol):
    """What an index and the token vectors have in common. Holds nothing that SQL does not hold."""

    name: str

    def add(self, chunks: Sequence[EncodedChunk]) -> None:
        """Insert or overwrite by chunk id (idempotent). Durable when it returns."""
        ...

    def remove(self, document_id: str) -> None:
        """Remove every chunk of the document; nothing happens when there is none."""
        ...

    def discard(self, chunk_ids: Collection[str]) -> None:
        """Remove these chunk ids; unknown ones are ignored."""
        ...

    def ids(self) -> set[str]:
        """Every chunk id held."""
        ...

    def clear(self) -> None:
        """Forget everything (before a rebuild)."""
        ...

    def close(self) -> None:
        """Let go of what is held open."""
        ...


class SearchIndex(StoredIndex, Index, Protocol):
    """An index that can be searched: dense vectors, keywords."""


class TokenStore(StoredIndex, TokenVectors, Protocol):
    """Token vectors of every passage."""

    def damaged(self) -> list[str]:
        """Ids of documents whose vectors are not what was written (reads every byte)."""
        ...
