"""What people said of answers and passages becomes a dataset: goldens to measure with, lists to learn from.

A mark on a passage is taken at its word. A thumb speaks of an answer, so it counts for the cited passages with less
weight. Passages that stood high and were not marked are learned from as probably no evidence (`judged_list` in
rag/learn/signal_lists.py): nobody said so, but most of them are not. Clicks and rephrasings are counted on the Insights
page and not learned from: people click on what stands first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from ingest.documents import Chunk
from ingest.language.words import words
from ingest.protocols import Journal
from ingest.questions import AskedQuestion
from rag.learn.export import in_utc
from rag.measure.goldens import Golden
from rag.ranking import Candidate, Ranking
from rag.tracing import Trace, trace_from_json

THUMB_WEIGHT = 0.5


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


def judged_questions(
    asked: Iterable[AskedQuestion], trace_of: Callable[[AskedQuestion], Mapping[str, Any]] = attrgetter("trace")
) -> Iterator[JudgedQuestion]:
    """Every question with a mark or a telling thumb, newest first; the same words asked again are one question.

    trace_of: reads a question's trace when its turn comes, so that those of one question at a time are in memory; left
    out, they come with the questions.
    """
    same: dict[str, list[AskedQuestion]] = defaultdict(list)
    for row in sorted(asked, key=lambda row: in_utc(row.asked_at), reverse=True):
        if row.marks or row.thumb:
            same[" ".join(words(row.question, characters=False))].append(row)
    for rows in same.values():
        traces = [trace_of(row) for row in rows]
        kept = [(row, trace_from_json(trace)) for row, trace in zip(rows, traces, strict=True) if trace.get("stages")]
        judged = _judged([row for row, _ in kept], [trace for _, trace in kept]) if kept else None
        if judged and judged.judgements:
            yield judged


def journal_judged(journal: Journal) -> Iterator[JudgedQuestion]:
    """The judged questions of a journal, the traces of one at a time."""
    return judged_questions(journal.questions(judged=True), lambda row: journal.trace(row.id))


def with_evidence(judged: Iterable[JudgedQuestion]) -> list[tuple[Golden, Trace]]:
    """The judged questions that something relevant is known of, as the verdict takes them: their orders, with whatever
    is not relevant as one nameless passage, so that those of a thousand questions fit in memory."""
    return [(golden := row.golden, _of_relevant(row.trace, golden)) for row in judged if row.positives]


_NAMELESS = Candidate(
    chunk=Chunk(id="", document_id="", document_name="", position=0, page=0, section="", text=""),
)


def _of_relevant(trace: Trace, golden: Golden) -> Trace:
    grades = golden.grades

    def bare(ranking: Ranking) -> Ranking:
        relevant = (candidate if golden.key_of(candidate.chunk) in grades else _NAMELESS for candidate in ranking)
        return Ranking(candidates=tuple(relevant))

    steps = tuple(replace(step, ranking=bare(step.ranking)) for step in trace.steps)
    return replace(trace, steps=steps, evidence=bare(trace.evidence))


def _judged(rows: Sequence[AskedQuestion], traces: Sequence[Trace]) -> JudgedQuestion:
    chunks = _chunks(rows, traces)
    judgements = _marked(rows, chunks)
    judgements |= {key: row for key, row in _thumbed(rows, chunks).items() if key not in judgements}
    trace = max(traces, key=lambda trace: len(judgements.keys() & _ids(trace)))
    return JudgedQuestion(
        question=rows[0].question,
        ids=tuple(row.id for row in rows),
        asked_at=in_utc(rows[0].asked_at),
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
            votes[mark.chunk_id].append((in_utc(mark.at or row.asked_at), mark.relevant))
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
