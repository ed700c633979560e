from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.bench.peer import LangChainPipeline
from app.bench.speed import BenchReport, PeerReport, _until, run_bench
from ingest.embed.minilm import minilm_folder
from ingest.errors import SecondPassError
from rag.measure.report import Latency
from rag.rerank.builtin_weights import load_tokenizer, new_precise_model
from rag.rerank.extras import missing_extra
from rag.stages import Kind
from rag.tracing import Step
from tests.fakes.traces import trace


def report(peer: PeerReport | None) -> BenchReport:
    latency = Latency(p50=200.0, p95=300.0)
    return BenchReport(
        machine="x86_64, 2 cores, Python 3.11",
        files=3,
        pages=120,
        chunks=900,
        parse_pages_per_s=180.0,
        ingest_chunks_per_s=90.0,
        ingest_s=10.0,
        questions=30,
        orders_ms={"fast": latency, "precise": latency},
        question_ms=latency,
        steps_ms={"bm25": latency, "precise": latency},
        pairs_read=20.0,
        page_s=2.5,
        start_s=2.0,
        first_answer_s=3.0,
        memory_mb=700.0,
        peer=peer,
        peer_missing="" if peer else f"The comparison needs {missing_extra('bench')}.",
    )


def test_the_bench_prints_what_it_measured_and_writes_it_as_json() -> None:
    latency = Latency(p50=6000.0, p95=7000.0)
    peer = PeerReport(questions=10, candidates=200, latency_ms=latency, ours_ms=latency, ratio=30.0, same_first=0.9)
    text = report(peer).table()
    assert "30.0 times as fast" in text
    assert "180 pages/s" in text
    assert max(map(len, text.splitlines())) <= 120
    assert json.loads(json.dumps(report(peer).to_json()))["peer"]["ratio"] == 30.0


def test_without_langchain_the_bench_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "langchain-chroma" in report(None).table()
    monkeypatch.setitem(sys.modules, "langchain_chroma", None)
    with pytest.raises(SecondPassError, match="pip install langchain-classic"):
        LangChainPipeline(texts=["a"], vectors=np.ones((1, 384), np.float32), embedding=Path(), cross_encoder=Path())


def test_a_bench_without_questions_is_refused() -> None:
    with pytest.raises(SecondPassError, match="no question"):
        run_bench([], [])


def test_langchains_pipeline_over_our_passages_gives_the_best_few(tmp_path: Path) -> None:
    pytest.importorskip("langchain_chroma")
    pytest.importorskip("langchain_classic")
    new_precise_model().save_pretrained(tmp_path)
    load_tokenizer().save_pretrained(tmp_path)
    texts = [f"Shelf {i} holds the {thing}." for i, thing in enumerate("lamp radio globe clock vase chair".split())]
    vectors = np.eye(6, 384, dtype=np.float32)
    pipeline = LangChainPipeline(
        texts=texts, vectors=vectors, embedding=minilm_folder(), cross_encoder=tmp_path, candidates=4, top=3
    )
    found = pipeline.ask("Which shelf holds the globe?")
    assert len(found) == 3
    assert set(found) <= set(texts)


def test_the_time_to_an_order_leaves_out_what_came_after_it() -> None:
    asked = replace(trace("q", {"bm25": ["a:1"], "hybrid": ["a:1"], "fast": ["a:1"], "precise": ["a:1"]}), wall_ms=9.0)
    steps = tuple(replace(step, ms=ms) for step, ms in zip(asked.steps, (1.0, 1.0, 2.0, 4.0), strict=True))
    asked = replace(asked, steps=(*steps, Step(name="evidence", kind=Kind.POLICY, ms=0.5)))
    assert _until(asked, "precise") == 8.5
    assert _until(asked, "fast") == 4.5
