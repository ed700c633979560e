"""Which language is it? Right for each script, the same each time, and silent when unsure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.language.detect import UNKNOWN, detect, detect_of_passages
from tests.ingest.language.texts import TEXTS


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert detect(TEXTS[language][0]) == language


@pytest.mark.parametrize("text", ["", " ", "12,5 % 2018", "🙂", "|||", "\x00\x01", "\ud800"])
def test_what_has_no_letters_has_no_language(text: str) -> None:
    assert detect(text) == UNKNOWN


@settings(max_examples=60, deadline=None)  # the model is loaded by the first
@given(st.text(max_size=100))
def test_no_text_is_too_odd_and_the_answer_is_the_same_each_time(text: str) -> None:
    assert detect.__wrapped__(text) == detect(text)


def test_japanese_that_is_mostly_han_is_not_chinese() -> None:
    assert detect("東京都新宿区西新宿二丁目に所在する東京都庁舎") == "ja"


def test_a_document_has_the_language_of_its_passages_though_its_cover_has_another() -> None:
    english, german = TEXTS["en"][0], TEXTS["de"][0]
    assert detect_of_passages([english, *[german] * 60]) == "de"
    assert detect_of_passages([]) == UNKNOWN
