"""Scores that were already paid for, in SQL: the newest so many are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, select

from ingest.store.sql.database import reading, upsert, writing
from ingest.store.sql.tables import scores

MOST = 1_000_000  # about 100 MB
_KEYS_A_QUERY = 500
PRUNE_EVERY = 10_000  # scores put between two looks at how many there are


class SqlScores:
    """ScoreCache of at most about `most` scores. Thread-safe; every method is one transaction."""

    def __init__(self, engine: Engine, most: int = MOST) -> None:
        self._engine = engine
        self._most = most
        self._put = PRUNE_EVERY  # so that the first after a start are followed by a look

    def get_scores(self, keys: Sequence[str]) -> dict[str, float]:
        """The scores that are known, by key."""
        found: dict[str, float] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(keys), _KEYS_A_QUERY):
                query = select(scores.c.key, scores.c.score).where(
                    scores.c.key.in_(keys[start : start + _KEYS_A_QUERY])
                )
                found |= {row.key: row.score for row in connection.execute(query)}
        return found

    def put_scores(self, new: dict[str, float]) -> None:
        """Keep or overwrite scores by key; now and then the oldest beyond `most` go."""
        now = datetime.now(UTC)
        with writing(self._engine) as connection:
            upsert(connection, scores, [{"key": key, "score": score, "at": now} for key, score in new.items()])
        self._put += len(new)
        if self._put >= PRUNE_EVERY:
            self._put = 0
            self.prune()

    def prune(self) -> int:
        """Forget all but the newest `most` scores; returns how many went."""
        oldest_kept = select(scores.c.at).order_by(scores.c.at.desc()).offset(self._most).limit(1).scalar_subquery()
        with writing(self._engine) as connection:
            return connection.execute(delete(scores).where(scores.c.at <= oldest_kept)).rowcount
