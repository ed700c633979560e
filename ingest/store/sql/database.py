"""One SQL database per library: opened, migrated, and its errors put into words. SQLite by default, or PostgreSQL."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ingest.errors import DiskFull, LibraryDamaged, LibraryInUse, SecondPassError, StoreUnreachable

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 30.0
FILE_NAME = "library.sqlite3"


def open_database(home: Path, url: str | None = None) -> Engine:
    """The library's database, its tables brought up to date. `home` must exist unless `url` names a server.

    Raises LibraryDamaged when the file is no database or was written by a newer version, LibraryInUse when another
    program keeps it locked, DiskFull when there is no room for the tables.
    """
    engine = create_engine(
        url or f"sqlite:///{home / FILE_NAME}",
        pool_pre_ping=url is not None,
        pool_size=10,
        hide_parameters=True,  # an error's text goes to the log, a document's does not
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        _migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One connection, one snapshot; SQL errors come out as ours."""
    with translated(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One connection, one transaction: committed at the end, undone when anything is raised."""
    with (
        translated(),
        engine.connect().execution_options(second_pass_writes=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def outside_transactions(engine: Engine) -> Iterator[Connection]:
    """One connection, each statement on its own: for the few that a transaction refuses."""
    with translated(), engine.connect().execution_options(second_pass_writes=None) as connection:
        yield connection


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or overwrite those with the same primary key."""
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), list(rows))


@contextmanager
def translated() -> Iterator[None]:
    """SQLAlchemy's errors as sentences for the person who meets them."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _in_words(error) from error


def _in_words(error: SQLAlchemyError) -> SecondPassError:
    said = str(error.orig if isinstance(error, DBAPIError) else error).lower()
    # With no byte left SQLite cannot grow its shared-memory file, and calls that an I/O error.
    no_room = isinstance(error, DBAPIError) and getattr(error.orig, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE"
    if no_room or "full" in said or "no space left" in said:
        return DiskFull("The disk is full: nothing of this was saved. Free some space and try again.")
    if "locked" in said or "busy" in said:
        return LibraryInUse(
            f"The library's database stayed locked for {BUSY_TIMEOUT_S:.0f} s: nothing was saved. "
            "Close the other program that has it open and try again."
        )
    if "readonly" in said or "unable to open" in said or "permission" in said:
        return SecondPassError(
            f"The library's database ({FILE_NAME} in the data directory) cannot be opened for writing: nothing was "
            "saved. Check the directory's permissions (SECOND_PASS_HOME)."
        )
    if any(sign in said for sign in ("malformed", "not a database", "disk i/o error", "database corruption")):
        return LibraryDamaged(
            f"The library's database ({FILE_NAME} in the data directory) is damaged. Restore it from a backup "
            "(second-pass restore), or move it away: the files themselves are still in the folder `files`, and "
            "`second-pass doctor --adopt` adds them to a new database."
        )
    away = isinstance(error, DBAPIError) and (error.connection_invalidated or "connect" in said)
    if away or isinstance(error, DisconnectionError | PoolTimeout):
        return StoreUnreachable("The library's database does not answer: nothing was saved. Try again soon.")
    log.error("the database refused: %s", error)
    return SecondPassError(
        f"The library's database refused that ({type(error).__name__}): nothing was saved. The log says more."
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, see _begin_sqlite
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a read lock that is upgraded later fails without waiting (SQLITE_BUSY_SNAPSHOT).
    writes = connection.get_execution_options().get("second_pass_writes", False)
    if writes is not None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise LibraryDamaged(
            f"The library's database was written by a newer version of Second Pass ({error}). Update Second Pass."
        ) from error
