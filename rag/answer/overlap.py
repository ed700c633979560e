"""How much two short texts share in words and numbers: what ties an answer's sentence to the sentence it rests on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log

_WORD = re.compile(r"\d[\d.,]*\d|\d|[^\W\d_]+(?:['’][^\W\d_]+)?")
COMMON = frozenset(
    """a about after all also an and any are as at be because been before being between both but by can could did do
    does during each for from further had has have having he her here him his how i if in into is it its itself me more
    most my no nor not of off on once only or other our out over own same she should so some such than that the their
    them then there these they this those through to too under until up very was we were what when where which while
    who whom why will with would you your please give tell say according following based using use state stated
    document documents passage passages answer question s t""".split()
)


def terms(text: str) -> list[str]:
    """Lower-case content words, lightly stemmed, and numbers without thousands separators, in order."""
    found = []
    for word in _WORD.findall(text.lower()):
        if word[0].isdigit():
            found.append(re.sub(r",(?=\d{3}\b)", "", word).rstrip(".,"))
        elif word not in COMMON:
            found.append(_stem(re.sub(r"['’]s$", "", word)))
    return found


def rarity(texts: Iterable[str]) -> dict[str, float]:
    """Inverse document frequency of each term over `texts`, ln(1 + n / df); numbers count as rare words do."""
    counts: Counter[str] = Counter()
    size = 0
    for text in texts:
        counts.update(set(terms(text)))
        size += 1
    return {term: log(1 + size / count) for term, count in counts.items()}


def coverage(wanted: Sequence[str], text: str, weights: dict[str, float] | None = None) -> float:
    """The share, in 0..1, of the wanted terms that `text` holds, rare ones counting more; 0 when none is wanted."""
    if not wanted:
        return 0.0
    held = set(terms(text))
    highest = max(weights.values(), default=1.0) if weights else 1.0
    weight = {term: weights.get(term, highest) if weights else 1.0 for term in set(wanted)}
    return sum(value for term, value in weight.items() if term in held) / sum(weight.values())


def _stem(word: str) -> str:
    """Plural and the commonest verb endings off: enough to match "stored" with "store" and "vials" with "vial"."""
    for ending in ("ingly", "edly", "ing", "ies", "ied", "es", "ed", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)].rstrip("e") or word
    return word.rstrip("e") if len(word) > 4 else word
