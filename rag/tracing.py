"""What happened to a question, step by step: drawn by the page, kept in SQL, printed by the CLI, read by eval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ingest.block_json import block_from_json, block_to_json, box_from_json, box_to_json
from ingest.documents import Chunk
from rag.ranking import Candidate, Mark, Ranking
from rag.stages import EVIDENCE, Kind, kind_of


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: what it ordered, how long it took in milliseconds, and what a reader should know of it.

    A ranking holds **all** that a stage ordered, including what the next one drops; a policy's is what it left,
    preparation has none. `intake` counts the passages that the step was given, `scored` the pairs that the stage's
    model really read (cache hits are not counted). `model` names the reranker, weights or index that did the work.
    `degraded` is true when the stage could not do its work and the previous order stands; `note` then says why.
    `starts_from` names the stage that its order is compared with, "" for the one before it.
    """

    name: str
    kind: Kind
    ms: float
    ranking: Ranking = field(default_factory=Ranking)
    intake: int = 0
    starts_from: str = ""
    note: str = ""
    scored: int = 0
    model: str = ""
    degraded: bool = False
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A question's way through retrieval and reranking. `searched` is the question as it was searched (after
    a rewrite with the conversation); `evidence` is the final few, exactly what the generator was given. `wall_ms` is
    the time from the question to the evidence on the clock; indexes are searched side by side, so that it can be less
    than the steps together."""

    question: str
    searched: str
    steps: tuple[Step, ...] = ()
    evidence: Ranking = field(default_factory=Ranking)
    configuration: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()
    wall_ms: float | None = None

    @property
    def total_ms(self) -> float:
        """Milliseconds on the clock; those of the steps together where it was not looked at."""
        return sum(step.ms for step in self.steps) if self.wall_ms is None else self.wall_ms

    @property
    def stages(self) -> tuple[Step, ...]:
        """The steps that order passages by a score of their own, the last being the final order before the policies
        that choose the evidence from it."""
        return tuple(step for step in self.steps if step.kind in (Kind.RETRIEVAL, Kind.FUSION, Kind.RERANK))

    @property
    def order(self) -> Ranking:
        """The final order that the evidence was cut from, as the policies before the cut left it."""
        orders = [step.ranking for step in self.steps if step.kind is not Kind.PREPARATION and step.name != EVIDENCE]
        return orders[-1] if orders else Ranking()

    @property
    def rerankers(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind is Kind.RERANK)

    @property
    def fusion(self) -> Step | None:
        """The order that reranking begins with."""
        return next((step for step in self.steps if step.kind is Kind.FUSION), None)

    def start_of(self, stage: Step) -> Step | None:
        """The earlier stage whose order this one's is compared with; None for an index, which starts from nothing."""
        if stage.kind is Kind.RETRIEVAL:
            return None
        if stage.starts_from:
            return self.step(stage.starts_from)
        names = [step.name for step in self.stages]
        place = names.index(stage.name)
        return self.stages[place - 1] if place else None

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)


class Outcome(StrEnum):
    """How a question ended. "Not in the documents" and "something failed" are different values."""

    ANSWERED = "answered"
    NOT_IN_DOCUMENTS = "not_in_documents"
    NO_DOCUMENTS = "no_documents"
    MODEL_UNAVAILABLE = "model_unavailable"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Citation:
    """`number` is what stands in the answer as [1]; it is the 1-based place in `Trace.evidence`.

    `sentences` are the sentences of that passage that support it, word for word, where known.
    """

    number: int
    chunk_id: str
    document: str
    page: int
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer as shown. `removed_citations` counts numbers that the model wrote but was never given.

    `confidence` is the calibrated probability in 0..1 that the best evidence answers the question, or None
    where nothing is calibrated. `prompt` is exactly what the generator was sent ("" for extraction).
    """

    text: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    generator: str = ""
    prompt: str = ""
    removed_citations: int = 0
    confidence: float | None = None
    ms: float = 0.0
    tokens: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    message: str = ""


def trace_to_json(trace: Trace, *, texts: int = 0, places: bool = True) -> dict[str, Any]:
    """The trace as JSON values: the CLI's contract, and what SQL keeps.

    `stages` holds the orders of retrieval, fusion and reranking. `steps` is the whole way with its times; where a
    policy changed the order before it, `order` holds the ids that it left. texts: for how many of the last stage's
    best the passage text is kept beside the evidence's (the rest can be looked up by id while the document is there).
    A candidate that a stage did not score has `score` None. places: whether each row of an order says its rank,
    document and page as well, which a reader wants and a record need not repeat.
    """
    with_text = {c.chunk.id for c in trace.evidence}
    if trace.stages:
        with_text |= {c.chunk.id for c in trace.stages[-1].ranking.top(texts)}
    passages: dict[str, Any] = {}
    for step in trace.steps:
        for candidate in step.ranking:
            if candidate.chunk.id not in passages:
                passages[candidate.chunk.id] = _chunk_to_json(candidate.chunk, candidate.chunk.id in with_text)
    return {
        "question": trace.question,
        "searched": trace.searched,
        "stages": [_stage_to_json(step, places) for step in trace.stages],
        "steps": _steps_to_json(trace.steps),
        "evidence": [candidate.chunk.id for candidate in trace.evidence],
        "passages": passages,
        "configuration": dict(trace.configuration),
        "warnings": list(trace.warnings),
        "total_ms": round(trace.total_ms, 3),
    }


def figures_of(trace: Trace) -> dict[str, Any]:
    """What the Insights page counts of a trace, as JSON values; kept beside it, so that no trace is read for a figure.

    ms: milliseconds of each step. Where fusion and a reranker both ordered something: `lifts`, for each evidence
    passage its rank after fusion − its rank after the last reranker, and `new_first`, whether the first one changed.
    """
    figures: dict[str, Any] = {"ms": {step.name: round(step.ms, 3) for step in trace.steps}}
    before, after = _last_places(trace, Kind.FUSION), _last_places(trace, Kind.RERANK)
    if before and after:
        ids = [candidate.chunk.id for candidate in trace.evidence]
        figures["lifts"] = [before[i] - after[i] for i in ids if i in before and i in after]
        figures["new_first"] = next(iter(before)) != next(iter(after))
    return figures


def _last_places(trace: Trace, kind: Kind) -> dict[str, int]:
    """Chunk id → rank in the last order of that kind, best first."""
    orders = [step.ranking for step in trace.stages if step.kind is kind and len(step.ranking)]
    return {candidate.chunk.id: rank for rank, candidate in enumerate(orders[-1], start=1)} if orders else {}


def _steps_to_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    rows = []
    before: list[str] = []
    for step in steps:
        row: dict[str, Any] = {
            "name": step.name,
            "kind": step.kind.value,
            "ms": round(step.ms, 3),
            "note": step.note,
            "in": step.intake,
            "out": len(step.ranking),
        }
        ids = [candidate.chunk.id for candidate in step.ranking]
        if step.kind is Kind.POLICY and ids != before:
            row["order"] = ids
        if step.kind is not Kind.PREPARATION:
            before = ids
        rows.append(row)
    return rows


def _stage_to_json(step: Step, places: bool) -> dict[str, Any]:
    rows = []
    for rank, candidate in enumerate(step.ranking, start=1):
        mark = candidate.mark(step.name)
        row: dict[str, Any] = {"rank": rank} if places else {}
        row["chunk_id"] = candidate.chunk.id
        if places:
            row |= {"document": candidate.chunk.document_name, "page": candidate.chunk.page}
        row["score"] = round(mark.score, 6) if mark else None
        if mark and mark.parts:
            row["parts"] = {name: round(value, 6) for name, value in mark.parts.items()}
        rows.append(row)
    return {
        "name": step.name,
        "kind": step.kind.value,
        "starts_from": step.starts_from,
        "ms": round(step.ms, 3),
        "note": step.note,
        "model": step.model,
        "scored": step.scored,
        "degraded": step.degraded,
        "details": dict(step.details),
        "ranking": rows,
    }


def _chunk_to_json(chunk: Chunk, with_text: bool) -> dict[str, Any]:
    row = {
        "document_id": chunk.document_id,
        "document": chunk.document_name,
        "position": chunk.position,
        "page": chunk.page,
        "section": chunk.section,
        "title": chunk.title,
        "collection": chunk.collection,
    }
    if with_text:
        row |= {
            "text": chunk.text,
            "boxes": [box_to_json(box) for box in chunk.boxes],
            "blocks": [block_to_json(block) for block in chunk.blocks],
        }
    return row


def trace_from_json(data: Mapping[str, Any]) -> Trace:
    """The inverse of `trace_to_json`; passages whose text was not kept come back with text "" and no boxes.

    Traces that were recorded when only stages were have no other steps.
    """
    chunks = {
        chunk_id: Chunk(
            id=chunk_id,
            document_id=row["document_id"],
            document_name=row["document"],
            position=row["position"],
            page=row["page"],
            section=row["section"],
            text=row.get("text", ""),
            title=row.get("title", ""),
            collection=row.get("collection", ""),
            boxes=tuple(map(box_from_json, row.get("boxes", ()))),
            blocks=tuple(map(block_from_json, row.get("blocks", ()))),
        )
        for chunk_id, row in data["passages"].items()
    }
    known: dict[str, Candidate] = {}
    stages = {row["name"]: row for row in data["stages"]}
    steps: list[Step] = []
    before = Ranking()
    for row in data.get("steps") or data["stages"]:
        if row["name"] in stages:
            step = _stage_from_json(stages[row["name"]], chunks, known)
            step = replace(step, intake=row.get("in", 0))
        else:
            kind = Kind(row["kind"])
            order = [known[chunk_id] for chunk_id in row["order"]] if "order" in row else before.candidates
            step = Step(
                name=row["name"],
                kind=kind,
                ms=row["ms"],
                note=row["note"],
                intake=row["in"],
                ranking=Ranking(candidates=tuple(order)) if kind is Kind.POLICY else Ranking(),
            )
        if step.kind is not Kind.PREPARATION:
            before = step.ranking
        steps.append(step)
    return Trace(
        question=data["question"],
        searched=data["searched"],
        steps=tuple(steps),
        evidence=Ranking(candidates=tuple(known[chunk_id] for chunk_id in data["evidence"])),
        configuration=MappingProxyType(dict(data["configuration"])),
        warnings=tuple(data["warnings"]),
        wall_ms=data["total_ms"],
    )


def _stage_from_json(data: Mapping[str, Any], chunks: Mapping[str, Chunk], known: dict[str, Candidate]) -> Step:
    """The stage, its marks added to what is `known` of each candidate from the stages before it."""
    ranked = []
    for rank, row in enumerate(data["ranking"], start=1):
        candidate = known.get(row["chunk_id"]) or Candidate(chunk=chunks[row["chunk_id"]])
        if row["score"] is not None:
            mark = Mark(
                stage=data["name"],
                rank=rank,
                score=row["score"],
                parts=MappingProxyType(row.get("parts", {})),
            )
            candidate = replace(candidate, marks=(*candidate.marks, mark))
        known[row["chunk_id"]] = candidate
        ranked.append(candidate)
    return Step(
        name=data["name"],
        kind=Kind(data["kind"]) if "kind" in data else kind_of(data["name"]),
        starts_from=data.get("starts_from", ""),
        ms=data["ms"],
        note=data["note"],
        model=data.get("model", ""),
        scored=data.get("scored", 0),
        degraded=data.get("degraded", False),
        details=MappingProxyType(data.get("details", {})),
        ranking=Ranking(candidates=tuple(ranked)),
    )


def answer_to_json(answer: Answer) -> dict[str, Any]:
    row = asdict(replace(answer, tokens={}))
    row["tokens"] = dict(answer.tokens)
    row["outcome"] = answer.outcome.value
    row["citations"] = [asdict(citation) for citation in answer.citations]
    return row


def answer_from_json(data: Mapping[str, Any]) -> Answer:
    values = dict(data)
    values["outcome"] = Outcome(values["outcome"])
    values["citations"] = tuple(
        Citation(**{**citation, "sentences": tuple(citation["sentences"])}) for citation in values["citations"]
    )
    return Answer(**values)
