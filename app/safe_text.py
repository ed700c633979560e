"""What may be rendered: Markdown from a language model made harmless, and plain text made literal.

An answer is text from outside (a PDF can order a model to print an image whose address carries your data), so before
Streamlit renders it: images and links become their text, raw HTML is shown instead of run, bare addresses are not
clickable, Streamlit's own directives, icons and emoji codes do nothing, and "$5 and $6" is money, not a formula.
Emphasis, headings, lists, tables, code and our [1] citations stay.

Two ways of taking a character's power: a backslash, wherever Markdown alone reads it; and a word joiner (U+2060,
invisible) where Streamlit 1.67 rewrites text *after* backslashes are gone (`:material/…:`, emoji codes, GFM's bare
addresses) and inside code, where a backslash would be seen. Nothing here depends on finding out correctly what is
code: inside it the same constructs are broken by word joiners, so a mistake is seen but never dangerous.

Where text leaves for a terminal or another program (`safe_text`), the same constructs lose their power, but every
visible character stays as it was: there are no backslashes, only word joiners, and what acts in Streamlit alone stays.

It works on a stream. Every rule looks at most `_AHEAD` characters ahead, links and code spans are held back until
they are whole, and each prefix of the output is as harmless as the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

JOINER = "\u2060"

_AHEAD = 64
_LABEL, _TARGET, _CODE = 400, 2_000, 400  # characters; longer ones are escaped instead of rewritten
_INVISIBLE = re.compile(
    # controls but tab and newline; soft hyphen; zero-width and bidirectional controls; line separators; BOM; tags
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")

_TARGET_INSIDE = rf"(?:[^()\n]|\([^()\n]{{0,{_TARGET}}}\)){{0,{_TARGET}}}"
_LINK = re.compile(rf"!?\[(?P<label>[^\[\]\n]{{0,{_LABEL}}})\]\((?P<target>{_TARGET_INSIDE})\)")
_LINK_BEGUN = re.compile(
    rf"!?\[(?:[^\[\]\n]{{0,{_LABEL}}}|[^\[\]\n]{{0,{_LABEL}}}\](?:\({_TARGET_INSIDE}(?:\([^()\n]{{0,{_TARGET}}})?)?)\Z|!\Z"
)
_CITATION = re.compile(r"\[\d{1,3}\]")
_FENCE = re.compile(r"[ \t]*(?P<run>`{3,}|~{3,})(?P<info>[^\n]*)\n?")
_FENCE_BEGUN = re.compile(r"[ \t]*(?:`{0,2}|~{0,2}|`{3,}[^\n]*|~{3,}[^\n]*)\Z")
_TICKS = re.compile(r"`+")
_EMOJI = re.compile(r":[\w+-]{1,60}:", re.ASCII)
_WWW = re.compile(r"www(?=\\?\.)", re.IGNORECASE)
_BREAK_TAG = re.compile(r"<br ?/?>", re.IGNORECASE)
_BREAK_TAG_BEGUN = re.compile(r"<(?:b(?:r(?: ?/?)?)?)?\Z", re.IGNORECASE)
_TILDES = re.compile(r"~+")
# Standing alone, these become arrows and dashes in Streamlit.
_ARROW = re.compile(r"(?<!\S)(?:<->|->|<-|--|>=|<=|~=)(?!\S)")


def safe_markdown(text: str) -> str:
    """A whole answer, harmless. The same as `SafeStream` gives for it in pieces."""
    cleaner = _Cleaner()
    return cleaner.feed(text) + cleaner.close()


def safe_text(text: str) -> str:
    """A whole answer for a terminal or another program, which may render it as Markdown: no image, no link, no HTML."""
    cleaner = _Cleaner(markdown=False)
    return cleaner.feed(text) + cleaner.close()


def safe_line(text: str) -> str:
    """A name or another short text from a file as one line of a terminal: nothing in it moves the cursor."""
    return " ".join(_clean(text).split())


class SafeStream:
    """The pieces of a stream, harmless; iterate it once. markdown: for `st.write_stream`, otherwise as `safe_text`."""

    def __init__(self, pieces: Iterable[str], *, markdown: bool = True) -> None:
        self._pieces = pieces
        self._markdown = markdown

    def __iter__(self) -> Iterator[str]:
        cleaner = _Cleaner(markdown=self._markdown)
        for piece in self._pieces:
            if given := cleaner.feed(piece):
                yield given
        if given := cleaner.close():
            yield given


def plain(text: str, longest: int | None = None) -> str:
    """Text from a file (a name, a passage, a reason) as Markdown that shows it literally, in one paragraph.

    Control and direction characters are removed, runs of white space become one space. longest: characters after
    which it is cut in the middle; names from the wild are 4 kB long.
    """
    text = " ".join(_clean(text).split())
    if longest is not None and len(text) > longest:
        head = (longest - 1) * 2 // 3
        text = f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"
    text = _ARROW.sub(lambda found: found[0][0] + JOINER + found[0][1:], text)
    escaped = "".join(_walk(text, _literal))
    return re.sub(r"^(\d{1,9})([.)])", r"\1\\\2", escaped)


def _literal(text: str, at: int) -> tuple[str, int]:
    char = text[at]
    if char in "\\`*_[]<>~$|&" or (at == 0 and char in "#+-="):
        return "\\" + char, at + 1
    return _broken(text, at)


class _Cleaner:
    """Takes pieces, gives back what is certain. State: what is held back, and the code fence that is open."""

    def __init__(self, *, markdown: bool = True) -> None:
        self._markdown = markdown
        self._held = ""
        self._fence = ""
        self._line_start = True

    def feed(self, piece: str) -> str:
        self._held += piece
        return self._give(final=False)

    def close(self) -> str:
        return self._give(final=True)

    def _give(self, *, final: bool) -> str:
        text = self._held
        if not final and text.endswith("\r"):
            text = text[:-1]
        rest = self._held[len(text) :]
        text = _clean(text)
        certain = len(text) if final else _certain(text)
        given: list[str] = []
        at = 0
        while at < certain:
            step = self._line(text, at, final) if self._line_start and self._markdown else None
            if step is None:
                step = self._token(text, at, final)
            if step is _WAIT:
                break
            shown, at = step
            given.append(shown)
            self._line_start = at > 0 and text[at - 1] == "\n"
        self._held = text[at:] + rest
        return "".join(given)

    def _line(self, text: str, at: int, final: bool) -> tuple[str, int] | None:
        """A code fence opens or closes on this line; None when neither."""
        if not final and _FENCE_BEGUN.match(text, at):
            return _WAIT
        match = _FENCE.match(text, at)
        if match is None:
            return None
        run, info = match["run"], match["info"]
        if self._fence:
            if run[0] == self._fence[0] and len(run) >= len(self._fence) and not info.strip():
                self._fence = ""
                return match[0], match.end()
            return None
        if run[0] == "`" and "`" in info:
            return None  # an inline span, not a fence
        self._fence = run
        # Without its info string: "mermaid" would be drawn, and a language is not needed to read it.
        return text[at : match.end("run")] + match[0][len(match[0].rstrip("\n")) :], match.end()

    def _token(self, text: str, at: int, final: bool) -> tuple[str, int]:
        char = text[at]
        if self._fence:
            return _in_code(text, at)
        if char in "![":
            if link := _LINK.match(text, at):
                return _link_text(link, _in_prose if self._markdown else _in_text), link.end()
            if not final and _LINK_BEGUN.match(text, at):
                return _WAIT
            if citation := _CITATION.match(text, at):
                end = citation.end()
                acts = text[end : end + 1] in ("(", ":", "[") and not _CITATION.match(text, end)
                return citation[0] + (JOINER if acts else ""), end
        if not self._markdown:
            return _in_text(text, at)
        if char == "`":
            return self._code_span(text, at, final)
        if not final and (_BREAK_TAG_BEGUN.match(text, at) or (char == "~" and not text[at:].strip("~"))):
            return _WAIT
        return _in_prose(text, at)

    def _code_span(self, text: str, at: int, final: bool) -> tuple[str, int]:
        ticks = _TICKS.match(text, at)
        assert ticks is not None
        run, begin = ticks[0], ticks.end()
        if not final and begin == len(text):
            return _WAIT
        stop = text.find("\n", begin)
        limit = min(begin + _CODE, len(text) if stop < 0 else stop)
        for closing in _TICKS.finditer(text, begin, limit):
            if len(closing[0]) == len(run):
                if not final and closing.end() == len(text):
                    return _WAIT
                inside = text[begin : closing.start()]
                return run + "".join(_walk(inside, _in_code)) + run, closing.end()
        if not final and stop < 0 and len(text) - begin <= _CODE:
            return _WAIT
        return "\\`" * len(run), begin


_WAIT = ("", -1)  # more of the stream is needed to decide


def _certain(text: str) -> int:
    """How far every rule with a bounded view ahead can be decided: up to the last white space or non-ASCII letter."""
    floor = max(0, len(text) - _AHEAD)
    for at in range(len(text) - 1, floor - 1, -1):
        if text[at].isspace() or ord(text[at]) > 127:
            return at + 1
    return floor


def _link_text(link: re.Match[str], rule: Callable[[str, int], tuple[str, int]]) -> str:
    """A link as its text, an image as its description; "[1](…)" is still our citation."""
    label = link["label"]
    if not link[0].startswith("!") and re.fullmatch(r"\d{1,3}", label):
        return f"[{label}]{JOINER}"
    if not _is_target(link["target"]):
        inner = link[0]
        if rule is _in_text:
            return "".join(_walk(inner, _in_text))
        return ("\\[" if inner[0] == "[" else "!") + "".join(_walk(inner[1:], _in_prose))
    return "".join(_walk(label, rule))


def _is_target(target: str) -> bool:
    """Whether what stands in parentheses can be an address: "[A](see below)" is prose and stays whole."""
    return not re.search(r"\S[ \t]+[^\s\"'(]", target.strip())


def _walk(text: str, rule: Callable[[str, int], tuple[str, int]]) -> Iterator[str]:
    at = 0
    while at < len(text):
        shown, at = rule(text, at)
        yield shown


def _in_prose(text: str, at: int) -> tuple[str, int]:
    char, after = text[at], text[at + 1 : at + 2]
    if char == "\\":
        if not after:
            return "\\\\", at + 1  # what follows in the output may be punctuation of our own
        if after not in _PUNCTUATION:
            return "\\", at + 1
        return (after + JOINER if after in ":@" else "\\" + after), at + 2
    if char == "<":
        if tag := _BREAK_TAG.match(text, at):
            return " ", tag.end()
        return ("\\<" if after.isalpha() or after in ("/", "!", "?", "\\") else "<"), at + 1
    if char in "[]$`":
        return "\\" + char, at + 1
    if char == "~":
        run = _TILDES.match(text, at)
        assert run is not None
        return (run[0] if len(run[0]) == 2 else "\\~" * len(run[0])), run.end()
    if char == "&":
        return ("\\&" if after.isalnum() or after in ("#", "\\") else "&"), at + 1
    return _broken(text, at)


def _in_text(text: str, at: int) -> tuple[str, int]:
    """What a Markdown renderer would act on, broken by a word joiner; everything else as it is."""
    char, after = text[at], text[at + 1 : at + 2]
    acts = (
        (char == "<" and (after.isalpha() or after in ("/", "!", "?")))
        or (char == "!" and after == "[")
        or (char == "]" and (after in ("(", ":") or (after == "[" and not _CITATION.match(text, at + 1))))
        or (char == "&" and (after.isalnum() or after == "#"))
        or (char == ":" and after == "/")
        or (char == "@" and after.isalnum())
    )
    if acts and after:
        return char + JOINER, at + 1
    if char in "wW" and (www := _WWW.match(text, at)):
        return www[0] + JOINER, www.end()
    return char, at + 1


def _in_code(text: str, at: int) -> tuple[str, int]:
    char, after = text[at], text[at + 1 : at + 2]
    acts = (
        (char == "<" and (after.isalpha() or after in ("/", "!", "?", "\\")))
        or (char == "]" and after in ("(", "[", ":"))
        or (char == "&" and (after.isalnum() or after in ("#", "\\")))
    )
    return (char + JOINER, at + 1) if acts else _broken(text, at)


def _broken(text: str, at: int) -> tuple[str, int]:
    """Colons, at signs and "www." that Streamlit or GFM would act on, broken by a word joiner."""
    char, after = text[at], text[at + 1 : at + 2]
    if char == ":":
        acts = after.isalpha() or after in ("_", "+", "-", "/", "\\", "[", "{") or _EMOJI.match(text, at)
        return (":" + JOINER if after and acts else ":"), at + 1
    if char == "@":
        return ("@" + JOINER if after and not after.isspace() else "@"), at + 1
    if char in "wW" and (www := _WWW.match(text, at)):
        return www[0] + JOINER, www.end()
    return char, at + 1


def _clean(text: str) -> str:
    """Without what is invisible or cannot be sent; line ends as one newline."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text))
