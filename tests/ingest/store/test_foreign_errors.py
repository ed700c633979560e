"""No exception of Chroma, tantivy or SQLAlchemy gets past the file that uses it: each comes out as one of ours."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import chromadb.errors
import pytest
import sqlalchemy.exc
import tantivy

from ingest.errors import DiskFull, LibraryInUse, SecondPassError, StoreUnreachable
from ingest.store.dense import chroma
from ingest.store.dense.chroma import ChromaIndex
from ingest.store.keywords import tantivy as keywords
from ingest.store.keywords.tantivy import TantivyIndex
from ingest.store.sql.database import translated
from tests.fakes.library_parts import encoded_chunk, query


class PanicException(BaseException):
    """As pyo3's, which native code in Rust raises and no module exports."""


def exceptions(module: ModuleType) -> list[type[BaseException]]:
    """What the library raises: warnings are none, and what a driver emulates arrives wrapped."""
    kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Exception)]
    return [kind for kind in kinds if not issubclass(kind, Warning | sqlalchemy.exc.EmulatedDBAPIException)]


def instances(kinds: list[type[BaseException]]) -> Iterator[BaseException]:
    """One of each, without asking what its constructor wants."""
    for kind in kinds:
        error = kind.__new__(kind, "something")
        error.__dict__.update(statement=None, params=None, orig=Exception("x"), hide_parameters=True)
        error.__dict__.update(ismulti=False, detail=[], connection_invalidated=False, code=None)
        yield error


BUILTIN = [Exception("x"), ValueError("x"), OSError("x"), RuntimeError("x"), KeyError("x"), TypeError("x")]
OF_CHROMA = [*instances(exceptions(chromadb.errors)), *BUILTIN, PanicException("x")]
OF_TANTIVY = [*instances(exceptions(tantivy)), *BUILTIN, PanicException("x")]
OF_SQL = list(instances(exceptions(sqlalchemy.exc)))


def named(errors: list[BaseException]) -> list[str]:
    return [type(error).__name__ for error in errors]


def test_the_libraries_have_exceptions_to_walk() -> None:
    assert len(exceptions(chromadb.errors)) > 10
    assert len(exceptions(sqlalchemy.exc)) > 40


@pytest.mark.parametrize("error", OF_CHROMA, ids=named(OF_CHROMA))
def test_every_exception_of_chroma_becomes_ours(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(SecondPassError), chroma._translated(tmp_path):
        raise error


@pytest.mark.parametrize("error", OF_TANTIVY, ids=named(OF_TANTIVY))
def test_every_exception_of_tantivy_becomes_ours(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(SecondPassError), keywords._translated(tmp_path):
        raise error


@pytest.mark.parametrize("error", OF_SQL, ids=named(OF_SQL))
def test_every_exception_of_sqlalchemy_becomes_ours(error: BaseException) -> None:
    with pytest.raises(SecondPassError), translated():
        raise error


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("connection to server at 127.0.0.1 failed: Connection refused", StoreUnreachable),
        ("server closed the connection unexpectedly", StoreUnreachable),
        ("database is locked", LibraryInUse),
        ("database or disk is full", DiskFull),
    ],
)
def test_what_a_database_says_decides_the_kind(said: str, kind: type[SecondPassError]) -> None:
    error = sqlalchemy.exc.OperationalError("SELECT secret", {"text": "secret"}, Exception(said))
    with pytest.raises(kind) as caught, translated():
        raise error
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("error", [ConnectionRefusedError("refused"), TimeoutError("late")])
def test_a_vector_server_that_is_away_is_unreachable(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(StoreUnreachable), chroma._translated(tmp_path):
        raise error


@pytest.mark.parametrize("make", [lambda folder: ChromaIndex(folder, fingerprint="e1"), TantivyIndex])
def test_a_search_that_the_library_refuses_is_said_in_our_words(tmp_path: Path, make, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    index = make(tmp_path)
    index.add([encoded_chunk("a", 0)])
    try:
        with pytest.raises(SecondPassError):
            index.search(query("revenue", encoded_chunk("a", 0).encoded), "many")
    finally:
        index.close()
