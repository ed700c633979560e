"""What a stage knew of one question's passages, as lists to learn from and to measure other weights on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk
from rag.fuse import standardised, vouching
from rag.learn.judged import JudgedQuestion
from rag.measure.goldens import Golden
from rag.ranking import Candidate, Mark, Ranking
from rag.tracing import Step, Trace

UNJUDGED = 0.02  # the relevance that a passage nobody judged is learned with: most are not evidence, some are
_VOUCHING = {"document": 5, "page": 2}  # how many best passages of a place vouch for it, as in rag/fuse.py


@dataclass(frozen=True, kw_only=True)
class SignalList:
    """What a stage knew of one question's passages, in the order it put them; n passages.

    signals: raw values by name, (n,), NaN where missing. documents, pages: (n,) where each passage lies. keys: (n,)
    what it counts as (its id, or its page), grades: key → relevance ≥ 1 of all that is known to be relevant.
    labels: (n,) relevance to learn from. texts: (n,) what a reranker reads, "" where it is not kept.
    """

    question: str
    signals: Mapping[str, NDArray[np.float64]]
    documents: tuple[str, ...]
    pages: tuple[int, ...]
    keys: tuple[str, ...]
    grades: Mapping[str, int]
    labels: NDArray[np.float64]
    texts: tuple[str, ...] = ()

    @property
    def ranking(self) -> Ranking:
        """The passages without their text: all that vouching asks of them."""
        places = zip(self.keys, self.documents, self.pages, strict=True)
        return Ranking(candidates=tuple(Candidate(chunk=_placed(*place)) for place in places))


def _placed(key: str, document: str, page: int) -> Chunk:
    return Chunk(id=key, document_id=document, document_name="", position=0, page=page, section="", text="")


def signal_list(
    golden: Golden, trace: Trace, stage: str, labels: Mapping[str, float] | None = None
) -> SignalList | None:
    """A stage's signals from the trace, or None where the stage made no weighted sum or holds nothing relevant.

    labels: chunk id → relevance to learn from; passages without one get UNJUDGED. Without `labels` the golden's
    grades are the labels.
    """
    step = trace.step(stage)
    grades = golden.grades
    rows = _fused(step) if step else []
    keys = tuple(golden.key_of(chunk) for chunk, _ in rows)
    if not any(key in grades for key in keys):
        return None
    names = sorted({name for _, mark in rows for name in mark.parts})
    if labels is None:
        relevance = [float(grades.get(key, 0)) for key in keys]
    else:
        relevance = [labels.get(chunk.id, UNJUDGED) for chunk, _ in rows]
    return SignalList(
        question=golden.question,
        signals={name: np.array([mark.parts.get(name, np.nan) for _, mark in rows]) for name in names},
        documents=tuple(chunk.document_id for chunk, _ in rows),
        pages=tuple(chunk.page for chunk, _ in rows),
        keys=keys,
        grades=grades,
        labels=np.array(relevance),
        texts=tuple(chunk.headed_text if chunk.text else "" for chunk, _ in rows),
    )


def _fused(step: Step) -> list[tuple[Chunk, Mark]]:
    """The passages that the stage scored by a weighted sum, in its order; none where it did not."""
    marks = [(candidate.chunk, mark) for candidate in step.ranking if (mark := candidate.mark(step.name))]
    return [] if step.degraded or not any(mark.parts for _, mark in marks) else marks


def judged_list(row: JudgedQuestion, stage: str) -> SignalList | None:
    """A judged question's list: what was judged by its weight, what was merely not marked as unjudged."""
    labels = {judgement.chunk.id: judgement.weight if judgement.relevant else 0.0 for judgement in row.judgements}
    return signal_list(row.golden, row.trace, stage, labels)


def signal_table(row: SignalList, weights: Mapping[str, float], names: Sequence[str]) -> NDArray[np.float64]:
    """(n, names) standardised signals as `LinearFusion.reorder` sums them; who vouches follows from `weights`."""
    count = len(row.keys)
    columns = {name: standardised(values) for name, values in row.signals.items() if name not in _VOUCHING}
    base = sum((weights.get(name, 0.0) * column for name, column in columns.items()), start=np.zeros(count))
    for name, best in _VOUCHING.items():
        if weights.get(name):
            columns[name] = standardised(vouching(row.ranking, base, name, best))
    return np.stack([columns.get(name, np.zeros(count)) for name in names], axis=1)


def reorder(row: SignalList, weights: Mapping[str, float]) -> NDArray[np.int64]:
    """(n,) places of the passages in the order that `weights` give, best first; ties keep the recorded order."""
    names = [name for name, weight in weights.items() if weight]
    total = signal_table(row, weights, names) @ np.array([weights[name] for name in names])
    return np.argsort(-total, kind="stable")


def ndcg(row: SignalList, weights: Mapping[str, float] | None = None, depth: int = 10) -> float:
    """nDCG at `depth` of the order that `weights` give (linear gains; each page or passage counts once).

    Without weights: of the recorded order.
    """
    seen: set[str] = set()
    gained = 0.0
    order = np.arange(len(row.keys)) if weights is None else reorder(row, weights)
    for rank, i in enumerate(order[:depth].tolist(), start=1):
        key = row.keys[i]
        if key in row.grades and key not in seen:
            seen.add(key)
            gained += row.grades[key] / np.log2(rank + 1)
    best = sorted(row.grades.values(), reverse=True)[:depth]
    return float(gained / sum(grade / np.log2(rank + 1) for rank, grade in enumerate(best, start=1)))


def write_signal_lists(lists: Sequence[SignalList], path: Path) -> None:
    """Keep lists as JSON lines (the shipped goldens' lists lie beside the fusion's weights). The first line holds the
    texts, each once, and the lists point into it."""
    texts = list(dict.fromkeys(text for row in lists for text in row.texts))
    place = {text: i for i, text in enumerate(texts)}
    rows: list[dict[str, Any]] = [{"texts": texts}]
    rows += [
        {
            "question": row.question,
            "signals": {name: _numbers(values) for name, values in row.signals.items()},
            "documents": row.documents,
            "pages": row.pages,
            "keys": row.keys,
            "grades": dict(row.grades),
            "labels": _numbers(row.labels),
            "texts": [place[text] for text in row.texts],
        }
        for row in lists
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 5) for value in values]


def read_signal_lists(path: Path) -> list[SignalList]:
    """The inverse of `write_signal_lists`; no lists where there is no such file."""
    if not path.is_file():
        return []
    first, *rows = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line)
    return [
        SignalList(
            question=row["question"],
            signals={name: np.array(values, dtype=np.float64) for name, values in row["signals"].items()},
            documents=tuple(row["documents"]),
            pages=tuple(row["pages"]),
            keys=tuple(row["keys"]),
            grades=row["grades"],
            labels=np.array(row["labels"], dtype=np.float64),
            texts=tuple(first["texts"][i] for i in row["texts"]),
        )
        for row in rows
    ]
