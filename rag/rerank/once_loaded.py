"""A model that loads at first use, so that naming a reranker costs nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Model = TypeVar("Model")

TRY_AGAIN_AFTER_S = 60.0  # a model that could not be loaded is not tried again for every question


class OnceLoaded(Generic[Model]):
    """Loads at first use, one thread at a time. A failure is remembered for a minute, then tried again."""

    def __init__(self, load: Callable[[], Model], clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._failure: Exception | None = None
        self._failed_at = 0.0

    @property
    def loaded(self) -> Model | None:
        """The model if it is there already; never loads."""
        return self._model

    def get(self) -> Model:
        with self._lock:
            if self._model is not None:
                return self._model
            if self._failure and self._clock() - self._failed_at < TRY_AGAIN_AFTER_S:
                raise type(self._failure)(*self._failure.args)
            try:
                self._model = self._load()
            except Exception as error:
                self._failure, self._failed_at = error, self._clock()
                raise
            return self._model
