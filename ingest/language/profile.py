"""What is known of a language: how its words are reduced to terms, and which of them say nothing."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

from ingest.language.detect import LATIN, UNKNOWN
from ingest.language.words import fold, words

FINGERPRINT = "words-1"
KEPT_TERMS = 50_000  # words whose term is remembered, by language: nearly all of a text's

# Snowball's algorithm for a language (PyStemmer's names); a language that is not here keeps its words whole.
_SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish",
}  # fmt: skip
# Lucene's English list.
ENGLISH_STOP_WORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with".split()
)
ENGLISH_QUESTION_WORDS = frozenset(
    "am any been can could did do does had has have having he her his how i its may me might must my our ours "
    "please shall she should so tell than them those us we were what when where whether which who whom whose why "
    "would you your".split()
)
_DOTLESS = str.maketrans({"I": "ı", "İ": "i"})


@dataclass(frozen=True, kw_only=True)
class LanguageProfile:
    """A language's way from text to terms.

    language: ISO 639 code. term: one word → its term. stop_words: lower-case words that say nothing of what a text is
    about; question_words: those that only say that something is asked.
    """

    language: str
    term: Callable[[str], str]
    stop_words: frozenset[str] = frozenset()
    question_words: frozenset[str] = frozenset()

    def words(self, text: str) -> list[str]:
        """The text's terms in order: stems without case and accents, whole numbers, character pairs and characters."""
        return words(text, self.term)

    def terms(self, text: str) -> list[str]:
        """What a passage is found by: its words without stop words."""
        return self.words_except(self.stop_words, text)

    def question_terms(self, text: str) -> list[str]:
        """What a question asks for: its terms without question words, unless it has no others."""
        return self.words_except(self.stop_words | self.question_words, text) or self.terms(text)

    def words_except(self, dropped: Collection[str], text: str) -> list[str]:
        """The terms of all words but these; `dropped` is lower-case."""
        return words(text, lambda word: "" if word.casefold() in dropped else self.term(word))


@lru_cache(maxsize=256)
def profile_of(language: str) -> LanguageProfile:
    """The profile of an ISO 639 code; a language of which nothing is known keeps its words whole."""
    term = _term_of(language)
    if language not in ("en", UNKNOWN):
        # Lists for other languages (stop-words, stopwordsiso) made BM25 no better or worse: its IDF knows them already.
        return LanguageProfile(language=language, term=term)
    return LanguageProfile(
        language=language,
        term=term,
        stop_words=ENGLISH_STOP_WORDS,
        question_words=ENGLISH_QUESTION_WORDS,
    )


def fingerprint() -> str:
    """Changes whenever the terms of the same text might."""
    packages = (f"{name}-{version(name)}" for name in ("py3langid", "pystemmer", "regex"))
    return " ".join((FINGERPRINT, *packages, f"unicode-{unicodedata.unidata_version}"))


def _term_of(language: str) -> Callable[[str], str]:
    """A word's term. In a text that is not in Latin letters, and in one of no known language, Latin words are read
    as English: that is what they mostly are.

    Stems are taken before accents, because Snowball's rules know the accented letters.
    """
    own = _stemmer(_SNOWBALL.get(language, ""))
    english = _stemmer("english")
    others = english if language == UNKNOWN or language not in LATIN else own
    dotless = language in ("tr", "az")

    @lru_cache(maxsize=KEPT_TERMS)
    def term(word: str) -> str:
        lowered = (word.translate(_DOTLESS) if dotless else word).casefold()
        return fold((others if lowered.isascii() else own)(unicodedata.normalize("NFC", lowered)))

    return term


def _stemmer(algorithm: str) -> Callable[[str], str]:
    if not algorithm:
        return str
    import Stemmer

    stemmer = Stemmer.Stemmer(algorithm, maxCacheSize=0)
    lock = threading.Lock()  # a stemmer is one C buffer

    def stem(word: str) -> str:
        with lock:
            return str(stemmer.stemWord(word))

    return stem
