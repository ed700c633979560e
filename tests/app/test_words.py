"""Every error has a sentence of its own for the person who meets it, and no unknown one is ever quoted."""

import pytest

from app.words import ERRORS, explain
from ingest import errors
from ingest.errors import SecondPassError


def every(kind: type[SecondPassError]) -> list[type[SecondPassError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in every(child))]


@pytest.mark.parametrize("kind", [kind for kind in every(SecondPassError) if kind.__module__ == errors.__name__])
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
