"""What the question path may ask of the library, as small protocols. Concrete classes are named in app/wiring.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, Document, EncodedText, Hit, Query
from ingest.questions import AskedQuestion, Conversation, PassageMark, Signal, Thumb


class Embedder(Protocol):
    """Text → one dense vector and its token vectors, by one forward pass."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever vectors of the same text would change; a library built with another is rebuilt."""
        ...

    def count_tokens(self, text: str) -> int:
        """Word pieces of `text`, without special tokens; the unit in which chunks are measured."""
        ...

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> list[EncodedText]:
        """Encode in length-sorted batches; `progress` is called with the number of texts done so far."""
        ...

    def encode_question(self, text: str) -> EncodedText:
        """Encode one question (may be kept in a small in-memory cache)."""
        ...


class Index(Protocol):
    """Ids by nearness."""

    name: str

    def search(self, query: Query, limit: int) -> list[Hit]:
        """At most `limit` hits, best first, within the query's collections and documents."""
        ...


class TokenVectors(Protocol):
    """Token vectors of stored chunks, for late interaction."""

    def max_similarities(
        self, query: Query, chunks: Sequence[Chunk]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """MaxSim parts: (len(chunks), q) best cosine per question token, and (q,) token weights that sum to 1.

        A chunk whose vectors are missing gets a row of NaN.
        """
        ...


class Store(Protocol):
    """The SQL store as the question path sees it."""

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """Chunks in the order of `ids`; ids that are unknown or whose document is not ready are left out."""
        ...

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        """The chunk with those just before and after it in its document, in reading order."""
        ...

    def has_ready_documents(self) -> bool:
        """Whether anything can be found at all."""
        ...

    def ready_documents(self) -> Sequence[Document]:
        """Every document that can be found; cheap, because it is read again only after a change."""
        ...


class Journal(Protocol):
    """What was asked, answered and judged. Every write is one upsert in one transaction."""

    def record(self, asked: AskedQuestion) -> None:
        """Insert or overwrite the question by its id; makes its conversation when there is none."""
        ...

    def question(self, question_id: str) -> AskedQuestion | None:
        """The question with its trace, thumb and marks."""
        ...

    def trace(self, question_id: str) -> dict[str, Any]:
        """The question's trace; {} where it was not kept, or the question is not on record."""
        ...

    def questions(
        self,
        *,
        conversation_id: str | None = None,
        judged: bool = False,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> list[AskedQuestion]:
        """Recorded questions with their thumb and marks, without their traces. judged: only those with either."""
        ...

    def conversations(self, owner: str = "") -> list[Conversation]:
        """Newest first."""
        ...

    def delete_conversation(self, conversation_id: str) -> None:
        """The conversation with its questions, thumbs, marks and signals."""
        ...

    def thumb(self, thumb: Thumb) -> None: ...

    def remove_thumb(self, question_id: str) -> None: ...

    def mark(self, mark: PassageMark) -> None: ...

    def remove_mark(self, question_id: str, chunk_id: str) -> None: ...

    def signal(self, signal: Signal) -> None: ...

    def signals(self) -> list[Signal]: ...


class ScoreCache(Protocol):
    """Scores that were already paid for, kept across restarts. Keys are opaque digests."""

    def get_scores(self, keys: Sequence[str]) -> dict[str, float]: ...

    def put_scores(self, scores: dict[str, float]) -> None: ...
