"""Words of any script: never empty, always the same, and equal however they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.language.words import fold, numbers, words


@given(st.text(max_size=200))
def test_words_are_never_empty_hold_no_space_and_are_the_same_each_time(text: str) -> None:
    found = words(text)
    assert all(word and not any(character.isspace() for character in word) for word in found)
    assert words(text) == found


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text("abcéßЯйαάاأ东京タกำ12 .,", max_size=60))
def test_the_words_of_two_texts_are_those_of_the_texts_put_side_by_side(text: str) -> None:
    assert words(f"{text}\n{text}") == words(text) * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Córdoba", "CORDOBA"),
        ("Straße", "STRASSE"),
        ("ﬁnance", "finance"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("Ærøskøbing", "aeroskobing"),
        ("Ёлка", "елка"),
        ("Ελλάδα", "ΕΛΛΑΔΑ"),
        ("كِتَابٌ", "كتاب"),
        ("أحمد", "احمد"),
        ("کتاب", "كتاب"),
        ("مدرسـة", "مدرسه"),
        ("ＡＢＣ１２", "abc12"),
        ("ﾃﾚﾋﾞ", "テレビ"),
        ("re\u00advenue", "revenue"),
        ("revenue¹", "revenue"),
    ],
)
def test_one_word_in_two_spellings_is_one_word(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_marks_that_make_another_word_are_kept() -> None:
    assert words("の か") != words("の が")
    assert words("कि") != words("की")


@pytest.mark.parametrize("text", ["1,234.5", "1.234,5", "1'234.5", "1’234.5", "١٬٢٣٤٫٥", "1234.5", "１,２３４.５"])
def test_a_number_is_one_number_in_every_country(text: str) -> None:
    assert words(f"({text})") == numbers(text) == ["1234.5"]


def test_decimals_dates_and_numbers_beside_letters_are_told_apart() -> None:
    assert words("0.125 3.14 2,018 12.03.2024 3M FY2018 2.5mg") == (
        ["0.125", "3.14", "2018", "12", "03", "2024", "3m", "fy2018", "2.5", "mg"]
    )
    assert numbers("3M paid ٣٤ and 2,018 in FY2018") == ["3", "34", "2018", "2018"]


def test_scripts_without_spaces_give_characters_and_pairs_of_them() -> None:
    assert words("東京都") == ["東", "京", "都", "東京", "京都"]
    assert words("東京都", characters=False) == ["東京", "京都"]
    assert words("都", characters=False) == ["都"]
    assert set(words("กำแพง")) <= set(words("เห็นกำแพงเมือง"))
    assert words("3月のiPhone", characters=False) == ["3", "月の", "iphone"]


def test_a_very_long_word_is_no_word() -> None:
    assert words("QUJD" * 20 + " word") == ["word"]
