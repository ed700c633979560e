"""The way of a question through the real engine: outcomes, the evidence given, policies, fallbacks, the record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.application import Application
from app.settings import read_settings
from app.wiring import open_application
from ingest.errors import RerankerFailed
from ingest.read.passages import SUFFIX
from rag.answer.endpoint import ChatEndpoint
from rag.answer.generate import OpenAIGenerator
from rag.answer.prompt import NOT_FOUND
from rag.engine import Engine, Options
from rag.refuse import Calibration
from rag.rerank.protocol import Scores
from rag.tracing import Outcome, answer_from_json, trace_from_json
from tests.fakes.llm_server import WRONG_NUMBERS, LlmServer, Refuse, Say

QUESTION = "How is the valve of reactor seven opened?"
TEXTS = {
    "valve.txt": "The valve of reactor seven is opened by turning the brass wheel four times to the left.",
    "copy.txt": "The valve of reactor seven is opened by turning the brass wheel four times to the left!",
    "pump.txt": "The pump of reactor seven is greased with white oil every second Monday.",
    "gate.txt": "The gate of the harbour closes at nine in the evening, and at ten in summer.",
    "bread.txt": "Bread is baked at night and sold at six in the morning.",
    "tower.txt": "The tower of reactor nine was painted green after the valve had been replaced.",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    application = open_application(read_settings(home=tmp_path_factory.mktemp("engine")))
    for name, text in TEXTS.items():
        assert application.library.wait_for(application.library.add(text.encode(), name).document.id).status == "ready"
    yield application
    application.close()


# Documents of several passages. The lamp's second says nearly what its first says.
ISLAND = {
    "lamp": [
        "The lamp of the Skarn lighthouse is lit at dusk by the keeper, who climbs 90 steps with a can of oil.",
        "The lamp of the Skarn lighthouse is lit at dusk by the keeper, who climbs 95 steps with a can of oil.",
        "The Skarn lighthouse lamp shines white towards the sea and red towards the reef.",
        "When fog hides the Skarn lighthouse, the keeper sounds a horn every minute.",
    ],
    "keeper": [
        "The keeper of the Skarn lighthouse lights the lamp an hour early in December.",
        "The keeper's house has two rooms and a stove.",
    ],
}
LIT = "Who lights the lamp of the Skarn lighthouse at dusk?"


@pytest.fixture
def island(app: Application) -> Iterator[str]:
    """The collection of the documents of several passages, which is gone afterwards."""
    ids = []
    for name, texts in ISLAND.items():
        rows = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        ids.append(app.library.add(rows.encode(), name + SUFFIX, collection="island").document.id)
        assert app.library.wait_for(ids[-1]).status == "ready"
    yield "island"
    for document_id in ids:
        app.library.delete(document_id)


def engine(app: Application, server: LlmServer | None = None, **parts: object) -> Engine:
    if server:
        parts["generator"] = OpenAIGenerator(
            ChatEndpoint(model="test", key=SecretStr("sk-secret"), base_url=server.url), retries=0
        )
    return Engine(replace(app.engine.parts, calibration=None, **parts), app.engine.options)


def options(app: Application, **changed: object) -> Options:
    return replace(app.engine.options, score_cache=False, **changed)


def test_the_model_is_given_exactly_the_evidence_that_is_shown(app: Application) -> None:
    with LlmServer(Say("Four turns to the left [1].")) as server:
        stream = engine(app, server).ask(QUESTION)
        assert "".join(stream) == "Four turns to the left [1]."
        sent = server.requests[0].body["messages"][-1]["content"]
    shown = stream.trace.evidence.chunks
    assert [sent.index(chunk.text) for chunk in shown] == sorted(sent.index(chunk.text) for chunk in shown)
    assert all(text not in sent for text in TEXTS.values() if text not in {chunk.text for chunk in shown})
    assert stream.answer.prompt.endswith(QUESTION) or QUESTION in stream.answer.prompt
    kept = app.journal.question(stream.record_id)
    assert [c.chunk.id for c in trace_from_json(kept.trace).evidence] == [chunk.id for chunk in shown]
    assert answer_from_json(kept.answer).citations[0].chunk_id == shown[0].id


def test_a_citation_that_was_not_given_is_removed_and_counted(app: Application) -> None:
    with LlmServer(WRONG_NUMBERS) as server:
        answer = engine(app, server).ask(QUESTION, options=options(app, evidence=3)).answer
    assert answer.removed_citations >= 2
    assert "[7]" not in answer.text
    assert "[8]" not in answer.text
    assert {citation.number for citation in answer.citations} <= {1, 2, 3}


def test_a_model_that_finds_nothing_and_one_that_fails_have_different_outcomes(app: Application) -> None:
    with LlmServer(Say(NOT_FOUND)) as server:
        assert engine(app, server).ask(QUESTION).answer.outcome is Outcome.NOT_IN_DOCUMENTS
    with LlmServer(Refuse(500)) as server:
        answer = engine(app, server).ask(QUESTION).answer
    assert answer.outcome is Outcome.MODEL_UNAVAILABLE
    assert "four times to the left" in answer.text


def test_below_the_threshold_nothing_is_answered_and_no_model_is_called(app: Application) -> None:
    never = Calibration(
        names=("logit_lead",), means=(0.0,), spreads=(1.0,), weights=(0.0,), intercept=-9.0, threshold=0.5
    )
    with LlmServer(Say("never")) as server:
        asked = engine(app, server)
        asked = Engine(replace(asked.parts, calibration=never), asked.options)
        stream = asked.ask(QUESTION)
        answer = stream.answer
        assert not server.requests
    assert answer.outcome is Outcome.NOT_IN_DOCUMENTS
    assert answer.confidence is not None
    assert answer.confidence < 0.01
    assert len(stream.trace.evidence)  # the nearest passages are still shown
    assert Engine(asked.parts, asked.options).ask(QUESTION, options=options(app, answer_threshold=0.0)).answer.text


def test_an_answer_whose_reader_goes_away_is_on_record_as_interrupted(app: Application) -> None:
    with LlmServer(Say("Four turns to the left [1]. " * 20)) as server:
        stream = engine(app, server).ask(QUESTION)
        pieces = iter(stream)
        next(pieces)
        pieces.close()
    assert app.journal.question(stream.record_id).outcome == "interrupted"


def test_a_follow_up_is_made_whole_and_shown(app: Application) -> None:
    with LlmServer(Say("How often is the pump of reactor seven greased?"), Say("Mondays [1].")) as server:
        asked = engine(app, server)
        first = engine(app).ask("Which pump has reactor seven?")
        assert first.answer
        stream = asked.ask("And how often is it greased?", conversation_id=first.conversation_id)
        assert stream.answer
    assert stream.trace.question == "And how often is it greased?"
    assert stream.trace.searched == "How often is the pump of reactor seven greased?"
    assert stream.trace.evidence.chunks[0].document_name == "pump.txt"


def test_near_duplicates_are_folded_and_it_is_said(app: Application) -> None:
    folded = engine(app).retrieve(QUESTION, options=options(app, fold_duplicates=True))
    loose = engine(app).retrieve(QUESTION, options=options(app, fold_duplicates=False))
    names = [[chunk.document_name for chunk in trace.evidence.chunks[:2]] for trace in (folded, loose)]
    assert set(names[1]) == {"valve.txt", "copy.txt"}
    assert len({"valve.txt", "copy.txt"} & set(names[0])) == 1
    folding = folded.step("folding")
    assert "1 near-duplicate passage folded" in folding.note
    assert folding.intake - len(folding.ranking) == 1


def test_the_gate_skips_the_precise_stage_and_says_by_how_much(app: Application) -> None:
    trace = engine(app).retrieve(QUESTION, options=options(app, gate_margin=0.0))
    assert trace.step("precise").scored == 0
    assert trace.step("precise").note == trace.step("gate").note
    assert "skipped" in trace.step("gate").note


def test_a_cap_and_diversity_change_the_evidence_and_are_noted(app: Application) -> None:
    capped = engine(app).retrieve(QUESTION, options=options(app, per_document=1))
    assert len({chunk.document_id for chunk in capped.evidence.chunks}) == len(capped.evidence.chunks)
    diverse = engine(app).retrieve(QUESTION, options=options(app, diversity=0.7, evidence=2))
    plain = engine(app).retrieve(QUESTION, options=options(app, evidence=2))
    assert diverse.step("diversity").note.startswith("Diversity 0.7 changed")
    assert diverse.evidence.chunks == diverse.step("diversity").ranking.chunks[:2] != plain.evidence.chunks
    assert diverse.step("precise").ranking.chunks == plain.step("precise").ranking.chunks  # the stage's own order stays


def test_a_cap_leaves_the_best_of_each_document_as_evidence_and_counts_the_others(
    app: Application, island: str
) -> None:
    plain = engine(app).retrieve(LIT, collections=[island], options=options(app, evidence=6)).evidence.chunks
    capped = engine(app).retrieve(LIT, collections=[island], options=options(app, evidence=6, per_document=2))
    best = [[chunk for chunk in plain if chunk.document_name == name + SUFFIX][:2] for name in ISLAND]
    assert len(plain) == 6
    assert capped.step("document cap").note == "2 passages left out: at most 2 of one document."
    assert capped.evidence.chunks == [chunk for chunk in plain if any(chunk in two for two in best)]


def test_diversity_puts_another_passage_in_the_place_of_one_that_says_the_same(app: Application, island: str) -> None:
    plain = engine(app).retrieve(LIT, collections=[island], options=options(app, evidence=2))
    diverse = engine(app).retrieve(LIT, collections=[island], options=options(app, evidence=2, diversity=0.6))
    assert {chunk.text for chunk in plain.evidence.chunks} == set(ISLAND["lamp"][:2])
    assert diverse.evidence.chunks[0] == plain.evidence.chunks[0]
    assert diverse.evidence.chunks[1].text not in ISLAND["lamp"][:2]
    assert diverse.step("diversity").note == "Diversity 0.6 changed 1 of the first 2 places."
    assert len(diverse.step("diversity").ranking) == 6  # moved, not left out


def test_a_paid_score_is_not_paid_again(app: Application) -> None:
    cached = replace(app.engine.options, score_cache=True)
    engine(app).retrieve("Where is bread sold in the morning?", options=cached)
    again = engine(app).retrieve("Where is bread sold in the morning?", options=cached).step("precise")
    assert again.scored == 0
    assert engine(app).retrieve("Where is bread sold in the morning?", options=options(app)).step("precise").scored


class Broken:
    name, fingerprint, listwise = "broken", "broken@1", False

    def score(self, *_: object) -> Scores:
        raise RerankerFailed("broken: the server at example.org answered 503.")


def test_a_reranker_that_fails_leaves_the_fast_order_and_says_so(app: Application) -> None:
    good = app.engine.parts.reranker

    def reranker(name: str, chosen: Options):
        return Broken() if name == "builtin" else good(name, chosen)

    trace = engine(app, reranker=reranker).retrieve(QUESTION, options=options(app, fold_duplicates=False))
    fast, precise = trace.step("fast"), trace.step("precise")
    assert precise.degraded
    assert "answered 503" in precise.note
    assert [c.chunk.id for c in precise.ranking] == [c.chunk.id for c in fast.ranking][: len(precise.ranking)]
    assert all(candidate.mark("precise") is None for candidate in precise.ranking)
    assert any("answered 503" in warning for warning in trace.warnings)


def test_stages_can_be_switched_off_and_rrf_put_in_the_fusions_place(app: Application) -> None:
    trace = engine(app).retrieve(QUESTION, options=options(app, fast="none", precise="none", fusion="rrf"))
    assert [step.model for step in trace.stages[2:]] == ["rrf", "none", "none"]
    assert trace.evidence.chunks[0].document_name in ("valve.txt", "copy.txt")


def test_only_the_chosen_documents_and_collections_are_searched(app: Application) -> None:
    pump = next(row.id for row in app.store.documents() if row.name == "pump.txt")
    trace = engine(app).retrieve(QUESTION, document_ids=[pump])
    assert {chunk.document_name for step in trace.steps for chunk in step.ranking.chunks} == {"pump.txt"}
    assert not len(engine(app).retrieve(QUESTION, collections=["nowhere"]).evidence)


def test_everything_asked_is_on_record_with_its_configuration(app: Application) -> None:
    stream = engine(app).ask(QUESTION, options=options(app, evidence=2))
    assert stream.answer.text
    kept = app.journal.question(stream.record_id)
    assert (kept.question, kept.outcome) == (QUESTION, "answered")
    assert kept.configuration["evidence"] == 2
    assert kept.configuration["fusion_version"]
    assert kept.configuration["precise_version"] == "shipped"
    assert kept.total_ms > 0
    assert [stage["name"] for stage in kept.trace["stages"]] == ["bm25", "dense", "hybrid", "fast", "precise"]
