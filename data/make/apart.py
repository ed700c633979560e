"""Do invented questions follow a development set? ``python -m data.make.apart --questions DEV --unrelated OTHER``.

Whoever writes training questions with a development set in view lifts the figures on it and proves nothing. Here each
development question's nearness to its nearest invented one is compared with the nearness of unrelated questions of the
same kind, which nobody can have written along. Numbers, names and dates are masked, since they are invented anyway.
Nearness is cosine, twice: of TF-IDF over one to three words, and of the built-in sentence embedding. The difference of
means is judged by a permutation test (scipy.stats.permutation_test). Exit code 1 when the development set stands out.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.make.draw import MONTHS, WEEKDAYS
from data.make.examples import make_examples

MOST = 6000  # invented questions that are compared; the embedding does about 300 a second
SURE = 0.01
RESAMPLES = 9999
_DATES = frozenset(word.lower() for word in (*MONTHS, *WEEKDAYS, "Sunday"))
_WORD = re.compile(r"[^\W_]+(?:[-'’.,/&][^\W_]+)*|[%$€£]")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How near two sets of questions are to the invented ones, by one measure of nearness."""

    measure: str
    development: float  # mean nearness
    unrelated: float
    p: float  # of a difference as large by chance, one-sided

    @property
    def difference(self) -> float:
        """Above 0 where the development set is the nearer one."""
        return self.development - self.unrelated

    @property
    def stands_out(self) -> bool:
        """Nearer than chance gives."""
        return self.p < SURE and self.difference > 0


def masked(question: str) -> str:
    """The question in lower case with "#" for what holds a digit and for dates, "name" for names.

    A name is a capitalised word that does not open the question; names that follow one another are one.
    """
    kept: list[str] = []
    for place, word in enumerate(_WORD.findall(question)):
        dated = word[:1].isupper() and word.lower() in _DATES and (place or word != "May")
        if dated or any(c.isdigit() for c in word):
            now = "#"
        elif place and word[:1].isupper() and word != "I":
            now = "name"
        else:
            now = word.lower()
        if not (now in {"#", "name"} and kept and kept[-1] == now):
            kept.append(now)
    return " ".join(kept)


def standings(
    development: Sequence[str], unrelated: Sequence[str], invented: Sequence[str], *, seed: int = 0
) -> tuple[Standing, ...]:
    """One standing by words and one by meaning; the questions need not be masked. At least two of each set."""
    made = list(dict.fromkeys(masked(question) for question in invented))
    made = random.Random(seed).sample(made, min(MOST, len(made)))
    sets = [[masked(question) for question in questions] for questions in (development, unrelated)]
    result = []
    for measure, near in (("words", _by_words), ("meaning", _by_meaning)):
        scores = near([*sets[0], *sets[1]], made)
        first, second = scores[: len(sets[0])], scores[len(sets[0]) :]
        result.append(
            Standing(
                measure=measure,
                development=float(first.mean()),
                unrelated=float(second.mean()),
                p=_p_of_nearer(first, second, seed),
            )
        )
    return tuple(result)


def _by_words(questions: Sequence[str], made: Sequence[str]) -> NDArray[np.float64]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    tfidf = TfidfVectorizer(ngram_range=(1, 3), token_pattern=r"\S+", sublinear_tf=True)
    rows = tfidf.fit_transform([*questions, *made])
    own, others = rows[: len(questions)], rows[len(questions) :]
    return np.asarray((own @ others.T).max(axis=1).todense()).ravel()


def _by_meaning(questions: Sequence[str], made: Sequence[str]) -> NDArray[np.float64]:
    from rag.learn.training_lists import dense_vectors

    vectors = dense_vectors([*questions, *made], max_length=64).astype(np.float64)
    return np.asarray((vectors[: len(questions)] @ vectors[len(questions) :].T).max(axis=1))


def _p_of_nearer(first: NDArray[np.float64], second: NDArray[np.float64], seed: int) -> float:
    from scipy.stats import permutation_test

    def difference(a: NDArray[np.float64], b: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        return np.asarray(np.mean(a, axis=axis) - np.mean(b, axis=axis))

    result = permutation_test(
        (first, second),
        difference,
        vectorized=True,
        alternative="greater",
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def read_questions(path: Path) -> list[str]:
    """The ``question`` (or ``text``) of every JSON line; ends the program with a sentence where there is none."""
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            row = json.loads(line)
            text = row.get("question") or row.get("text")
            if not isinstance(text, str):
                sys.exit(f'{path}, line {number}: has no "question".')
            questions.append(text)
    if len(questions) < 2:
        sys.exit(f"{path} holds fewer than two questions: nothing can be compared.")
    return questions


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line above; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=Path, required=True, help="the development set, JSON lines")
    parser.add_argument("--unrelated", type=Path, required=True, help="other questions of its kind, JSON lines")
    parser.add_argument("--invented", type=Path, help="JSON lines to compare with; default: what the genres give")
    parser.add_argument("--families", type=int, default=15, help="of each genre")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    development, unrelated = read_questions(options.questions), read_questions(options.unrelated)
    invented = (
        read_questions(options.invented)
        if options.invented
        else [item.question for item in make_examples(families=options.families, seed=options.seed)]
    )
    found = standings(development, unrelated, invented, seed=options.seed)
    for one in found:
        verdict = "STANDS OUT" if one.stands_out else "does not stand out"
        print(
            f"{one.measure}: nearness {one.development:.3f} of the development set, {one.unrelated:.3f} of unrelated "
            f"questions, difference {one.difference:+.3f}, p = {one.p:.4f}: {verdict}"
        )
    return int(any(one.stands_out for one in found))


if __name__ == "__main__":
    sys.exit(main())
