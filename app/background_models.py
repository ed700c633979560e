"""The embedding model, loaded once in the background so that the first page need not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ingest.errors import SecondPassError

if TYPE_CHECKING:
    from ingest.documents import EncodedText
    from ingest.embed.transformer import TransformerEmbedder


class BackgroundModels:
    """An embedder for questions and passages. What is asked of it before it has loaded waits. Thread-safe."""

    def __init__(self, load: Callable[[], TransformerEmbedder]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._embedder: TransformerEmbedder | None = None
        self._error: SecondPassError | None = None

    def start(self) -> None:
        # Not a daemon: a thread that is inside native code while the interpreter ends would abort the process.
        threading.Thread(target=self._quietly, name="load-models").start()

    def embedder(self) -> TransformerEmbedder:
        """The embedder, waiting for it if it is still loading. Raises ModelMissing every time it cannot load."""
        with self._lock:
            if self._embedder is None:
                self._embedder = self._load()
            return self._embedder

    def encode_question(self, text: str) -> EncodedText:
        return self.embedder().encode_question(text)

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> list[EncodedText]:
        return self.embedder().encode_passages(texts, progress)

    def count_tokens(self, text: str) -> int:
        return self.embedder().count_tokens(text)

    @property
    def fingerprint(self) -> str:
        return self.embedder().fingerprint

    @property
    def ready(self) -> bool:
        return self._embedder is not None

    @property
    def failed(self) -> bool:
        return self._error is not None

    @property
    def note(self) -> str:
        if self._error:
            return str(self._error)
        return "" if self.ready else "The models are loading; the first answer waits for them."

    def _quietly(self) -> None:
        try:
            self.embedder().encode_question("warm up")
        except SecondPassError as error:
            self._error = error
