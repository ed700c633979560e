"""A database file that no engine has open: a backup's copy, which anyone may have written."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ingest.documents import Status
from ingest.errors import LibraryDamaged
from ingest.store.names import is_plain_name, is_sha256

_IN_WORK = (Status.PARSING, Status.INDEXING)
_WRONG_IDS = """
    SELECT 'a passage with an id that is not its document''s' FROM chunks
    WHERE id != document_id || '-' || printf('%05d', position)
    UNION ALL SELECT 'a passage whose places are no JSON' FROM chunks WHERE NOT json_valid(boxes)
    UNION ALL SELECT 'vectors that do not fit their passages' FROM vectors AS v
    WHERE length(data) != 4 * dimensions * (SELECT count(*) FROM chunks AS c WHERE c.document_id = v.document_id)
    LIMIT 1
"""


def check(database: Path) -> None:
    """Raises LibraryDamaged, saying what is wrong, unless the file is a whole library's database as we write it.

    Nothing in it is trusted: not that it is sound, nor that it holds data alone (a trigger would act later), nor ids
    and hashes, which become parts of paths.
    """
    try:
        with _opened(database) as connection:
            said = "; ".join(row[0] for row in connection.execute("PRAGMA integrity_check"))
            wrong = "" if said == "ok" else said[:200]
            wrong = wrong or next(_foreign(connection), "")
    except sqlite3.Error as error:
        wrong = str(error)
    if wrong:
        raise LibraryDamaged(f"The database is damaged or none of ours ({wrong}).")


def named_files(database: Path) -> dict[str, str]:
    """The SHA-256 of every file that its documents need → the name of one of them; those being deleted need none."""
    with _opened(database) as connection:
        query = "SELECT sha256, name FROM documents WHERE status != ?"
        return dict(connection.execute(query, (Status.DELETING,)))


def model_versions(database: Path) -> list[str]:
    """Ids of the learned models whose weights lie in a folder."""
    with _opened(database) as connection:
        query = "SELECT id FROM model_versions WHERE kind = 'precise' ORDER BY id"
        return [row[0] for row in connection.execute(query)]


def forget_files(database: Path, hashes: Collection[str]) -> None:
    """Take out the documents of these files, with their passages: they were deleted while the backup was written."""
    with _opened(database) as connection, connection:
        for sha256 in hashes:
            connection.execute("DELETE FROM documents WHERE sha256 = ?", (sha256,))


def queue_unfinished(database: Path) -> None:
    """What was in work when the copy was made begins anew, with all its attempts."""
    with _opened(database) as connection, connection:
        change = "UPDATE documents SET status = ?, attempts = 0 WHERE status IN (?, ?, ?)"
        connection.execute(change, (Status.PENDING, Status.PENDING, *_IN_WORK))


@contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 30000")
        yield connection


def _foreign(connection: sqlite3.Connection) -> Iterator[str]:
    for kind, name in connection.execute("SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index')"):
        yield f"it holds a {kind} called {name!r}"
    for key, sha256, replaces, status in connection.execute("SELECT id, sha256, replaces, status FROM documents"):
        if not is_plain_name(key) or not (replaces == "" or is_plain_name(replaces)):
            yield f"the id of a document is {key!r}, that of the one it replaces {replaces!r}"
        if not is_sha256(sha256):
            yield f"the file of a document is called {sha256!r}"
        if status not in list(Status):
            yield f"the status of a document is {status!r}"
    for table, column in (("collections", "key"), ("model_versions", "id")):
        for (key,) in connection.execute(f"SELECT {column} FROM {table}"):
            if not is_plain_name(key):
                yield f"an id in {table} is {key!r}"
    for (said,) in connection.execute(_WRONG_IDS):
        yield said
