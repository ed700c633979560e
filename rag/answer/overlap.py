"""How much two short texts share in words and numbers: what ties an answer's sentence to the sentence it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log

from ingest.language.detect import UNKNOWN
from ingest.language.profile import profile_of

# What English questions and answers say besides their subject; other languages have no such list (see profile.py).
COMMON = frozenset(
    """a about after all also an and any are as at be because been before being between both but by can could did do
    does during each for from further had has have having he her here him his how i if in into is it its itself me more
    most my no nor not of off on once only or other our out over own same she should so some such than that the their
    them then there these they this those through to too under until up very was we were what when where which while
    who whom why will with would you your please give tell say according following based using use state stated
    document documents passage passages answer question s t""".split()
)


def terms(text: str, language: str = UNKNOWN) -> list[str]:
    """The content words of a text as terms of the language (ISO 639), and its numbers, in order."""
    return profile_of(language).words_except(COMMON, text)


def rarity(texts: Iterable[str], language: str = UNKNOWN) -> dict[str, float]:
    """Inverse document frequency of each term over `texts`, ln(1 + n / df); numbers count as rare words do."""
    counts: Counter[str] = Counter()
    size = 0
    for text in texts:
        counts.update(set(terms(text, language)))
        size += 1
    return {term: log(1 + size / count) for term, count in counts.items()}


def coverage(
    wanted: Sequence[str], text: str, weights: dict[str, float] | None = None, language: str = UNKNOWN
) -> float:
    """The share, in 0..1, of the wanted terms that `text` holds, rare ones counting more; 0 when none is wanted."""
    if not wanted:
        return 0.0
    held = set(terms(text, language))
    highest = max(weights.values(), default=1.0) if weights else 1.0
    weight = {term: weights.get(term, highest) if weights else 1.0 for term in set(wanted)}
    return sum(value for term, value in weight.items() if term in held) / sum(weight.values())
