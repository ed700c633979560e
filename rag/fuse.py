"""Several signals of one candidate become one score: reciprocal rank fusion, or a learned weighted sum.

Signals come on scales that cannot be compared (a BM25 sum, a cosine, a logit), so the weighted sum takes each one
standardised over the candidates of this question. The weights are few, which is why a person's own thumbs can
move them (see rag/learn/fusion_weights.py).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import regex
from numpy.typing import NDArray

from ingest.language.words import numbers
from ingest.language.words import words as words_of
from rag.ranking import Candidate, Ranking
from rag.stages import RETRIEVERS

RRF_K = 60  # Cormack, Clarke, Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet …"

_PART = regex.compile(r"\d+(?:\.\d+)?|\D+")  # "10k" of a title is the 10 and the k of "10-K"
_YEAR = regex.compile(r"(?:19|20)\d\d")
_SHORT_YEAR = regex.compile(r"(?:fy|cy|[1-4]q|q[1-4])\s?['’]?(\d\d)(?!\d)", regex.IGNORECASE)
_HIRAGANA = regex.compile(r"\p{Hiragana}+")  # two of them are an ending or a particle, and stand in every question
_COMPUTED = {"rrf", "title", "numbers", "document", "page"}  # signals that no stage scores
# Too common in questions and in titles to say which document is meant.
_COMMON = frozenset(
    "a an and are as at be by did do does for from had has have how if in is it its of on or our report the their this"
    " to was we were what when where which who why will with would you your annual company inc corp".split()
)


def reciprocal_ranks(ranking: Ranking, stages: Sequence[str]) -> NDArray[np.float64]:
    """(n,) RRF score: the sum of 1 / (60 + rank) over the stages that found the candidate."""
    return np.array(
        [sum(1.0 / (RRF_K + mark.rank) for mark in candidate.marks if mark.stage in stages) for candidate in ranking]
    )


def by_words(ranking: Ranking) -> NDArray[np.float64]:
    """(n,) BM25's own scores; what it did not find stands below, in the order given."""
    values = stage_scores(ranking, "bm25")
    return np.where(np.isnan(values), np.nanmin(values) - 1, values)


def standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) zero mean and unit variance over the candidates; all zeros when they do not differ.

    A missing value (NaN) counts as the lowest present one: the index that did not return the passage
    would have ranked it below all that it did return.
    """
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros_like(values)
    filled = np.where(np.isnan(values), present.min(), values)
    spread = filled.std()
    return (filled - filled.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def stage_scores(ranking: Ranking, stage: str) -> NDArray[np.float64]:
    """(n,) the stage's own scores, NaN where it gave none."""
    marks = [candidate.mark(stage) for candidate in ranking]
    return np.array([mark.score if mark else np.nan for mark in marks])


def words(text: str) -> list[str]:
    """Words and numbers of a question or title, in any script, without case and accents; where no spaces are set,
    pairs of characters. "FY2018", "FY18" and "Q3'18" all give the year 2018."""
    whole = [word for word in words_of(text, characters=False) if not _HIRAGANA.fullmatch(word)]
    return [part for word in whole for part in _PART.findall(word)] + _years(text)


def _years(text: str) -> list[str]:
    return [*_YEAR.findall(text), *(f"20{year}" for year in _SHORT_YEAR.findall(text))]


def title_matches(question: str, titles: Sequence[str]) -> NDArray[np.float64]:
    """(n,) how well each candidate's document title is named by the question, rare words counting more.

    Words that fewer of the distinct titles hold weigh more (log inverse document frequency). Two or three
    adjacent question words also match a title word that joins them ("Best Buy" and BESTBUY_2023.pdf).
    """
    asked = [word for word in words(question) if word not in _COMMON]
    joined = {"".join(asked[i : i + n]) for n in (2, 3) for i in range(len(asked) - n + 1)}
    wanted = set(asked) | joined
    matched = {title: wanted & _title_words(title) for title in set(titles)}
    held = Counter(word for found in matched.values() for word in found)
    weight = {word: float(np.log1p(len(matched) / count)) for word, count in held.items()}
    return np.array([sum(weight[word] for word in matched[title]) for title in titles])


def number_matches(question: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """(n,) the share of the question's numbers and years that the passage (with its header) holds exactly."""
    wanted = {*numbers(question), *_years(question)}
    if not wanted:
        return np.zeros(len(texts))
    return np.array([len(wanted & {*numbers(text), *_years(text)}) / len(wanted) for text in texts])


@lru_cache(maxsize=10_000)
def _title_words(title: str) -> frozenset[str]:
    return frozenset(words(title))


def vouching(ranking: Ranking, scores: NDArray[np.float64], key: str, best: int = 3) -> NDArray[np.float64]:
    """(n,) for each candidate the sum of the `best` highest scores among candidates of the same document or page.

    key: "document" or "page". Several passages of one place vouch for each other; scores are shifted to be ≥ 0.
    """
    shifted = scores - scores.min() if len(scores) else scores
    groups: dict[tuple[str, int], list[float]] = defaultdict(list)
    keys = [_place(candidate, key) for candidate in ranking]
    for place, score in zip(keys, shifted.tolist(), strict=True):
        groups[place].append(score)
    sums = {place: sum(sorted(values, reverse=True)[:best]) for place, values in groups.items()}
    return np.array([sums[place] for place in keys])


def _part(candidate: Candidate, name: str) -> float:
    """The raw signal as the latest stage that knew it kept it, NaN where none did."""
    return next((mark.parts[name] for mark in reversed(candidate.marks) if name in mark.parts), np.nan)


def _place(candidate: Candidate, key: str) -> tuple[str, int]:
    chunk = candidate.chunk
    return (chunk.document_id, chunk.page if key == "page" else 0)


@dataclass(frozen=True, kw_only=True)
class LinearFusion:
    """A stage's score as a weighted sum of standardised signals.

    weights: stage → signal → weight. A signal without a weight is not used. `version` names where they came from.
    """

    weights: Mapping[str, Mapping[str, float]]
    version: str

    def signals(
        self, stage: str, question: str, ranking: Ranking, scores: Mapping[str, NDArray[np.float64]]
    ) -> dict[str, NDArray[np.float64]]:
        """Each signal's (n,) raw values for this stage, in the ranking's order; `scores` adds the stage's own."""
        wanted = [name for name, weight in self.weights.get(stage, {}).items() if weight]
        stages = {mark.stage for candidate in ranking for mark in candidate.marks}.intersection(wanted)
        found = {name: stage_scores(ranking, name) for name in sorted(stages)}
        # A stage's raw signal stays among its mark's parts, and so is there for the stages after it.
        found |= {
            name: np.array([_part(candidate, name) for candidate in ranking])
            for name in wanted
            if name not in found and name not in scores and name not in _COMPUTED
        }
        found |= {name: values for name, values in scores.items() if name in wanted}
        # Reading every passage's text costs milliseconds, so what has no weight is not computed.
        if "rrf" in wanted:
            found["rrf"] = reciprocal_ranks(ranking, RETRIEVERS)
        if "title" in wanted:
            found["title"] = title_matches(question, [chunk.title or chunk.document_name for chunk in ranking.chunks])
        if "numbers" in wanted:
            found["numbers"] = number_matches(question, [chunk.headed_text for chunk in ranking.chunks])
        if "document" in wanted or "page" in wanted:
            base = sum(
                (self.weights[stage][name] * standardised(values) for name, values in found.items()),
                start=np.zeros(len(ranking)),
            )
            places = {"document": 5, "page": 2}
            found |= {name: vouching(ranking, base, name, best) for name, best in places.items() if name in wanted}
        return found

    def matrix(
        self, stage: str, question: str, ranking: Ranking, scores: Mapping[str, NDArray[np.float64]]
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Signal names and their standardised values (n, signals): what learning fits the weights on."""
        found = self.signals(stage, question, ranking, scores)
        columns = [standardised(values) for values in found.values()]
        return tuple(found), np.stack(columns, axis=1) if columns else np.zeros((len(ranking), 0))

    def reorder(
        self,
        stage: str,
        question: str,
        ranking: Ranking,
        scores: Mapping[str, NDArray[np.float64]] | None = None,
    ) -> Ranking:
        """The ranking by this stage's weighted sum; every mark keeps the raw signals it was made of as `parts`."""
        if not len(ranking):
            return ranking
        raw = self.signals(stage, question, ranking, scores or {})
        total = np.zeros(len(ranking))
        for name, values in raw.items():
            total += self.weights[stage][name] * standardised(values)
        parts = [
            {name: float(values[i]) for name, values in raw.items() if not np.isnan(values[i])}
            for i in range(len(ranking))
        ]
        return ranking.reordered(stage, total, parts)

    def to_json(self) -> dict[str, object]:
        return {"version": self.version, "weights": {stage: dict(row) for stage, row in self.weights.items()}}


def read_fusion(path: Path) -> LinearFusion:
    """Weights from a JSON file of the shape that `LinearFusion.to_json` gives."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return LinearFusion(weights=data["weights"], version=data["version"])
