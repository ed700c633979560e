"""The library in SQL, opened: six parts over one engine, and the files that they name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from ingest.store.files.folder import Files
from ingest.store.sql.collections import SqlCollections
from ingest.store.sql.database import open_database, outside_transactions, reading
from ingest.store.sql.documents import SqlDocuments
from ingest.store.sql.journal import TRACES_DAYS, SqlJournal
from ingest.store.sql.queue import SqlQueue
from ingest.store.sql.scores import MOST, SqlScores
from ingest.store.sql.versions import SqlVersions


@dataclass(frozen=True, kw_only=True)
class SqlStore:
    """Each part is thread-safe. Close it at the end."""

    engine: Engine
    files: Files
    documents: SqlDocuments
    queue: SqlQueue
    collections: SqlCollections
    journal: SqlJournal
    versions: SqlVersions
    scores: SqlScores

    def integrity(self) -> str:
        """What the database says of itself: "ok", or what is wrong (reads all of it)."""
        with reading(self.engine) as connection:
            if connection.dialect.name != "sqlite":
                return "ok"
            return "; ".join(connection.exec_driver_sql("PRAGMA integrity_check").scalars())

    def snapshot(self, target: Path) -> None:
        """Write the database as it is now to a new file, also while others write (SQLite only; see `pg_dump`)."""
        with outside_transactions(self.engine) as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        self.engine.dispose()


def open_store(
    home: Path, url: str | None = None, *, most_scores: int = MOST, traces_days: int = TRACES_DAYS
) -> SqlStore:
    """The library of a data directory. `most_scores` bounds the score cache, `traces_days` is how long traces of
    questions that nobody judged are kept. Raises what `open_database` raises."""
    engine = open_database(home, url)
    files = Files(home / "files")
    return SqlStore(
        engine=engine,
        files=files,
        documents=SqlDocuments(engine),
        queue=SqlQueue(engine, files),
        collections=SqlCollections(engine),
        journal=SqlJournal(engine, traces_days),
        versions=SqlVersions(engine),
        scores=SqlScores(engine, most_scores),
    )
