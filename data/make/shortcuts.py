"""What could be guessed without reading: ``python -m data.make.shortcuts [--families N] [--seed N]``.

A model that learns from examples learns whatever tells right from wrong, also what does so by accident: that the right
passage is the longest, that the answer stands in the first sentence, that the question's words are copied. Each figure
is what a rule of thumb alone reaches, or a linear model that sees the passage without the question, or the reverse.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean

from rank_bm25 import BM25Okapi
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from data.make.cut import words
from data.make.examples import Example, make_examples


def shortcuts(examples: Sequence[Example]) -> dict[str, float]:
    """The share of lists that each rule of thumb gets right, and where answers stand (0 begins, 1 ends the passage).

    ``nothing here by overlap``: how often an answered question shares a larger part of its words with its passage than
    an unanswered one does (.5 tells nothing). ``nothing here by question``: how well the question's form alone tells
    answered from unanswered ones, as accuracy of each form's majority; ``share answered`` is what always saying
    "answered" reaches.
    """
    answered = [item for item in examples if item.answer]
    ranked = _ranked(examples)
    places = [item.start / max(1, len(item.passage) - len(item.answer)) for item in answered]
    forms: dict[str, Counter[bool]] = {}
    for item in examples:
        forms.setdefault(item.form, Counter())[bool(item.answer)] += 1
    return {
        "lists": len(ranked),
        "chance": fmean(1 / (1 + len(item.negatives)) for item in ranked),
        "longest is right": fmean(_wins([len(text) for text in _texts(item)]) for item in ranked),
        "shortest is right": fmean(_wins([-len(text) for text in _texts(item)]) for item in ranked),
        "most words of the question is right": fmean(_wins(_overlaps(item)) for item in ranked),
        "BM25 of passages is right": fmean(_wins(_bm25(item, headers=False)) for item in ranked),
        "BM25 with titles is right": fmean(_wins(_bm25(item, headers=True)) for item in ranked),
        "most digits is right": fmean(_wins([sum(map(str.isdigit, text)) for text in _texts(item)]) for item in ranked),
        "answer in the first fifth": fmean(place < 0.2 for place in places),
        "answer in the last fifth": fmean(place > 0.8 for place in places),
        "answer's middle place": sorted(places)[len(places) // 2],
        "answer's words in the question": fmean(
            len(words(item.answer) & words(item.question)) / max(1, len(words(item.answer))) for item in answered
        ),
        "nothing here by overlap": _above(
            [_shared(item) for item in answered], [_shared(item) for item in examples if not item.answer]
        ),
        "share answered": len(answered) / len(examples),
        "nothing here by question": sum(max(counts.values()) for counts in forms.values()) / len(examples),
        "question forms": len(forms),
    }


def blind(learned: Sequence[Example], tried: Sequence[Example]) -> dict[str, float]:
    """What linear models over words, taught on ``learned``, reach on ``tried`` when they see half of each example.

    ``passage alone is right``: the share of lists whose right passage is chosen without the question. ``nothing here by
    question words`` and ``by passage words``: the area under the ROC curve of answered against unanswered.
    """
    lists, trials = _ranked(learned), _ranked(tried)
    texts = [text for item in lists for text in (item.passage, *item.negatives[:2])]
    chosen = _taught(texts, [i % 3 == 0 for i in range(len(texts))])
    answered = [bool(item.answer) for item in tried]

    def told(part: Callable[[Example], str]) -> float:
        scores = _taught([part(item) for item in learned], [bool(item.answer) for item in learned])(
            [part(item) for item in tried]
        )
        return _above(
            [score for score, yes in zip(scores, answered, strict=True) if yes],
            [score for score, yes in zip(scores, answered, strict=True) if not yes],
        )

    return {
        "passage alone is right": fmean(_wins(chosen(_texts(item))) for item in trials),
        "nothing here by question words": told(lambda item: item.question),
        "nothing here by passage words": told(lambda item: item.passage),
    }


def _ranked(examples: Sequence[Example]) -> list[Example]:
    return [item for item in examples if item.answer and len(item.negatives) >= 5]


def _taught(texts: Sequence[str], labels: Sequence[bool]) -> Callable[[Sequence[str]], list[float]]:
    """A logistic regression over one and two words, every digit alike; returns what scores texts."""
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=3, preprocessor=lambda text: re.sub(r"\d", "0", text.lower())
    )
    model = LogisticRegression(C=3, max_iter=300, class_weight="balanced").fit(vectorizer.fit_transform(texts), labels)
    return lambda others: [float(score) for score in model.decision_function(vectorizer.transform(others))]


def _shared(item: Example) -> float:
    asked = words(item.question)
    return len(asked & words(item.passage)) / max(1, len(asked))


def _above(first: Sequence[float], second: Sequence[float]) -> float:
    """The area under the ROC curve: the chance that one of ``first`` lies above one of ``second``, ties count half."""
    ranks = rankdata([*first, *second])[: len(first)]
    return float((ranks.sum() - len(first) * (len(first) + 1) / 2) / (len(first) * len(second)))


def _texts(item: Example) -> list[str]:
    return [item.passage, *item.negatives]


def _wins(scores: Sequence[float]) -> float:
    """The chance that the first is picked among those that score highest."""
    best = max(scores)
    return float(scores[0] == best) / list(scores).count(best)


def _overlaps(item: Example) -> list[float]:
    asked = words(item.question)
    return [float(len(asked & words(text))) for text in _texts(item)]


def _bm25(item: Example, *, headers: bool) -> list[float]:
    texts = _texts(item)
    if headers:
        texts = [f"{h} {t}" for h, t in zip((item.header, *item.negative_headers), texts, strict=True)]
    index = BM25Okapi([text.lower().split() for text in texts])
    return [float(score) for score in index.get_scores(item.question.lower().rstrip("?").split())]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line above; one JSON object for all genres and one for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=4, help="of each genre")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    examples = make_examples(families=options.families, seed=options.seed)
    by_source: dict[str, list[Example]] = {"all": examples}
    for item in examples:
        by_source.setdefault(item.source, []).append(item)
    for source, items in sorted(by_source.items()):
        print(source, json.dumps({name: round(value, 3) for name, value in shortcuts(items).items()}))
    others = make_examples(families=options.families, seed=options.seed + 1)
    print("blind", json.dumps({name: round(value, 3) for name, value in blind(others, examples).items()}))


if __name__ == "__main__":
    main()
