"""The measures of an order, by question: recall, precision, MRR, nDCG, MAP (by ir-measures, as trec_eval defines them).

A golden by page asks for pages, but a stage orders passages. Each relevant page counts once, at its first passage
(recall, MRR, nDCG, MAP: a second passage of the page takes a place and gains nothing); precision@k counts every passage
that lies on a relevant page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk
from rag.measure.goldens import Golden

DEPTHS = (1, 3, 5, 10, 20, 100)
_IR_MEASURES = {f"recall@{k}": f"R@{k}" for k in DEPTHS} | {"mrr": "RR", "ndcg@10": "nDCG@10", "map@10": "AP@10"}
_IR_PRECISION = {"precision@1": "P@1", "precision@5": "P@5"}


def stage_values(goldens: Sequence[Golden], ranked: Sequence[Sequence[Chunk]]) -> dict[str, NDArray[np.float64]]:
    """Each measure's (questions,) values for one stage's passages, best first.

    Names: recall@k, hit@k (any of the evidence within the first k), precision@1 and @5, mrr, ndcg@10, map@10.
    """
    once, every, grades_once, grades_every = {}, {}, {}, {}
    hits = {f"hit@{k}": np.zeros(len(goldens)) for k in DEPTHS}
    for i, (golden, chunks) in enumerate(zip(goldens, ranked, strict=True)):
        grades, keys = golden.grades, [golden.key_of(chunk) for chunk in chunks]
        seen: dict[str, int] = {}
        # trec_eval sorts by score and knows no ranks: −rank is a score without ties.
        for rank, key in enumerate(keys, start=1):
            seen.setdefault(key, rank)
        once[str(i)] = {key: -float(rank) for key, rank in seen.items()} | {
            f"{rank} again": -float(rank) for rank, key in enumerate(keys, start=1) if seen[key] != rank
        }
        every[str(i)] = {str(rank): -float(rank) for rank in range(1, len(keys) + 1)}
        grades_once[str(i)] = grades
        relevant = [rank for rank, key in enumerate(keys, start=1) if key in grades]
        grades_every[str(i)] = {str(rank): 1 for rank in relevant} or {"none": 1}
        for k in DEPTHS:
            hits[f"hit@{k}"][i] = bool(relevant) and relevant[0] <= k
    values = _ir_measures(_IR_MEASURES, grades_once, once) | _ir_measures(_IR_PRECISION, grades_every, every)
    return values | hits


def evidence_values(goldens: Sequence[Golden], given: Sequence[Sequence[Chunk]]) -> dict[str, NDArray[np.float64]]:
    """Each measure's (questions,) values for the passages that answers are written from, whole as they are: hit (any
    of the evidence), recall (the share of it), ndcg (at 10), and precision (the share of the passages that are)."""
    values = stage_values(goldens, given)
    rows = list(zip(goldens, given, strict=True))
    right = [sum(golden.key_of(chunk) in golden.grades for chunk in chunks) for golden, chunks in rows]
    sizes = [max(1, len(chunks)) for chunks in given]
    return {
        "hit": values[f"hit@{DEPTHS[-1]}"],
        "recall": values[f"recall@{DEPTHS[-1]}"],
        "ndcg": values["ndcg@10"],
        "precision": np.array(right) / np.array(sizes),
    }


def _ir_measures(
    names: Mapping[str, str], grades: Mapping[str, Mapping[str, int]], runs: Mapping[str, Mapping[str, float]]
) -> dict[str, NDArray[np.float64]]:
    import ir_measures

    ours = {ir_measures.parse_measure(theirs): name for name, theirs in names.items()}
    values = {name: np.zeros(len(grades)) for name in names}
    for row in ir_measures.pytrec_eval.iter_calc(list(ours), grades, runs):
        values[ours[row.measure]][int(row.query_id)] = row.value
    return values


def document_hits(goldens: Sequence[Golden], ranked: Sequence[Sequence[Chunk]]) -> dict[str, NDArray[np.float64]]:
    values = {f"document-hit@{k}": np.zeros(len(goldens)) for k in DEPTHS}
    for i, (golden, chunks) in enumerate(zip(goldens, ranked, strict=True)):
        wanted = {document for document, _ in golden.relevant}
        first = next((rank for rank, chunk in enumerate(chunks, start=1) if chunk.document_name in wanted), None)
        for k in DEPTHS:
            values[f"document-hit@{k}"][i] = first is not None and first <= k
    return values


def first_rank(golden: Golden, chunks: Iterable[Chunk]) -> int | None:
    grades = golden.grades
    return next((rank for rank, chunk in enumerate(chunks, start=1) if golden.key_of(chunk) in grades), None)
