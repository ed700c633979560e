"""Terms of a language: forms of a word meet, and what was analysed otherwise is known by its fingerprint."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.language.profile import fingerprint, profile_of

LANGUAGES = ("en", "de", "fr", "es", "tr", "ru", "ar", "fa", "hi", "ja", "zh", "ko", "vi", "und", "xx")


@settings(deadline=None)  # a language's stemmer is made by its first word
@given(st.text(max_size=100), st.sampled_from(LANGUAGES))
def test_terms_are_never_empty_and_a_question_asks_for_terms_that_a_passage_has(text: str, language: str) -> None:
    profile = profile_of(language)
    terms = profile.terms(text)
    assert all(terms)
    assert set(profile.question_terms(text)) <= set(terms)
    assert bool(profile.question_terms(text)) == bool(terms)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "inspections", "inspected"),
        ("de", "Häuser", "Häusern"),
        ("fr", "endommagées", "endommagé"),
        ("es", "seguros", "seguro"),
        ("tr", "fabrikaları", "fabrikalar"),
        ("tr", "IŞIK", "ışık"),
        ("ru", "заводами", "завод"),
        ("ar", "المدينة", "مدينة"),
        ("ja", "turbines", "turbine"),
        ("und", "turbines", "turbine"),
    ],
)
def test_forms_of_a_word_are_one_term(language: str, one: str, other: str) -> None:
    profile = profile_of(language)
    assert profile.words(one) == profile.words(other) != []


def test_words_of_an_unknown_language_stay_whole() -> None:
    assert profile_of("vi").words("công ty được thành lập") == ["cong", "ty", "duoc", "thanh", "lap"]


def test_a_question_of_question_words_alone_asks_for_them() -> None:
    assert profile_of("en").question_terms("What was the revenue of the turbines?") == ["revenu", "turbin"]
    assert profile_of("en").question_terms("Who are you?") == ["who", "you"]
    assert profile_of("en").question_terms("John Doe") == ["john", "doe"]  # "does" is a question word, "doe" is none


def test_many_threads_get_the_same_terms() -> None:
    text = " ".join(f"word{number}ing running{number}" for number in range(300))
    expected = profile_of("en").words(text)
    wrong: list[list[str]] = []

    def analyse() -> None:
        profile_of.cache_clear()
        if (found := profile_of("en").words(text)) != expected:
            wrong.append(found)

    threads = [threading.Thread(target=analyse) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_fingerprint_names_every_library_that_decides_on_a_term() -> None:
    for name in ("words-", "py3langid-", "pystemmer-", "regex-", "unicode-"):
        assert name in fingerprint()
