"""A number that grows whenever a document becomes ready, goes or is renamed: what was read before it is still true."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from ingest.store.sql.tables import library_changes


def note_change(connection: Connection) -> None:
    """Within the transaction that makes the change."""
    connection.execute(update(library_changes).values(number=library_changes.c.number + 1))


def change_number(connection: Connection) -> int:
    return int(connection.execute(select(library_changes.c.number)).scalar_one())
