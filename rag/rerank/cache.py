"""Never pay twice for the same reranker, question and passage; kept across restarts by the ScoreCache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from ingest.documents import Chunk, Query
from ingest.errors import SecondPassError
from ingest.protocols import ScoreCache
from rag.rerank.protocol import Reranker, Scores, empty_scores


def score_key(fingerprint: str, question: str, texts: Sequence[str]) -> str:
    """SHA-256 over reranker, question and texts, each preceded by its length so that no two inputs run together."""
    digest = hashlib.sha256()
    for part in (fingerprint, question, *texts):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class CachedReranker:
    """Reads only the passages whose score is not known. Hits are in `details["cached"]`, reads in `["scored"]`.

    Where a score depends on the other passages (`listwise`), the key holds the whole list, and it is all or nothing.
    A passage that was not read (NaN) is not kept. A cache that cannot be read or written costs time, never the scores.
    """

    inner: Reranker
    cache: ScoreCache

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    @property
    def listwise(self) -> bool:
        return self.inner.listwise

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        if not chunks:
            return empty_scores()
        keys = self._keys(query, chunks)
        if not keys:
            return self.inner.score(query, chunks)
        try:
            known = self.cache.get_scores(keys)
        except SecondPassError as error:
            fresh = self.inner.score(query, chunks)
            return replace(fresh, note=" ".join(filter(None, (fresh.note, _unused(error)))))
        values = np.array([known.get(key, np.nan) for key in keys], dtype=np.float64)
        missing = np.flatnonzero(np.isnan(values))
        if self.listwise and len(missing):
            missing = np.arange(len(chunks))
        if not len(missing):
            return Scores(values=values, details=MappingProxyType({"scored": 0, "cached": len(chunks)}))
        fresh = self.inner.score(query, [chunks[i] for i in missing.tolist()])
        values[missing] = fresh.values
        new = {keys[i]: float(values[i]) for i in missing.tolist() if not np.isnan(values[i])}
        note = fresh.note
        try:
            # Not if the model's version changed while it read: those scores belong to neither.
            if new and self._keys(query, chunks) == keys:
                self.cache.put_scores(new)
        except SecondPassError as error:
            note = " ".join(filter(None, (note, _unused(error))))
        cached = len(chunks) - len(missing)
        details = {"scored": len(new)} | dict(fresh.details) | {"cached": cached}
        return replace(fresh, values=values, note=note, details=MappingProxyType(details))

    def _keys(self, query: Query, chunks: Sequence[Chunk]) -> list[str]:
        fingerprint = self.inner.fingerprint
        if not fingerprint:
            return []
        texts = [chunk.headed_text for chunk in chunks]
        if not self.listwise:
            return [score_key(fingerprint, query.text, [text]) for text in texts]
        return [score_key(fingerprint, query.text, [text, *texts]) for text in texts]


def _unused(error: SecondPassError) -> str:
    return f"The score cache could not be used: {error}"
