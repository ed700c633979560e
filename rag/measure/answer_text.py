"""Does a text say what a gold answer says? Compared without a judge model, so that a figure can be had again.

Normalisation follows SQuAD's evaluation (Rajpurkar et al. 2016: case, punctuation and English articles do not count),
with one character a token where a script puts no spaces between words, as MLQA does (Lewis et al. 2020).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ARTICLES = frozenset(("a", "an", "the"))
_NUMBER = re.compile(
    r"(?P<digits>\d+(?:[., \u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)\s*"
    r"(?P<scale>%|per ?cent|thousand|million|billion|trillion|mn|bn)?",
    re.IGNORECASE,
)
_SCALES = {"thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9, "trillion": 1e12}
# A share may be meant as 0.12 or 12 %, and a table may count in thousands or millions.
_UNITS = (1.0, 100.0, 0.01, 1e3, 1e-3, 1e6, 1e-6)
CLOSE = 0.01  # relative


def tokens(text: str) -> list[str]:
    """What is compared: words and numbers without case and punctuation, English articles left out."""
    words = _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())
    return [word for word in words if word not in _ARTICLES]


def holds(text: str, golds: Iterable[str]) -> bool:
    """Whether one of the golds stands in the text, as whole words where it begins and ends with a Latin letter or a
    digit (in other scripts a word may carry prefixes). A gold without any word stands nowhere."""
    inside = f" {' '.join(tokens(text))} "
    for gold in golds:
        wanted = " ".join(tokens(gold))
        if wanted and f"{_edge(wanted[0])}{wanted}{_edge(wanted[-1])}" in inside:
            return True
    return False


def _edge(character: str) -> str:
    return " " if character.isdigit() or unicodedata.name(character, "").startswith("LATIN") else ""


def token_f1(text: str, golds: Iterable[str]) -> float:
    """The best harmonic mean of token precision and recall over the golds, 0..1."""
    said = Counter(tokens(text))
    best = 0.0
    for gold in golds:
        wanted = Counter(tokens(gold))
        shared = (said & wanted).total()
        if shared:
            best = max(best, 2 * shared / (said.total() + wanted.total()))
    return best


def exact_match(text: str, golds: Iterable[str]) -> bool:
    """Whether the text is one of the golds, as `tokens` sees them."""
    said = tokens(text)
    return any(said == tokens(gold) for gold in golds)


def numbers(text: str) -> list[float]:
    """Every number of the text, scale words multiplied in ("1.5 million" is 1,500,000)."""
    values = []
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text)):
        values.append(_value(match["digits"]) * _SCALES.get((match["scale"] or "").casefold(), 1.0))
    return values


def _value(digits: str) -> float:
    """ "1,234.5", "1.234,5" and "1 234.5" alike; the last of two kinds of mark is the decimal one."""
    digits = re.sub(r"[ \u00a0\u202f]", "", digits)
    commas, points = digits.count(","), digits.count(".")
    if commas and points:
        decimal = "," if digits.rfind(",") > digits.rfind(".") else "."
    elif commas + points == 1 and not re.search(r"[.,]\d{3}$", digits):
        decimal = "," if commas else "."
    else:  # one mark before three digits, or several: it groups thousands
        decimal = "." if points == 1 and re.match(r"0\.", digits) else ""
    for grouping in {",", "."} - {decimal}:
        digits = digits.replace(grouping, "")
    return float(digits.replace(",", "."))


def number_matches(text: str, gold: str) -> bool | None:
    """Whether the text holds the gold's number within CLOSE, in any unit; None where the gold is not one number."""
    wanted = numbers(gold)
    if len(wanted) != 1:
        return None
    return any(abs(value * unit - wanted[0]) <= CLOSE * abs(wanted[0]) for value in numbers(text) for unit in _UNITS)
