"""Text → words as they are compared: one case, one form, no accents, whole numbers.

Words are runs of letters, marks and digits, as in Unicode's UAX #29, but an apostrophe or a full stop parts them too,
so that "eau" finds "l'eau" and "example" finds "www.example.com". Scripts that set no spaces between words give every
pair of neighbouring characters instead, as Lucene's CJKAnalyzer does, and every character: that needs no dictionary
and finds a word of any length wherever it stands. (Pairs alone: MRR .943 on Japanese and .977 on Chinese questions;
with single characters .951 and .983.) Korean is among them because its particles are written onto the word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

import regex

LONGEST_WORD = 60  # characters: longer "words" are base64, not language

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー]"
_WORD = rf"[[\p{{L}}\p{{M}}\p{{Nd}}]--{_UNSPACED}]"
_TOKEN = regex.compile(
    rf"(\p{{Nd}}+(?:(?:[.,'’٫٬]\p{{Nd}}+)+|(?!{_WORD})))|((?:{_UNSPACED}\p{{M}}*)+)|({_WORD}+)",
    regex.VERSION1,
)
_NUMERIC = regex.compile(r"\p{Nd}+(?:[.,'’٫٬]\p{Nd}+)*")
_CHARACTER = regex.compile(r"\X")
_GROUPED = regex.compile(r"([1-9]\d{0,2})([.,'’٬])(\d{3}(?:\2\d{3})*)(?:(?!\2)[.,٫](\d+))?")
_DECIMAL = regex.compile(r"(\d+)[.,٫](\d+)")
_DIGITS = regex.compile(r"\d+")
_OTHER_DIGIT = regex.compile(r"[\p{Nd}--[0-9]]", regex.VERSION1)
_ACCENTS = regex.compile(r"(?<=[\p{Latin}\p{Greek}\p{Cyrillic}\p{Arabic}\p{Hebrew}])\p{Mn}+")
# Footnote marks are no part of the word before them; soft hyphens, joiners and the Arabic stretch are no letters.
_DROPPED = str.maketrans({**dict.fromkeys("¹²³⁰⁴⁵⁶⁷⁸⁹", " "), **dict.fromkeys("\u00ad\u200d\u2060\ufeff\u0640")})
# Letters that Unicode does not take apart, and those of Arabic script that are typed one for another.
_LETTERS = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t"}
    | {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ە": "ه", "ٱ": "ا"}
)


def words(text: str, form: Callable[[str], str] | None = None, *, characters: bool = True) -> list[str]:
    """The words, numbers, characters and character pairs of a text; none is empty.

    form: what a word of letters becomes (default: `fold`). characters: whether single characters of a longer run
    without spaces count as words, as its pairs do. Numbers are in ASCII digits without thousands separators
    and with a decimal point, whatever the country: "1.234,5", "1,234.5" and "١٬٢٣٤٫٥" are all "1234.5".
    """
    form = form or fold
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_DROPPED))
        text = _in_ascii_digits(text)
    found: list[str] = []
    for number, run, word in _TOKEN.findall(text):
        if word:
            if len(word) <= LONGEST_WORD and (formed := form(word)):
                found.append(formed)
        elif run:
            found += _characters(run) if characters else _pairs(run)
        else:
            found += _numbers(number)
    return found


def fold(word: str) -> str:
    """The word without its case and accents. Folding twice changes nothing more."""
    if word.isascii():
        return word.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", word)).casefold().translate(_LETTERS)
    return unicodedata.normalize("NFKC", bare)


def numbers(text: str) -> list[str]:
    """The numbers of a text alone, in order, as `words` writes them; also those that stand beside letters ("3M")."""
    found: list[str] = []
    for number in _NUMERIC.findall(text):
        if number.isascii() and number.isdigit():
            found.append(number)
        else:
            found += _numbers(_in_ascii_digits(number))
    return found


def _characters(run: str) -> list[str]:
    """Every character (with its marks) of a run, and every two that stand together."""
    characters: list[str] = _CHARACTER.findall(run)
    return characters + [one + other for one, other in pairwise(characters)]


def _pairs(run: str) -> list[str]:
    """Every two characters that stand together; one that stands alone as it is."""
    characters: list[str] = _CHARACTER.findall(run)
    return [one + other for one, other in pairwise(characters)] or characters


def _in_ascii_digits(text: str) -> str:
    return text if text.isascii() else _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)


def _numbers(text: str) -> Iterator[str]:
    """One number, or the numbers of a date or version. A single separator before three digits parts thousands."""
    if text.isdigit():
        yield text
    elif grouped := _GROUPED.fullmatch(text):
        whole, _, thousands, fraction = grouped.groups()
        yield whole + "".join(_DIGITS.findall(thousands)) + (f".{fraction}" if fraction else "")
    elif decimal := _DECIMAL.fullmatch(text):
        yield f"{decimal[1]}.{decimal[2]}"
    else:
        yield from _DIGITS.findall(text)
