"""What people said of answers and passages becomes a dataset: goldens to measure with, lists to learn from.

A mark on a passage is taken at its word. A thumb speaks of an answer, so it counts for the cited passages with less
weight. Passages that stood high and were not marked are learned from as probably no evidence (`judged_list` in
rag/promotion.py): nobody said so, but most of them are not. Clicks and rephrasings are counted on the Insights page
and not learned from: people click on what stands first.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ingest.documents import AskedQuestion, Chunk
from rag.goldens import Golden
from rag.tracing import Trace, trace_from_json

THUMB_WEIGHT = 0.5
SAME_QUESTION = 0.5  # Jaccard overlap of the content words from which two questions count as paraphrases
SAME_MEANING = 0.85  # cosine of the questions' vectors from which they do

_WORD = re.compile(r"\w+")
_COMMON = frozenset(
    "a an and are as at be by can could did do does for from had has have how i if in is it its of on or our shall"
    " should tell me that the their there this to us was we were what when where which who why will with would you"
    " your".split()
)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is believed of one passage for one question. `weight` in 0..1 is how sure; `source` is "mark" or "thumb";
    `votes` counts the marks that say so minus those that say the opposite."""

    chunk: Chunk
    relevant: bool
    weight: float
    source: str
    votes: int = 1


@dataclass(frozen=True, kw_only=True)
class JudgedQuestion:
    """A question with every judgement of it, over all times that it was asked. `trace` is the newest of those that
    hold most of what was marked (a library that was indexed anew knows its passages by new ids)."""

    question: str
    ids: tuple[str, ...]
    asked_at: datetime
    judgements: tuple[Judgement, ...]
    trace: Trace

    @property
    def positives(self) -> tuple[Judgement, ...]:
        return tuple(judgement for judgement in self.judgements if judgement.relevant)

    @property
    def marks(self) -> int:
        """Passages that a person judged one by one."""
        return sum(judgement.source == "mark" for judgement in self.judgements)

    @property
    def precise_version(self) -> str:
        """The precise model that made the recorded order."""
        return str(self.trace.configuration.get("precise_version", "shipped"))

    @property
    def golden(self) -> Golden:
        """The question with its positive passages as evidence, by passage id."""
        pages = dict.fromkeys((row.chunk.document_name, row.chunk.page) for row in self.positives)
        return Golden(
            question=self.question,
            id=self.ids[0],
            relevant=tuple(pages),
            chunks=tuple((row.chunk.id, 1) for row in self.positives),
        )

    @property
    def page_golden(self) -> Golden:
        """The same by page: what still holds after the files were indexed anew."""
        return replace(self.golden, chunks=())


def judged_questions(asked: Iterable[AskedQuestion]) -> list[JudgedQuestion]:
    """Every question with a mark or a telling thumb, newest first; the same words asked again are one question."""
    same: dict[str, list[AskedQuestion]] = defaultdict(list)
    for row in asked:
        if (row.marks or row.thumb) and row.trace.get("stages"):
            same[" ".join(_WORD.findall(row.question.lower()))].append(row)
    judged = [_judged(sorted(rows, key=lambda row: _utc(row.asked_at), reverse=True)) for rows in same.values()]
    return sorted((row for row in judged if row.judgements), key=lambda row: row.asked_at, reverse=True)


def with_evidence(judged: Iterable[JudgedQuestion]) -> list[tuple[Golden, Trace]]:
    """The judged questions that something relevant is known of, as the verdict and the evaluation take them."""
    return [(row.golden, row.trace) for row in judged if row.positives]


def _judged(rows: Sequence[AskedQuestion]) -> JudgedQuestion:
    traces = [trace_from_json(row.trace) for row in rows]
    chunks = _chunks(rows, traces)
    judgements = _marked(rows, chunks)
    judgements |= {key: row for key, row in _thumbed(rows, chunks).items() if key not in judgements}
    trace = max(traces, key=lambda trace: len(judgements.keys() & _ids(trace)))
    return JudgedQuestion(
        question=rows[0].question,
        ids=tuple(row.id for row in rows),
        asked_at=_utc(rows[0].asked_at),
        judgements=tuple(judgements.values()),
        trace=trace,
    )


def _ids(trace: Trace) -> set[str]:
    return {chunk.id for step in trace.steps for chunk in step.ranking.chunks}


def _chunks(rows: Sequence[AskedQuestion], traces: Sequence[Trace]) -> dict[str, Chunk]:
    """Every passage that a mark can mean; one that no trace holds any more is known by its mark only."""
    found: dict[str, Chunk] = {}
    for trace in traces:
        for step in trace.steps:
            for chunk in step.ranking.chunks:
                if not found.get(chunk.id) or not found[chunk.id].text:
                    found[chunk.id] = chunk
    for row in rows:
        for mark in row.marks:
            if mark.chunk_id not in found:
                found[mark.chunk_id] = Chunk(
                    id=mark.chunk_id,
                    document_id="",
                    document_name=mark.document,
                    position=0,
                    page=mark.page,
                    section="",
                    text="",
                )
    return found


def _marked(rows: Sequence[AskedQuestion], chunks: Mapping[str, Chunk]) -> dict[str, Judgement]:
    """Marks that disagree: the more frequent one holds, and among equally frequent ones the newest."""
    votes: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    for row in rows:
        for mark in row.marks:
            votes[mark.chunk_id].append((_utc(mark.at or row.asked_at), mark.relevant))
    judgements = {}
    for chunk_id, said in votes.items():
        balance = sum(1 if relevant else -1 for _, relevant in said)
        relevant = balance > 0 if balance else max(said)[1]
        judgements[chunk_id] = Judgement(
            chunk=chunks[chunk_id], relevant=relevant, weight=1.0, source="mark", votes=abs(balance)
        )
    return judgements


def _thumbed(rows: Sequence[AskedQuestion], chunks: Mapping[str, Chunk]) -> dict[str, Judgement]:
    """A thumb up vouches for the cited passages; a thumb down speaks against them only as "wrong source"."""
    judgements: dict[str, Judgement] = {}
    for row in rows:
        if not row.thumb or (row.thumb.value < 0 and "wrong source" not in row.thumb.reasons):
            continue
        for citation in row.answer.get("citations", ()):
            if citation["chunk_id"] in chunks:
                judgement = Judgement(
                    chunk=chunks[citation["chunk_id"]],
                    relevant=row.thumb.value > 0,
                    weight=THUMB_WEIGHT,
                    source="thumb",
                )
                judgements.setdefault(judgement.chunk.id, judgement)
    return judgements


def paraphrase_groups(
    questions: Sequence[str], encode: Callable[[Sequence[str]], NDArray[np.float32]] | None = None
) -> NDArray[np.int64]:
    """(n,) group numbers: questions that share most content words, or mean the same, are in one group.

    Groups are connected components, so a chain of paraphrases stays together. encode: texts → (n, d) L2-normalised
    vectors; without it only words are compared.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    if not questions:
        return np.zeros(0, dtype=np.int64)
    words = [set(_WORD.findall(question.lower())) for question in questions]
    words = [found - _COMMON or found for found in words]
    column = {word: i for i, word in enumerate(sorted(set().union(*words)))}
    cells = [(row, column[word]) for row, found in enumerate(words) for word in found]
    rows, columns = zip(*cells, strict=True) if cells else ((), ())
    held = csr_matrix((np.ones(len(cells)), (rows, columns)), shape=(len(words), max(1, len(column))))
    shared = (held @ held.T).tocoo()
    sizes = np.array([len(found) for found in words])
    near = shared.data >= SAME_QUESTION * (sizes[shared.row] + sizes[shared.col] - shared.data)
    links = csr_matrix((near[near], (shared.row[near], shared.col[near])), shape=(len(words), len(words)))
    if encode is not None:
        vectors = np.asarray(encode(questions))
        links = links + csr_matrix(vectors @ vectors.T >= SAME_MEANING)
    _, groups = connected_components(links, directed=False)
    return np.asarray(groups, dtype=np.int64)


def folds(groups: NDArray[np.int64], count: int, seed: int = 0) -> NDArray[np.int64]:
    """(n,) fold numbers 0..count-1, groups kept whole, folds as even as a seeded greedy fill makes them."""
    rng = np.random.default_rng(seed)
    names, sizes = np.unique(groups, return_counts=True)
    order = rng.permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled = np.zeros(count)
    fold_of = {}
    for i in order.tolist():
        fold = int(np.argmin(filled))
        fold_of[int(names[i])] = fold
        filled[fold] += sizes[i]
    return np.array([fold_of[int(group)] for group in groups], dtype=np.int64)


_COLUMNS = (
    "question_id asked_at question outcome kind thumb reasons comment relevant chunk_id document page rank marked_at"
).split()


def export_jsonl(asked: Iterable[AskedQuestion]) -> str:
    """One judged question a line, with thumb, marks, every stage's rank of the marked passages and configuration."""
    return "".join(json.dumps(_exported(row), ensure_ascii=False) + "\n" for row in asked if row.marks or row.thumb)


def _exported(row: AskedQuestion) -> dict[str, object]:
    thumb = row.thumb
    return {
        "id": row.id,
        "conversation_id": row.conversation_id,
        "asked_at": _utc(row.asked_at).isoformat(),
        "question": row.question,
        "outcome": row.outcome,
        "answer": row.answer.get("text", ""),
        "thumb": thumb
        and {"value": thumb.value, "reasons": list(thumb.reasons), "comment": thumb.comment, "at": _iso(thumb.at)},
        "marks": [
            {
                "chunk_id": mark.chunk_id,
                "document": mark.document,
                "page": mark.page,
                "relevant": mark.relevant,
                "ranks": _ranks(row, mark.chunk_id),
                "at": _iso(mark.at),
            }
            for mark in row.marks
        ],
        "configuration": row.configuration,
    }


def export_csv(asked: Iterable[AskedQuestion]) -> str:
    """A row per mark and per thumb. Cells that a spreadsheet would run as a formula are led by an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in asked:
        common = {
            "question_id": row.id,
            "asked_at": _utc(row.asked_at).isoformat(),
            "question": row.question,
            "outcome": row.outcome,
        }
        if row.thumb:
            thumb = {"kind": "thumb", "thumb": row.thumb.value, "comment": row.thumb.comment}
            thumb |= {"reasons": "; ".join(row.thumb.reasons), "marked_at": _iso(row.thumb.at)}
            writer.writerow(_harmless(common | thumb))
        for mark in row.marks:
            cells = {"kind": "mark", "relevant": int(mark.relevant), "chunk_id": mark.chunk_id, "page": mark.page}
            cells |= {"document": mark.document, "marked_at": _iso(mark.at)}
            ranks = _ranks(row, mark.chunk_id)
            cells |= {"rank": list(ranks.values())[-1] if ranks else ""}
            writer.writerow(_harmless(common | cells))
    return out.getvalue()


def _harmless(cells: Mapping[str, object]) -> dict[str, object]:
    """See OWASP, "CSV injection": questions and comments come from outside."""
    return {
        name: f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
        for name, value in cells.items()
    }


def _ranks(row: AskedQuestion, chunk_id: str) -> dict[str, int]:
    return {
        stage["name"]: place["rank"]
        for stage in row.trace.get("stages", ())
        for place in stage["ranking"]
        if place["chunk_id"] == chunk_id
    }


def _utc(at: datetime) -> datetime:
    """SQLite gives back times without a zone; ours are UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _iso(at: datetime | None) -> str:
    return _utc(at).isoformat() if at else ""
