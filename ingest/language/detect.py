"""Which language a text is written in: by its script where one language has a script to itself, else by its letters.

py3langid is pure Python with its model in the wheel (4.5 MB, no download, no seed), so it is the same everywhere.
Measured on 400 sentences, questions and passages each of five languages, share of right answers: with the script
first, English .932 / 1.0 / .997 (.065 of the sentences named none), Turkish .978 / 1.0 / 1.0, Arabic 1.0 / .998 / 1.0,
Japanese and Chinese .998 to 1.0. A text takes 0.1 ms, the first one half a second and 80 MB. Of the others, langdetect
was right on half of the Chinese texts, cld3 and lingua were weaker on short ones, cld2 is a little better on them but
has no wheel for Linux on ARM, fasttext's model carries a share-alike licence, and lingua and eld are 50 to 100 MB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import regex

UNKNOWN = "und"  # ISO 639-2: undetermined
LONGEST = 4000  # characters looked at
PIECES = 20
LEAST_SURE = 0.3  # of 1, among the languages of the script; below that no language is named

# Scripts of a single language that matters here; the others are told apart by their letters.
_OF_ONE = {
    "Hangul": "ko", "Thai": "th", "Lao": "lo", "Khmer": "km", "Myanmar": "my", "Greek": "el", "Hebrew": "he",
    "Armenian": "hy", "Georgian": "ka", "Ethiopic": "am", "Bengali": "bn", "Gujarati": "gu", "Gurmukhi": "pa",
    "Tamil": "ta", "Telugu": "te", "Kannada": "kn", "Malayalam": "ml", "Oriya": "or", "Sinhala": "si", "Tibetan": "bo",
}  # fmt: skip
_OF_SEVERAL = {
    "Latin": "af br ca cs da de en eo es et eu fi fr ga gl hr hu id it la lt lv ms nl no pl pt ro sk sl sq sv sw tl tr "
    "vi",
    "Cyrillic": "bg kk mk mn ru sr uk",
    "Arabic": "ar fa ps ug ur",
    "Devanagari": "hi mr ne",
}
LATIN = frozenset(_OF_SEVERAL["Latin"].split())
_SCRIPT = regex.compile(
    "|".join(rf"(?P<{script}>\p{{{script}}}+)" for script in (*_OF_SEVERAL, *_OF_ONE, "Han", "Hiragana", "Katakana"))
)
KANA = 0.05  # of the letters: Japanese has more, a Chinese text that quotes Japanese less


@lru_cache(maxsize=256)
def detect(text: str) -> str:
    """The language's ISO 639 code, "und" when unsure. Deterministic; about 0.1 ms after the model's first use."""
    text = text[:LONGEST]
    letters: Counter[str] = Counter()
    for run in _SCRIPT.finditer(text):
        letters[str(run.lastgroup)] += len(run[0])
    kana = letters.pop("Hiragana", 0) + letters.pop("Katakana", 0)
    letters["Han"] += kana
    [(script, count)] = letters.most_common(1)
    if not count:
        return UNKNOWN
    if script == "Han":
        return "ja" if kana >= KANA * count else "zh"
    return _OF_ONE.get(script) or _by_letters(text, script)


def detect_of_passages(texts: Sequence[str]) -> str:
    """The language of a document, from pieces of up to 20 passages that are spread over it."""
    step = max(1, len(texts) // PIECES)
    return detect("\n".join(text[: LONGEST // PIECES] for text in texts[::step][:PIECES]))


def _by_letters(text: str, script: str) -> str:
    possible = set(_OF_SEVERAL[script].split())
    likely = [(language, share) for language, share in _identifier().rank(text) if language in possible]
    total = sum(share for _, share in likely)
    language, share = likely[0]
    return str(language) if share >= LEAST_SURE * total else UNKNOWN


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([language for codes in _OF_SEVERAL.values() for language in codes.split()])
    return identifier
