"""Every error has a sentence of its own for the person who meets it, and no unknown one is ever quoted."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

import app
import ingest
import rag
from app.words import ERRORS, explain
from ingest import errors
from ingest.errors import SecondPassError


def every(kind: type[SecondPassError]) -> list[type[SecondPassError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in every(child))]


def modules() -> Iterator[ModuleType]:
    for package in (app, ingest, rag):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            scripts = ("app.streamlit_app", "app.screens", "app.cli.__main__", "ingest.store.sql.migrations")
            if not found.name.startswith(scripts):
                yield importlib.import_module(found.name)


def test_every_exception_of_the_product_stands_in_the_tree() -> None:
    """Private ones are caught in the module that raises them."""
    outside = {
        f"{module.__name__}.{name}"
        for module in modules()
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, BaseException) and kind.__module__ == module.__name__
        if not name.startswith("_") and not issubclass(kind, SecondPassError)
    }
    assert outside == set()


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = set(re.findall(r"\b[A-Z][A-Za-z]+\b", (errors.__doc__ or "").split("person who meets it.")[1]))
    assert {kind.__name__ for kind in every(SecondPassError)} <= drawn


@pytest.mark.parametrize("kind", every(SecondPassError))
def test_every_error_has_a_title_a_sentence_and_an_advice(kind: type[SecondPassError]) -> None:
    assert kind in ERRORS
    words = ERRORS[kind]
    assert words.title
    assert not words.title.endswith(".")
    assert words.sentence.endswith((".", "?"))
    assert words.action.endswith(".")


def test_an_errors_own_sentence_is_kept() -> None:
    words = explain(errors.TooLarge("80 MB; the limit is 50 MB (setting max_file_mb)"))
    assert "80 MB" in words.sentence
    assert words.title == ERRORS[errors.TooLarge].title


def test_an_unknown_exception_is_named_and_never_quoted() -> None:
    words = explain(RuntimeError("Incorrect API key provided: sk-secret"))
    assert "sk-secret" not in f"{words.title}{words.sentence}{words.action}"
    assert "RuntimeError" in words.sentence
