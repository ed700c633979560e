"""The library's collections. A collection's key never changes, its name may."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from ingest.documents import Status
from ingest.errors import SecondPassError, UnknownName
from ingest.store.sql.changes import note_change
from ingest.store.sql.database import reading, writing
from ingest.store.sql.tables import collections, documents

LONGEST_NAME = 100  # characters


@dataclass(frozen=True, kw_only=True)
class CollectionInfo:
    """One collection; `documents` and `chunks` count what is not being deleted."""

    name: str
    documents: int
    chunks: int
    created_at: datetime


class SqlCollections:
    """Thread-safe; every method is one transaction. Names are compared as `collection_name` makes them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collections(self) -> list[CollectionInfo]:
        """By name."""
        alive = (documents.c.collection_key == collections.c.key) & (documents.c.status != Status.DELETING)
        query = (
            select(
                collections.c.name,
                collections.c.created_at,
                func.count(documents.c.id).label("documents"),
                func.coalesce(func.sum(documents.c.chunks), 0).label("chunks"),
            )
            .outerjoin_from(collections, documents, alive)
            .group_by(collections.c.key)
            .order_by(collections.c.name)
        )
        with reading(self._engine) as connection:
            return [
                CollectionInfo(name=row.name, documents=row.documents, chunks=row.chunks, created_at=row.created_at)
                for row in connection.execute(query)
            ]

    def create(self, name: str) -> bool:
        """Says whether it is new. Raises SecondPassError for a name that nobody could read."""
        with writing(self._engine) as connection:
            existed = find_key(connection, name) is not None
            key_for(connection, name)
            return not existed

    def rename(self, old: str, new: str) -> None:
        """Only the name changes: no index is touched. Raises UnknownName, or SecondPassError when `new` is taken."""
        new = _readable(new)
        with writing(self._engine) as connection:
            key = find_key(connection, old)
            if key is None:
                raise UnknownName("collection", old, list(connection.execute(select(collections.c.name)).scalars()))
            if find_key(connection, new) not in (None, key):
                raise SecondPassError(f"There is already a collection called {new!r}.")
            connection.execute(update(collections).where(collections.c.key == key).values(name=new))
            note_change(connection)

    def drop(self, name: str) -> bool:
        """Remove an empty collection; says whether it is gone."""
        with writing(self._engine) as connection:
            key = find_key(connection, name)
            held = select(func.count()).select_from(documents).where(documents.c.collection_key == key)
            if key is None or connection.execute(held).scalar_one():
                return False
            connection.execute(delete(collections).where(collections.c.key == key))
            return True

    def key(self, name: str) -> str:
        """The key that indexes file a collection under (it survives renaming); "" when there is none."""
        with reading(self._engine) as connection:
            return find_key(connection, name) or ""


def collection_name(name: str) -> str:
    """The one spelling of a collection's name that is stored and looked up: single blanks, none at the ends."""
    return " ".join(name.encode("utf-8", "replace").decode("utf-8").replace("\0", "").split())


def find_key(connection: Connection, name: str) -> str | None:
    """The collection's key, or None when there is no such collection."""
    query = select(collections.c.key).where(collections.c.name == collection_name(name))
    return connection.execute(query).scalar_one_or_none()


def key_for(connection: Connection, name: str) -> str:
    """The collection's key; it is made when there is none. Raises SecondPassError for a name nobody could read."""
    if (key := find_key(connection, name)) is not None:
        return key
    name = _readable(name)
    taken = set(connection.execute(select(collections.c.key)).scalars())
    turns = (hashlib.sha256(f"{name}\0{turn}".encode()).hexdigest()[:12] for turn in range(1000))
    key = next(candidate for candidate in turns if candidate not in taken)
    connection.execute(insert(collections).values(key=key, name=name, created_at=datetime.now(UTC)))
    return key


def _readable(name: str) -> str:
    name = collection_name(name)
    if not name or len(name) > LONGEST_NAME or not re.search(r"\w", name):
        raise SecondPassError(
            f"{name[:LONGEST_NAME]!r} cannot name a collection: use 1 to {LONGEST_NAME} characters, a letter or digit "
            "among them."
        )
    return name
