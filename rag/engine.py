"""The way of a question, top to bottom: retrieve → fuse → fast → gate → precise → answer → record."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Generator_
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingest.documents import Query, Status
from ingest.errors import GeneratorFailed, QuestionRefused
from ingest.protocols import Embedder, Index, Journal, Store
from ingest.questions import AskedQuestion, Signal
from rag import policies
from rag.answer.cite import CitationFilter, cite
from rag.answer.extract import extract
from rag.answer.prompt import answer_prompt, says_not_found
from rag.answer.protocol import Generator, Turn
from rag.answer.rewrite import standalone
from rag.cascade import Stage, gated, rerank
from rag.fuse import LinearFusion, reciprocal_ranks
from rag.named_documents import named_documents
from rag.ranking import Ranking, merged
from rag.refuse import Calibration
from rag.rerank.protocol import Reranker
from rag.retrieve import retrieve
from rag.tracing import Answer, Outcome, Step, Trace, answer_to_json, trace_to_json

log = logging.getLogger(__name__)

LONGEST_QUESTION = 8_000  # characters; more is a document, not a question (fault 24)
REPHRASED_WITHIN_S = 60.0

Fusion = Literal["learned", "rrf"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one question may be asked with, and by default the settings' group [ranking]. Sizes count passages.

    A new option is one line here: the settings, their page, their documentation and `eval --compare` read it.
    """

    retrieve: Annotated[int, Field(ge=1, le=1000, description="Candidates from each of dense and BM25.")] = 100
    fusion: Annotated[Fusion, Field(description="How first-stage signals become one order.")] = "learned"
    fast: Annotated[str, Field(description="Reranker of the fast stage, or `none`.")] = "late-interaction"
    fast_keep: Annotated[int, Field(ge=1, le=200, description="How many the fast stage passes on.")] = 20
    precise: Annotated[str, Field(description="Reranker of the precise stage, or `none`.")] = "builtin"
    evidence: Annotated[int, Field(ge=1, le=20, description="How many passages the answer is made from.")] = 5
    gate_margin: Annotated[float | None, Field(description="Lead of the first that spares the precise stage.")] = None
    budget_ms: Annotated[float | None, Field(gt=0, description="Then the precise stage stops reading.")] = None
    timeout_s: Annotated[float, Field(gt=0, description="Seconds after which a reranker is given up.")] = 10.0
    fold_duplicates: Annotated[bool, Field(description="Near-duplicates count once in the evidence.")] = True
    diversity: Annotated[float, Field(ge=0, le=1, description="MMR: 0 orders by score, 1 by difference alone.")] = 0.0
    per_document: Annotated[int | None, Field(ge=1, description="Most evidence passages of one document.")] = None
    score_cache: Annotated[bool, Field(description="Never pay twice for the same question and passage.")] = True
    answer_threshold: Annotated[float | None, Field(ge=0, le=1, description="Below it: not in the documents.")] = None
    signals: Annotated[bool, Field(description="Record clicks and quick rephrasings as weak signals.")] = True


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything the engine is made of. Concrete classes are named in app/wiring.py only."""

    embedder: Embedder
    store: Store
    journal: Journal
    dense: Index
    bm25: Index
    fusion: Callable[[], LinearFusion]
    reranker: Callable[[str, Options], Reranker]
    score_sentences: Callable[[str, Sequence[str]], NDArray[np.float64]]
    calibration: Calibration | None = None
    generator: Generator | None = None
    precise_version: Callable[[], str] = lambda: "shipped"


class AskStream:
    """An answer that streams when iterated: text pieces first, `answer` and `record_id` afterwards.

    The question is on record before the first piece, so that a closed tab leaves an interrupted answer, not a hole.
    """

    def __init__(
        self,
        *,
        trace: Trace,
        record_id: str,
        conversation_id: str,
        pieces: Callable[[], Generator_[str, None, Answer]],
    ) -> None:
        self.trace = trace
        self.record_id = record_id
        self.conversation_id = conversation_id
        self._pieces = pieces()
        self._answer: Answer | None = None

    def __iter__(self) -> Iterator[str]:
        self._answer = yield from self._pieces

    @property
    def answer(self) -> Answer:
        """The whole answer; runs what is left of the stream first."""
        if self._answer is None:
            for _ in self:
                pass
        assert self._answer is not None
        return self._answer


class Engine:
    """One per process. Thread-safe: it keeps no state of a question."""

    def __init__(self, parts: Parts, options: Options) -> None:
        self.parts = parts
        self.options = options

    def reranker(self, name: str) -> Reranker:
        """The reranker of that name as questions use it."""
        return self.parts.reranker(name, self.options)

    def retrieve(
        self,
        question: str,
        *,
        collections: Sequence[str] = (),
        document_ids: Sequence[str] = (),
        options: Options | None = None,
        searched: str | None = None,
    ) -> Trace:
        """Rank passages for a question; no language model is called.

        searched: what is looked for in the question's place (a follow-up made whole). Empty `collections` and
        `document_ids` mean everything. Raises QuestionRefused for an empty or far too long question.
        """
        chosen = options or self.options
        question = checked(question)
        query = Query(
            text=searched or question,
            encoded=self.parts.embedder.encode_question(searched or question),
            collections=tuple(collections),
            document_ids=tuple(document_ids),
        )
        found = retrieve(
            query,
            indexes=(self.parts.bm25, self.parts.dense),
            store=self.parts.store,
            limit=chosen.retrieve,
            named=() if document_ids else named_documents(query.text, self.parts.store.documents(), collections),
        )
        fusion = self.parts.fusion()  # once: what is promoted meanwhile counts from the next question on
        hybrid = self._fuse(query, found, chosen, fusion)
        fast = rerank(self._stage("fast", "late", chosen, fusion), query, hybrid.ranking)
        passed = policies.fold_duplicates(fast.ranking) if chosen.fold_duplicates else policies.unchanged(fast.ranking)
        precise_stage = self._stage("precise", "cross-encoder", chosen, fusion)
        precise = gated(replace(fast, ranking=passed.ranking), precise_stage, chosen.gate_margin, chosen.fast_keep)
        if precise is None:
            precise = rerank(precise_stage, query, passed.ranking, cut=chosen.fast_keep)
        precise = replace(precise, note=" ".join(filter(None, (passed.note, precise.note))))
        evidence, note = self._chosen_evidence(precise.ranking, chosen)
        steps = (*found, hybrid, fast, replace(precise, note=" ".join(filter(None, (precise.note, note)))))
        return Trace(
            question=question,
            searched=query.text,
            steps=steps,
            evidence=evidence,
            configuration=asdict(chosen)
            | {"collections": list(collections), "document_ids": list(document_ids)}
            | {"fusion_version": fusion.version, "precise_version": self.parts.precise_version()},
            warnings=tuple(f"{step.name}: {step.note}" for step in steps if step.degraded),
        )

    def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        collections: Sequence[str] = (),
        document_ids: Sequence[str] = (),
        options: Options | None = None,
        history: Sequence[Turn] = (),
    ) -> AskStream:
        """Rank, then answer. Ranking is done when this returns; iterate the result for the answer's pieces.

        history: earlier turns that are not on record here (a chat that another program keeps).
        """
        chosen = options or self.options
        question = checked(question)
        conversation_id = conversation_id or uuid.uuid4().hex
        earlier = self.parts.journal.questions(conversation_id=conversation_id, newest_first=False)
        turns = [Turn(question=row.question, answer=str(row.answer.get("text", ""))) for row in earlier]
        turns = [*history, *turns]
        searched = standalone(question, turns, self.parts.generator)
        trace = self.retrieve(
            question, collections=collections, document_ids=document_ids, options=chosen, searched=searched
        )
        record = AskedQuestion(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id,
            asked_at=datetime.now(UTC),
            question=question,
            outcome=Outcome.INTERRUPTED.value,
            total_ms=trace.total_ms,
            trace=trace_to_json(trace, texts=chosen.fast_keep),
            answer=answer_to_json(Answer(text="", outcome=Outcome.INTERRUPTED)),
            configuration=dict(trace.configuration),
        )
        self.parts.journal.record(record)
        if chosen.signals and earlier and _rephrased(earlier[-1], record):
            self.parts.journal.signal(Signal(question_id=earlier[-1].id, kind="rephrase", at=record.asked_at))
        return AskStream(
            trace=trace,
            record_id=record.id,
            conversation_id=conversation_id,
            pieces=lambda: self._answer(trace, record, turns, chosen),
        )

    def answer(self, trace: Trace, *, options: Options | None = None) -> Answer:
        """The answer to a ranked question, not put on record: what an evaluation measures."""
        started = time.perf_counter()
        pieces = self._said(trace, (), options or self.options)
        while True:
            try:
                next(pieces)
            except StopIteration as end:
                answer: Answer = end.value
                return replace(answer, ms=(time.perf_counter() - started) * 1000)

    def _fuse(self, query: Query, found: Sequence[Step], options: Options, fusion: LinearFusion) -> Step:
        started = time.perf_counter()
        union = merged(step.ranking for step in found)
        if options.fusion == "rrf":
            ranking = union.reordered("hybrid", reciprocal_ranks(union, ("bm25", "dense")))
        else:
            ranking = fusion.reorder("hybrid", query.text, union)
        return Step(
            name="hybrid",
            ms=(time.perf_counter() - started) * 1000,
            ranking=ranking,
            model="rrf" if options.fusion == "rrf" else f"fusion {fusion.version}",
        )

    def _stage(self, name: str, signal: str, options: Options, fusion: LinearFusion) -> Stage:
        reranker = options.fast if name == "fast" else options.precise
        built_in = reranker in ("late-interaction", "builtin") and options.fusion == "learned"
        return Stage(
            name=name,
            reranker_name=reranker,
            make=lambda: self.parts.reranker(reranker, options),
            signal=signal,
            fusion=fusion if built_in else None,
            timeout_s=options.timeout_s,
        )

    def _chosen_evidence(self, ranking: Ranking, options: Options) -> tuple[Ranking, str]:
        notes: list[str] = []
        if options.per_document:
            capped = policies.per_document_cap(ranking, options.per_document)
            ranking, notes = capped.ranking, [*notes, capped.note]
        if options.diversity:
            diverse = policies.mmr(ranking, options.diversity, options.evidence)
            ranking, notes = diverse.ranking, [*notes, diverse.note]
        return ranking.top(options.evidence), " ".join(filter(None, notes))

    def _answer(
        self, trace: Trace, record: AskedQuestion, history: Sequence[Turn], options: Options
    ) -> Generator_[str, None, Answer]:
        started = time.perf_counter()
        answer = Answer(text="", outcome=Outcome.INTERRUPTED)
        try:
            answer = yield from self._said(trace, history, options)
        finally:
            # Also when the reader of the stream goes away: what was said so far is on record as interrupted.
            answer = replace(answer, ms=(time.perf_counter() - started) * 1000)
            self.parts.journal.record(
                replace(
                    record,
                    outcome=answer.outcome.value,
                    answer=answer_to_json(answer),
                    total_ms=trace.total_ms + answer.ms,
                )
            )
            log.info("question %s: %s in %.0f ms", record.id, answer.outcome.value, trace.total_ms + answer.ms)
        return answer

    def _said(self, trace: Trace, history: Sequence[Turn], options: Options) -> Generator_[str, None, Answer]:
        """The answer's pieces as they come; returns the whole answer."""
        if not any(document.status == Status.READY for document in self.parts.store.documents()):
            return Answer(text="", outcome=Outcome.NO_DOCUMENTS)
        confidence = self.parts.calibration.probability(trace) if self.parts.calibration else None
        threshold = options.answer_threshold
        if threshold is None and self.parts.calibration:
            threshold = self.parts.calibration.threshold
        chunks = trace.evidence.chunks
        if not chunks or (confidence is not None and threshold is not None and confidence < threshold):
            return Answer(text="", outcome=Outcome.NOT_IN_DOCUMENTS, confidence=confidence)
        if self.parts.generator is None:
            return (yield from self._quoted(trace, confidence, ""))
        prompt = answer_prompt(trace.question, chunks, history)
        checked_text = CitationFilter(len(chunks))
        stream = self.parts.generator.stream(prompt)
        failure = ""
        try:
            for piece in stream:
                if passed := checked_text.feed(piece):
                    yield passed
        except GeneratorFailed as error:
            failure = str(error)
        finally:
            stream.close()
        if rest := checked_text.close():
            yield rest
        if failure and not checked_text.text.strip():
            return replace((yield from self._quoted(trace, confidence, failure)), outcome=Outcome.MODEL_UNAVAILABLE)
        outcome = Outcome.NOT_IN_DOCUMENTS if says_not_found(checked_text.text) else Outcome.ANSWERED
        return Answer(
            text=checked_text.text,
            outcome=Outcome.INTERRUPTED if failure else outcome,
            citations=cite(checked_text.text, chunks),
            generator=self.parts.generator.name,
            prompt=prompt.text(),
            removed_citations=checked_text.removed,
            confidence=confidence,
            tokens=dict(stream.tokens),
            message=failure,
        )

    def _quoted(self, trace: Trace, confidence: float | None, message: str) -> Generator_[str, None, Answer]:
        answer = extract(trace.searched, trace.evidence.chunks, self.parts.score_sentences)
        if answer.text:
            yield answer.text
        return replace(answer, confidence=confidence, message=message)


def retrieve_again(engine: Engine, before: Trace, options: Options | None = None) -> Trace:
    """Rank a recorded question anew, as it was searched then and in the collections and documents it was asked in."""
    return engine.retrieve(
        before.question,
        collections=tuple(before.configuration.get("collections") or ()),
        document_ids=tuple(before.configuration.get("document_ids") or ()),
        options=options,
        searched=before.searched,
    )


def checked(question: str) -> str:
    """The question without surrounding white space. Raises QuestionRefused when it is empty or far too long."""
    question = question.replace("\0", "").strip()
    if not question:
        raise QuestionRefused("Type a question first.")
    if len(question) > LONGEST_QUESTION:
        raise QuestionRefused(
            f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} can be searched. "
            "Ask a shorter one, or add the text to the library as a file."
        )
    return question


def _rephrased(before: AskedQuestion, now: AskedQuestion) -> bool:
    """Asked again within a minute, sharing half of the words: the first answer did not do."""
    if (now.asked_at - before.asked_at).total_seconds() > REPHRASED_WITHIN_S:
        return False
    first, second = set(before.question.lower().split()), set(now.question.lower().split())
    return len(first & second) * 2 >= min(len(first), len(second))
