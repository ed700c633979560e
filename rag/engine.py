"""The way of a question, top to bottom: encode → retrieve → fuse → rerank in stages → choose → answer → record."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Generator_
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from ingest.documents import Query
from ingest.errors import GeneratorFailed, QuestionRefused, UnknownName
from ingest.language.words import words
from ingest.protocols import Embedder, Index, Journal, Store
from ingest.questions import AskedQuestion, Signal, well_formed
from rag import policies
from rag.answer.cite import CitationFilter, cite
from rag.answer.extract import extract
from rag.answer.prompt import answer_prompt, says_not_found
from rag.answer.protocol import Generator, Turn
from rag.answer.rewrite import standalone
from rag.cascade import policy, run_stages
from rag.fuse import LinearFusion, by_words, reciprocal_ranks
from rag.named_documents import named_documents
from rag.ranking import Ranking, merged
from rag.refuse import Calibration
from rag.rerank.protocol import Reranker
from rag.retrieve import retrieve
from rag.stages import (
    CAP,
    DIVERSITY,
    ENCODING,
    EVIDENCE,
    HYBRID,
    NAMED,
    RETRIEVERS,
    REWRITING,
    Kind,
    Stage,
    cascade,
    entries,
)
from rag.texts import RankedTexts, TokensOf, Unreadable, rank_texts
from rag.tracing import Answer, Outcome, Step, Trace, answer_to_json, figures_of, trace_to_json

log = logging.getLogger(__name__)
Value = TypeVar("Value")

LONGEST_QUESTION = 8_000  # characters; more is a document, not a question (fault 24)
REPHRASED_WITHIN_S = 60.0

Fusion = Literal["learned", "rrf"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a question finds its passages; sizes count passages.

    The settings' group [ranking], and what one question may be asked with. A new option is one line here: the settings,
    their page, their documentation and `eval --compare` read it. `fast`, `fast_keep` and `precise` are short for two
    stages; `stages` holds those that are added (rag/stages.py).
    """

    retrieve: Annotated[int, Field(ge=1, le=1000, description="Candidates from each of dense and BM25.")] = 100
    fusion: Annotated[Fusion, Field(description="How first-stage signals become one order.")] = "learned"
    fast: Annotated[str, Field(description="Reranker of the fast stage, or `none`.")] = "late-interaction"
    fast_keep: Annotated[int, Field(ge=1, le=200, description="How many the fast stage passes on.")] = 20
    precise: Annotated[str, Field(description="Reranker of the precise stage, or `none`.")] = "builtin"
    stages: Annotated[
        tuple[Stage, ...],
        BeforeValidator(entries),
        Field(description="Stages after these, each with name, reranker, reads and keeps; in the environment as JSON."),
    ] = ()
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

    @property
    def cascade(self) -> tuple[Stage, ...]:
        """Every reranking stage in the order in which they run. Raises SettingsError where one cannot be."""
        return cascade(
            fast=self.fast,
            fast_keep=self.fast_keep,
            precise=self.precise,
            added=self.stages,
            timeout_s=self.timeout_s,
            learned=self.fusion == "learned",
        )

    def with_stage(self, name: str, **changes: Any) -> Options:
        """The same with one stage changed; an added stage keeps its place. Raises UnknownName."""
        known = {stage.name: stage for stage in self.cascade}
        if name not in known:
            raise UnknownName("stage", name, list(known))
        added = {stage.name: stage for stage in self.stages} | {name: replace(known[name], **changes)}
        return replace(self, stages=tuple(added.values()))


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
    tokens_of: TokensOf
    calibration: Calibration | None = None
    generator: Generator | None = None
    precise_version: Callable[[], str] = lambda: "shipped"
    unreadable: Unreadable = lambda question, passages: ""


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

    def close(self) -> None:
        """Stop here: what was said so far is put on record, and the language model is let go."""
        self._pieces.close()

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

    def rank_texts(self, question: str, texts: Sequence[str], *, options: Options | None = None) -> RankedTexts:
        """Order texts that are in no library by the same stages. Raises QuestionRefused as `retrieve` does."""
        chosen = options or self.options
        return rank_texts(
            checked(question),
            texts,
            embedder=self.parts.embedder,
            tokens_of=self.parts.tokens_of,
            reranker=lambda name: self.parts.reranker(name, chosen),
            fusion=self.parts.fusion(),
            stages=chosen.cascade,
            unreadable=self.parts.unreadable,
        )

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
        return self._ranked(
            checked(question), searched, tuple(collections), tuple(document_ids), options or self.options, ()
        )

    def _ranked(
        self,
        question: str,
        searched: str | None,
        collections: tuple[str, ...],
        document_ids: tuple[str, ...],
        options: Options,
        before: tuple[Step, ...],
    ) -> Trace:
        """before: what was done to the question already, as a part of its way and of its time."""
        started = time.perf_counter()
        parts = self.parts
        text = searched or question
        encoded, encoding = _prepared(ENCODING, lambda: parts.embedder.encode_question(text))
        query = Query(text=text, encoded=encoded, collections=collections, document_ids=document_ids)
        named, naming = _prepared(
            NAMED, lambda: () if document_ids else named_documents(text, parts.store.ready_documents(), collections)
        )
        recall = retrieve(
            query, indexes=(parts.bm25, parts.dense), store=parts.store, limit=options.retrieve, named=named
        )
        hybrid, fusion = self._fuse(query, recall, options)
        reranking = run_stages(
            options.cascade,
            query,
            hybrid.ranking,
            lambda name: parts.reranker(name, options),
            fusion,
            fold=options.fold_duplicates,
            gate_margin=options.gate_margin,
        )
        choice = _choose_evidence(reranking[-1].ranking, options)
        steps = (*before, encoding, naming, *recall, hybrid, *reranking, *choice)
        return Trace(
            question=question,
            searched=text,
            steps=steps,
            evidence=choice[-1].ranking,
            configuration=asdict(options)
            | {"stages": [asdict(stage) for stage in options.cascade]}
            | {"collections": list(collections), "document_ids": list(document_ids)}
            | {"fusion_version": fusion.version, "precise_version": parts.precise_version()},
            warnings=tuple(f"{step.name}: {step.note}" for step in steps if step.degraded),
            wall_ms=sum(step.ms for step in before) + (time.perf_counter() - started) * 1000,
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
        searched, rewriting = _prepared(REWRITING, lambda: standalone(question, turns, self.parts.generator))
        before = (rewriting,) if turns else ()
        trace = self._ranked(question, searched, tuple(collections), tuple(document_ids), chosen, before)
        record = AskedQuestion(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id,
            asked_at=datetime.now(UTC),
            question=question,
            outcome=Outcome.INTERRUPTED.value,
            total_ms=trace.total_ms,
            trace=trace_to_json(trace, texts=len(trace.stages[-1].ranking), places=False),
            answer=answer_to_json(Answer(text="", outcome=Outcome.INTERRUPTED)),
            configuration=dict(trace.configuration),
            figures=figures_of(trace),
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

    def _fuse(self, query: Query, recall: Sequence[Step], options: Options) -> tuple[Step, LinearFusion]:
        """The merged order, and the weights that later stages use as well: what is promoted while a question is on its
        way counts from the next one on."""
        started = time.perf_counter()
        fusion = self.parts.fusion()
        union = merged(step.ranking for step in recall)
        words = next(step.ranking for step in recall if step.name == "bm25")
        note = self.parts.unreadable(query.text, [chunk.headed_text for chunk in words.chunks])
        if note and len(words):  # vectors of what a model cannot read are noise, and must not spoil the order by words
            ranking, model = union.reordered(HYBRID, by_words(union)), "bm25"
        elif options.fusion == "rrf":
            ranking, model = union.reordered(HYBRID, reciprocal_ranks(union, RETRIEVERS)), "rrf"
        else:
            ranking, model = fusion.reorder(HYBRID, query.text, union), f"fusion {fusion.version}"
        step = Step(
            name=HYBRID,
            kind=Kind.FUSION,
            ms=(time.perf_counter() - started) * 1000,
            ranking=ranking,
            intake=len(union),
            note=note,
            model=model,
        )
        return step, fusion

    def _answer(
        self, trace: Trace, record: AskedQuestion, history: Sequence[Turn], options: Options
    ) -> Generator_[str, None, Answer]:
        started = time.perf_counter()
        answer = Answer(text="", outcome=Outcome.INTERRUPTED)
        pieces = self._said(trace, history, options)
        try:
            while True:
                piece = next(pieces)
                answer = replace(answer, text=answer.text + piece)
                yield piece
        except StopIteration as end:
            answer = end.value  # what `_said` returns
            assert isinstance(answer, Answer)
        finally:
            # Also when the reader of the stream goes away: what was said so far is on record as interrupted.
            pieces.close()
            if answer.outcome is Outcome.INTERRUPTED and not answer.citations:
                answer = replace(answer, citations=cite(answer.text, trace.evidence.chunks))
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
        if not self.parts.store.has_ready_documents():
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
                if text := checked_text.feed(piece):
                    yield text
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


def _prepared(name: str, work: Callable[[], Value]) -> tuple[Value, Step]:
    """What `work` gives, and the step that says how long it took."""
    started = time.perf_counter()
    value = work()
    return value, Step(name=name, kind=Kind.PREPARATION, ms=(time.perf_counter() - started) * 1000)


def _choose_evidence(ranking: Ranking, options: Options) -> list[Step]:
    """The policies that choose from the final order, the last being the cut that leaves the evidence."""
    steps: list[Step] = []
    ranking = ranking.top(options.cascade[-1].keeps)
    if most := options.per_document:
        steps.append(policy(CAP, lambda order: policies.per_document_cap(order, most), ranking))
        ranking = steps[-1].ranking
    if options.diversity:
        steps.append(policy(DIVERSITY, lambda order: policies.mmr(order, options.diversity, options.evidence), ranking))
        ranking = steps[-1].ranking
    cut = policy(EVIDENCE, lambda order: policies.Applied(ranking=order.top(options.evidence)), ranking)
    return [*steps, cut]


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
    question = well_formed(question).strip()
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
    first, second = set(words(before.question)), set(words(now.question))
    return len(first & second) * 2 >= min(len(first), len(second))
