"""Where sentences end, in any script, and how lines become running text.

Unicode's Sentence_Terminal property says which marks end a sentence in a script. Most of them mean nothing else; the
full stop of Latin, Greek and Cyrillic does, so after it an abbreviation, an initial, a numeral or a lower-case letter
keeps the sentence going. Own code, because the libraries were worse on what is quoted here: sentencex (1.0.32) parts
"(Busse et al., | 2010)" and "( Table | 1)" and does not part after "… of cells [38] . Here"; pysbd has no release
since 2021. Text without marks, as in Thai, stays one sentence.
"""

from __future__ import annotations

import regex

NEAR = 40  # characters on each side of a full stop that are looked at
_CLOSING = r"""["'\p{Pe}\p{Pf}]"""
_OPENING = r"""["'\p{Ps}\p{Pi}„¿¡]"""
_REFERENCES = r"(?:\s?[\[(]\d{1,3}(?:[\s,;–-]{1,3}\d{1,3}){0,20}[\])]){0,8}"
# Marks that need a space behind them, because they also stand inside words and numbers; and those that do not.
_AFTER_SPACE = r"[.!?…]|(?<=\p{Greek});"
_ALWAYS = r"[[\p{Sentence_Terminal}།༎]--[.!?․．﹒]]"
_END = regex.compile(
    rf"(?P<mark>(?:{_AFTER_SPACE}){{1,6}}){_CLOSING}{{0,4}}{_REFERENCES}\s+"
    rf"|{_ALWAYS}{{1,6}}+(?:{_CLOSING}{{1,4}}+(?!と|って)|(?!{_CLOSING})){_REFERENCES}\s*",
    regex.VERSION1,
)
# Letters of a script without case may begin a sentence or go on with one.
_BEGINS = regex.compile(rf"{_OPENING}*[\p{{Lu}}\p{{Lt}}\p{{Lo}}\p{{Georgian}}\p{{Nd}}\p{{Sc}}§]")
_ENDS = regex.compile(rf"(?:{_AFTER_SPACE}|{_ALWAYS}){_CLOSING}{{0,4}}{_REFERENCES}$", regex.VERSION1)
_INITIAL_OR_NUMERAL = regex.compile(r"\p{Ll}|(?:\p{Ll}\.)+\p{Ll}|\d{1,2}|[ivx]{1,4}")
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof st no nos vs etc fig figs eq eqs sec secs ch chap vol vols pp p ed eds al cf ca approx inc corp
    co ltd llc plc bros dept est gen gov hon jr sr lt col sgt rev rep sen jan feb mar apr jun jul aug sep sept oct nov
    dec art arts para paras ref refs tab e.g i.e u.s u.k u.n a.m p.m ph.d viz resp incl excl max min temp tel spp
    subsp var abb bspw bzw ggf hr nr vgl av bkz doç yrd mme mlle núm pág sra sta гг др млн млрд руб тыс""".split()
)
# "Co. The" ends a sentence more often than "Co. Smith" begins a name; only clear openers do.
_MAY_END = frozenset({"inc", "corp", "co", "ltd", "etc", "u.s", "u.k", "al", "a.m", "p.m", "llc", "plc", "max", "min"})
_CLEAR_OPENER = regex.compile(r"(?:The|This|These|In|It|We|For|On|As|At|If|When|However)\b")
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー、。，！？；：「」『』（）]"
)


def sentence_ends(text: str) -> list[int]:
    """Offsets just behind each sentence and its white space; the last is the text's length. Empty for no text."""
    ends: list[int] = []
    for end in _END.finditer(text):
        before, after = text[max(0, end.start() - NEAR) : end.start()], text[end.end() : end.end() + NEAR]
        if not end["mark"] or _ends_here(before, end["mark"], after):
            ends.append(end.end())
    return ends if not text or ends[-1:] == [len(text)] else [*ends, len(text)]


def sentences(text: str) -> list[str]:
    """The text's sentences without the white space around them; none is empty."""
    ends = sentence_ends(text)
    parts = (text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False))
    return [part for part in parts if part]


def begins_sentence(text: str) -> bool:
    """Whether the text may begin a sentence: with a letter that is not lower-case, a digit or a currency."""
    return bool(_BEGINS.match(text))


def ends_sentence(text: str) -> bool:
    """Whether the text ends with the mark of a sentence, quotes and reference marks behind it aside."""
    return bool(_ENDS.search(text))


def goes_on(text: str) -> bool:
    """Whether a line may go on with the sentence of the line before: lower-case, or a script that has no case."""
    first = text[:1]
    return first.isalpha() and not first.isupper()


def gap(before: str, after: str) -> str:
    """What to write between two lines of running text: nothing where the script sets no spaces, else one."""
    return "" if _UNSPACED.match(before[-1:]) and _UNSPACED.match(after[:1]) else " "


def _ends_here(before: str, mark: str, after: str) -> bool:
    if not after:
        return True
    if not _BEGINS.match(after):
        return False
    if mark[0] != ".":
        return True
    word = before.split()[-1].lstrip("(\"'“[").lower() if before.split() else ""
    if word in _ABBREVIATIONS:
        return bool(_CLEAR_OPENER.match(after)) and word in _MAY_END
    return not _INITIAL_OR_NUMERAL.fullmatch(word) or word == "i"
