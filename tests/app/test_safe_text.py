"""Whatever a model, a PDF or a file name holds: no picture, no link, no markup of Streamlit's, and nothing lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.safe_text import JOINER, SafeStream, plain, safe_markdown

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False, "html": True})
EVIL = "http://evil.example/x.png"
# Pieces that mean something to Markdown, GFM, HTML or Streamlit, so that hypothesis meets their combinations.
PIECES = st.sampled_from(
    [
        "!", "[", "]", "(", ")", "<", ">", "`", "```", "~~~", "~", "$", "$$", ":", "::", "\\", "&", "#", "*", "_", "|",
        "\n", "\n\n", " ", "    ", "- ", "> ", "1. ", "a", "x y", "é", "\u202e", "\u2060", "\r", "\r\n", "&lt;",
        "&#33;", "[1]", "[2](", "![a](" + EVIL + ")", "[a](" + EVIL + ")", "[a]: " + EVIL, "[a][b]", "![a][b]",
        "<img src=x>", "<script>", "</script>", "<a href=x>", "<br>", "<!--", ":red[", ":material/home:", ":smile:",
        "www.a.com", "@", "javascript:alert(1)", EVIL, "<" + EVIL + ">", "a@b.com", "<svg/onload=alert(1)>", "---",
        "===", "| a |\n|---|\n",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=25).map("".join)


def tokens(text: str) -> list[Token]:
    """Every block and inline token that CommonMark with GFM's tables sees."""
    found = []
    for token in MARKDOWN.parse(text):
        found += [token, *(token.children or [])]
    return found


def assert_harmless(text: str) -> None:
    kinds = {token.type for token in tokens(text)}
    assert not kinds & {"image", "link_open", "html_inline", "html_block"}, text
    outside_code = "".join(
        token.content for token in tokens(text) if token.type == "text"
    )  # what Streamlit rewrites after Markdown has read it
    assert not re.search(r":[a-z]+\[", outside_code), text
    assert not re.search(r":material/", outside_code), text
    assert not re.search(r"https?://\S", outside_code), text
    assert not re.search(r"www\.", outside_code, re.IGNORECASE), text


@given(TEXTS)
def test_no_text_becomes_a_picture_a_link_or_markup(text: str) -> None:
    assert_harmless(safe_markdown(text))


@given(TEXTS, st.integers(1, 9))
def test_a_stream_gives_what_the_whole_gives_however_it_is_cut(text: str, size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert "".join(SafeStream(pieces)) == safe_markdown(text)


@given(TEXTS)
def test_every_moment_of_a_stream_is_harmless(text: str) -> None:
    shown = ""
    for piece in SafeStream(text):
        shown += piece
        assert_harmless(shown)


@given(TEXTS)
def test_a_name_or_reason_is_shown_literally_and_in_one_paragraph(text: str) -> None:
    escaped = plain(text)
    assert_harmless(escaped)
    blocks = [token for token in MARKDOWN.parse(escaped) if token.level == 0 and token.nesting >= 0]
    assert {token.type for token in blocks} <= {"paragraph_open"}
    assert not {token.type for token in tokens(escaped)} & {"em_open", "strong_open", "code_inline", "s_open"}


@given(st.text(alphabet="abc 0123456789.,;!?()[]*_#<>&$~|`:@-+=", max_size=40))
def test_a_plain_text_reads_as_it_was_written(text: str) -> None:
    shown = "".join(token.content for token in tokens(plain(text)) if token.type in ("text", "text_special"))
    assert shown.replace(JOINER, "") == " ".join(text.split())


@pytest.mark.parametrize(
    "kept",
    [
        "**bold**",
        "# Title",
        "- one\n- two",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "`code`",
        "```\ncode\n```",
        "So it is [1].",
    ],
)
def test_what_an_answer_needs_stays(kept: str) -> None:
    assert safe_markdown(kept) == kept


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        (f"![secret]({EVIL}?q=words)", "secret"),
        (f"see [here]({EVIL})", "see here"),
        (f"[ref]\n\n[ref]: {EVIL}", "ref"),
        ("<img src=x onerror=alert(1)>", "onerror"),
        ("it costs $5 and $6", "it costs"),
    ],
)
def test_a_hostile_construct_is_shown_as_its_words(hostile: str, shown: str) -> None:
    text = safe_markdown(hostile)
    assert_harmless(text)
    assert shown in "".join(token.content for token in tokens(text) if token.type == "text")


def test_invisible_characters_that_turn_a_name_around_are_removed() -> None:
    assert plain("annual\u202efdp.exe") == "annualfdp.exe"
    assert "\x00" not in plain("a\x00b")


def test_a_long_name_keeps_its_beginning_and_its_ending() -> None:
    cut = plain("x" * 4000 + ".pdf", longest=60)
    assert len(cut) == 60
    assert cut.startswith("xx")
    assert cut.endswith(".pdf")
