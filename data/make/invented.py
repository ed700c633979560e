"""Invented documents with what is asked of them: values, marks, and how a genre's topics become a document.

A genre is written as topics in plain text:

    # deposit: Deposit | Security
    v = money 400 4000 50
    > Before the keys are handed over the tenant pays [[{v}]] as security.
    ~ A deposit is never a payment of rent.
    ? How much is the deposit{of}?

``#`` opens a topic with its name and its headings, ``=`` draws a slot (see ``data.make.draw``), ``>`` is one way
to state the facts, ``~`` a sentence on the subject that states none of them, ``?`` a question. ``[[…]]`` is the answer
of the questions; ``[[when:…]]`` is that of questions that begin ``?when``. ``{of}`` is where a question may name the
document. A document holds most topics of its genre: the questions of those that it leaves out have no answer in it,
except where the name ends in "!": something else in the document may answer those.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from data.make.draw import draw
from data.make.filler import anywhere, in_force, no_longer

OPEN, MIDDLE, CLOSE = "\x02", "\x03", "\x04"
_MARKED = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}|{CLOSE}")
_SENTENCE = re.compile(f"((?:^|(?<![.][a-z])[.?!] )(?:{OPEN}[^{MIDDLE}]*{MIDDLE})?)([a-z])")
_WRITTEN = re.compile(r"\[\[(?:([a-z]+):)?(.*?)\]\]", re.S)


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What a genre may speak of; ``asks`` holds (mark, question form), the mark is "" for the plain one.

    ``alone``: nothing else in a document of the genre answers its questions.
    """

    name: str
    alone: bool
    heads: tuple[str, ...]
    slots: tuple[tuple[str, str], ...]
    says: tuple[str, ...]
    fills: tuple[str, ...]
    asks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A sentence or more that stay together, or a table's rows with their head. Text with marks."""

    lines: tuple[str, ...]
    head: tuple[str, ...] = ()

    @property
    def is_table(self) -> bool:
        return bool(self.head)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class InventedQuestion:
    """A question. ``answers``: keys of the facts whose cover is the answer; ``needs``: keys its evidence must hold.

    A key is "owner|about|detail": the same about of another owner, or with another detail, is another fact. ``names``:
    what in the question says which document is meant (all of it), () where any of the genre might answer. A question
    without ``answers`` has none in its document; ``absent`` is then the word that the document lacks, where it is one.
    """

    text: str
    form: str
    answers: tuple[str, ...]
    needs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    kind: str = "fact"
    about: str = ""
    absent: str = ""


@dataclass(frozen=True, kw_only=True)
class InventedDocument:
    """A document of one language; those of one family are alike but for a decisive detail."""

    genre: str
    lang: str
    title: str
    sections: tuple[Section, ...]
    questions: tuple[InventedQuestion, ...]


def marked(key: str, text: str) -> str:
    """The text, marked as the statement of the fact ``key``."""
    return f"{OPEN}{key}{MIDDLE}{text}{CLOSE}"


def unmarked(text: str) -> tuple[str, dict[str, tuple[int, int]]]:
    """Plain text, and key → (start, end) of each fact's first statement in it. Marks may lie within each other."""
    plain, last = "", 0
    spans: dict[str, tuple[int, int]] = {}
    waiting: list[tuple[str, int]] = []
    for found in _MARKED.finditer(text):
        plain += text[last : found.start()]
        last = found.end()
        if found[1] is not None:
            waiting.append((found[1], len(plain)))
        else:
            key, start = waiting.pop()
            spans.setdefault(key, (start, len(plain)))
    return plain + text[last:], spans


@cache
def read_topics(text: str) -> tuple[Topic, ...]:
    """The topics of a genre, written as the module's docstring shows."""
    topics = []
    for part in re.split(r"^# ", text, flags=re.M)[1:]:
        first, *lines = [line.strip() for line in part.strip().split("\n") if line.strip()]
        name, heads = first.split(": ", 1)
        slots, says, fills, asks = [], [], [], []
        for line in lines:
            sign, rest = line.split(" ", 1)
            if sign == ">":
                says.append(rest)
            elif sign == "~":
                fills.append(rest)
            elif sign.startswith("?"):
                asks.append((sign[1:], rest))
            elif rest.startswith("= "):
                slots.append((sign, rest[2:]))
            else:
                raise ValueError(f"topic {name}: {line!r} is none of # = > ~ ?")
        topics.append(
            Topic(
                name=name.rstrip("!"),
                alone=not name.endswith("!"),
                heads=tuple(heads.split(" | ")),
                slots=tuple(slots),
                says=tuple(says),
                fills=tuple(fills),
                asks=tuple(asks),
            )
        )
    return tuple(topics)


def compose(
    rng: random.Random,
    *,
    genre: str,
    title: str,
    topics: Sequence[Topic],
    context: Mapping[str, str],
    of: Sequence[str] = (),
    names: Sequence[str] = (),
    lang: str = "en",
    sections: Sequence[Section] = (),
    questions: Sequence[InventedQuestion] = (),
    keep: float = 0.75,
    numbering: Sequence[str] = ("{n}. {h}", "{h}", "{h}", "{n} {h}", "{up}"),
) -> InventedDocument:
    """A document that states most of ``topics``, with ``sections`` (tables) put among them.

    ``context`` fills slots that the whole document shares. ``of`` are ways to name it in a question, each holding some
    of ``names``, which set it apart from its family. Topics with no ``?`` are never left out.
    """
    kept = [topic for topic in topics if not topic.asks or rng.random() < keep] or [topics[0]]
    if rng.random() < 0.35:
        rng.shuffle(kept)
    pool = [fill for topic in topics for fill in topic.fills]
    numbers = rng.choice(list(numbering))
    slots = {topic.name: _slots(topic, context, rng) for topic in topics}
    asked: list[InventedQuestion] = list(questions)
    parts: list[tuple[str, list[Block]]] = []
    together = rng.random() < 0.35
    said: set[str] = set()

    def ask(topic: Topic, form: str, key: str, values: Mapping[str, str], absent: str = "") -> None:
        asked.append(_question(form, key, values, of, names, f"{genre}.{topic.name}", rng, absent))

    for topic in kept:
        if not topic.says:
            continue
        owner, values = f"{title}|{genre}.{topic.name}", slots[topic.name]
        statement = _filled(_with_keys(rng.choice(topic.says), owner), values)
        if lang == "en" and topic.asks and rng.random() < 0.15:
            statement = in_force(statement, rng)
        lines = [statement]
        around = [_filled(fill, values) for fill in topic.fills if rng.random() < 0.5]
        around += [_filled(rng.choice(pool), _all(slots)) for _ in range(rng.choice((0, 1, 1, 2)) if pool else 0)]
        around += [anywhere(rng, context) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))]
        for line in around:
            if line not in said:
                said.add(line)
                lines.insert(rng.randint(0, len(lines)), line)
        if topic.asks and rng.random() < (0.25 if lang == "en" else 0.5):
            other = _filled(_WRITTEN.sub(r"\2", rng.choice(topic.says)), _slots(topic, context, rng))
            past = no_longer(other, rng, context)
            if rng.random() < 0.5 or not parts:
                lines.insert(rng.randint(0, len(lines)), past)
            else:
                rng.choice(parts)[1].append(Block(lines=(past,)))
        blocks = [Block(lines=(line,)) for line in lines]
        if together and parts and rng.random() < 0.5:
            parts[-1][1].extend(blocks)
        else:
            parts.append((rng.choice(topic.heads), blocks))
        for key in unmarked(statement)[1]:
            forms = [form for mark, form in topic.asks if key == f"{owner}|{mark}"]
            for form in rng.sample(forms, min(len(forms), rng.choice((1, 2, 3)))):
                ask(topic, form, key, values)
            form = rng.choice(forms or [""])
            changed = _changed(topic, form, values, context, rng)
            if changed and rng.random() < 0.6:
                ask(topic, form, "", *changed)
    for topic in topics:
        if topic not in kept and topic.asks and topic.alone and rng.random() < 0.6:
            ask(topic, rng.choice(topic.asks)[1], "", slots[topic.name])
    made = [
        Section(heading=numbers.format(n=i, h=head, up=head.upper()), blocks=tuple(blocks))
        for i, (head, blocks) in enumerate(parts, start=1)
    ]
    for section in sections:
        made.insert(rng.randint(0, len(made)), section)
    return InventedDocument(genre=genre, lang=lang, title=title, sections=tuple(made), questions=tuple(asked))


def _slots(topic: Topic, context: Mapping[str, str], rng: random.Random) -> dict[str, str]:
    values = dict(context)
    for name, spec in topic.slots:
        values[name] = draw(spec, rng, values)
    return values


def _changed(
    topic: Topic, form: str, values: Mapping[str, str], context: Mapping[str, str], rng: random.Random
) -> tuple[dict[str, str], str] | None:
    """Slots drawn again for a form that names one of them, and the value that is now another."""
    used = [name for name, _ in topic.slots if f"{{{name}}}" in form]
    others = _slots(topic, context, rng) if used else {}
    for name in used:
        if others[name] != values[name]:
            return others, others[name]
    return None


def _all(slots: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {name: value for values in slots.values() for name, value in values.items()}


def _with_keys(says: str, owner: str) -> str:
    return _WRITTEN.sub(lambda found: marked(f"{owner}|{found[1] or ''}", found[2]), says)


def _filled(text: str, values: Mapping[str, str]) -> str:
    filled = text.format_map({**values, "of": ""})
    return _SENTENCE.sub(lambda found: found[1] + found[2].upper(), filled)


def _question(
    form: str,
    key: str,
    values: Mapping[str, str],
    of: Sequence[str],
    names: Sequence[str],
    about: str,
    rng: random.Random,
    absent: str,
) -> InventedQuestion:
    text, named = named_question(form, of, rng, values)
    return InventedQuestion(
        text=text,
        form=form,
        answers=(key,) if key else (),
        needs=(key,) if key else (),
        names=names_in(text, names) if named else (),
        about=about,
        absent=absent,
        kind=kind_of(form) if key else "not here",
    )


def named_question(form: str, of: Sequence[str], rng: random.Random, values: Mapping[str, str]) -> tuple[str, bool]:
    """The form with its slots filled; half of those with ``{of}`` name the document. Returns whether it is named."""
    named = bool(of) and "{of}" in form and rng.random() < 0.55
    text = form.format_map({**values, "of": rng.choice(list(of)) if named else ""})
    return text, named


def names_in(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of ``names`` that the question spells out."""
    return tuple(name for name in names if name.lower() in text.lower())


def kind_of(form: str) -> str:
    """A rough name for what a question form is: why, how, when, which, list, yes or no, keywords, other."""
    first = form.lower().split()[0].strip("{}")
    if not form.rstrip().endswith(("?", "？", "؟")) and len(form.split()) < 7:
        return "keywords"
    if first in {"is", "are", "does", "do", "can", "may", "must", "was", "were", "did", "has", "have", "will"}:
        return "yes or no"
    return first if first in {"why", "how", "when", "who", "where", "which", "what"} else "other"
