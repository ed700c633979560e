"""`second-pass bench`: how fast is it here? Reading, adding, asking, start, memory, and the same work in LangChain.

Everything is measured on the machine it runs on, in one run, with nothing cached. Ratios travel; milliseconds do not.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.process import environment_of_child
from app.settings import read_settings
from ingest.errors import FileRefused, SecondPassError
from rag.measure.report import Latency

if TYPE_CHECKING:
    from app.application import Application
    from rag.engine import Options
    from rag.tracing import Trace

PEER_QUESTIONS = 10  # LangChain's pipeline takes seconds for each
# Asked before the clock runs, because models load with the first question. They are none of those that are measured:
# a question's encoding is remembered, and a person asks a new one.
WARM_UP = ("Is everything there?", "What else is in these files?")

# What a fresh process needs until the first page is drawn, by Streamlit's own test runner (a server adds its start, a
# browser its drawing); the models go on loading behind it.
_PAGE = """
import logging, sys
logging.disable()
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(sys.argv[1], default_timeout=120).run()
assert not page.exception, page.exception
"""
# What a fresh process needs until it can be asked, and until it has answered once.
_START = """
import time
started = time.perf_counter()
from app.settings import read_settings
from app.wiring import open_application
application = open_application(read_settings())
application.models.embedder().encode_question("ready?")
ready = time.perf_counter() - started
application.engine.retrieve("What is this about?")
print(ready, time.perf_counter() - started)
application.close()
"""


@dataclass(frozen=True, kw_only=True)
class PeerReport:
    """LangChain's pipeline over the same passages, models and candidates; ms per question. `ratio` is its median over
    ours on the same questions; `same_first` the share of questions where both put the same passage first."""

    questions: int
    candidates: int
    latency_ms: Latency
    ours_ms: Latency
    ratio: float
    same_first: float


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """Rates a second, latencies in ms on the clock, memory in MB. `orders_ms`: from the question to the order of each
    reranker; `question_ms`: to the passages that an answer is written from; `steps_ms`: what each step took."""

    machine: str
    files: int
    pages: int
    chunks: int
    parse_pages_per_s: float
    ingest_chunks_per_s: float
    ingest_s: float
    questions: int
    orders_ms: dict[str, Latency]
    question_ms: Latency
    steps_ms: dict[str, Latency]
    pairs_read: float
    page_s: float
    start_s: float
    first_answer_s: float
    memory_mb: float
    peer: PeerReport | None = None
    peer_missing: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def table(self) -> str:
        """Plain text for a terminal."""
        rows = [
            ("machine", self.machine),
            ("library", f"{self.files} files, {self.pages:,} pages, {self.chunks:,} passages"),
            ("reading PDFs", f"{self.parse_pages_per_s:.0f} pages/s"),
            ("adding files", f"{self.ingest_chunks_per_s:.0f} passages/s, {self.ingest_s:.0f} s in all"),
            *((f"question → {name} order", _milliseconds(latency)) for name, latency in self.orders_ms.items()),
            ("question → evidence", f"{_milliseconds(self.question_ms)}, {self.pairs_read:.0f} pairs read closely"),
            *((f"  {name}", _milliseconds(latency)) for name, latency in self.steps_ms.items()),
            ("first page", f"{self.page_s:.1f} s from the start of its process"),
            ("start", f"{self.start_s:.1f} s until it can be asked, {self.first_answer_s:.1f} s with a first answer"),
            ("memory", f"{self.memory_mb:.0f} MB at most while files were added and questions asked"),
        ]
        if self.peer:
            peer = self.peer
            rows += [
                (
                    "LangChain, same models",
                    f"{_milliseconds(peer.latency_ms)}; {peer.questions} questions, {peer.candidates} candidates each",
                ),
                ("ours, same questions", _milliseconds(peer.ours_ms)),
                ("ratio of the medians", f"{peer.ratio:.1f} times as fast; same first passage {peer.same_first:.0%}"),
            ]
        elif self.peer_missing:
            rows.append(("LangChain", self.peer_missing))
        return "\n".join(f"{name:<24}{value}" for name, value in rows)


def run_bench(
    files: Sequence[Path],
    questions: Sequence[str],
    *,
    peer: bool = True,
    peer_questions: int = PEER_QUESTIONS,
    home: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> BenchReport:
    """Measure over `files` (PDFs) and `questions` in a library of its own.

    home: where to build that library; a folder that holds one already is measured as it is (its ingestion then is not).
    peer: compare with LangChain where the `bench` extra is installed. say: told what is being measured.
    Raises SecondPassError where there is nothing to measure with.
    """
    if not questions:
        raise SecondPassError("There is no question to measure with.")
    with tempfile.TemporaryDirectory(prefix="second-pass-bench-") as temporary:
        return _measured(files, questions, home or Path(temporary), Path(temporary), peer_questions if peer else 0, say)


def _measured(
    files: Sequence[Path], questions: Sequence[str], home: Path, scratch: Path, peers: int, say: Callable[[str], None]
) -> BenchReport:
    from app.wiring import open_application

    say(f"Reading {len(files)} files")
    parse_rate = _parse_rate(files)
    application = open_application(read_settings(home=home))
    try:
        say("Adding them to a library")
        started = time.perf_counter()
        new = sum(row.chunks for row in application.library.ingest_files(files) if row.change != "unchanged")
        ingest_s = time.perf_counter() - started
        stats = application.store.stats()
        if not stats.chunks:
            raise SecondPassError("None of the files gave a passage, so there is nothing to ask.")
        options = replace(application.engine.options, score_cache=False)
        peers = min(peers, len(questions) // 2)
        fresh = questions[peers:]  # LangChain's share is asked of both later, for the first time
        say(f"Asking {len(fresh)} questions of {stats.chunks:,} passages")
        traces = _ask(application, fresh, options)
        memory = _peak_memory_mb()
        peer, missing = None, ""
        if peers:
            say("Building LangChain's pipeline over the same passages")
            try:
                peer = _peer(application, questions[:peers], options, scratch)
            except SecondPassError as error:
                missing = str(error)
    finally:
        application.close()
    say("Starting a fresh process")
    page_s = _page_time(home)
    start_s, first_s = _start_times(home)
    return BenchReport(
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        files=len(files),
        pages=stats.pages,
        chunks=stats.chunks,
        parse_pages_per_s=parse_rate,
        ingest_chunks_per_s=new / ingest_s,
        ingest_s=ingest_s,
        questions=len(fresh),
        orders_ms={step.name: _latency([_until(trace, step.name) for trace in traces]) for step in traces[0].rerankers},
        question_ms=_latency([trace.total_ms for trace in traces]),
        steps_ms=_steps_ms(traces),
        pairs_read=float(np.mean([trace.rerankers[-1].scored for trace in traces])),
        page_s=page_s,
        start_s=start_s,
        first_answer_s=first_s,
        memory_mb=memory,
        peer=peer,
        peer_missing=missing,
    )


def _parse_rate(files: Sequence[Path]) -> float:
    """Pages a second through the sandboxed reader, its start not counted."""
    from ingest.read.sandbox import Reader

    reader = Reader()
    try:
        _pages(reader, files[:1])
        started = time.perf_counter()
        pages = _pages(reader, files)
        return pages / (time.perf_counter() - started)
    finally:
        reader.close()


def _pages(reader: Any, files: Sequence[Path]) -> int:
    pages = 0
    for path in files:
        try:
            pages += len(reader.read(path, name=path.name).pages)
        except FileRefused:
            continue
    return pages


def _ask(application: Application, questions: Sequence[str], options: Options) -> list[Trace]:
    for question in WARM_UP:
        application.engine.retrieve(question, options=options)
    return [application.engine.retrieve(question, options=options) for question in questions]


def _until(trace: Trace, stage: str) -> float:
    """Milliseconds on the clock from the question to this stage's order."""
    place = next(i for i, step in enumerate(trace.steps) if step.name == stage)
    return trace.total_ms - sum(step.ms for step in trace.steps[place + 1 :])


def _steps_ms(traces: Sequence[Trace]) -> dict[str, Latency]:
    times: dict[str, list[float]] = {}
    for trace in traces:
        for step in trace.steps:
            times.setdefault(step.name, []).append(step.ms)
    return {name: _latency(ms) for name, ms in times.items()}


def _peer(application: Application, questions: Sequence[str], options: Options, scratch: Path) -> PeerReport:
    from app.bench.peer import LangChainPipeline
    from app.model_family import MODELS
    from ingest.embed.minilm import minilm_folder
    from rag.rerank.builtin_weights import load_precise

    model, tokenizer = load_precise(MODELS / "precise")
    model.save_pretrained(scratch / "precise")
    tokenizer.save_pretrained(scratch / "precise")
    store = application.store
    encoded = [row for document in store.documents() for row in store.encoded_chunks(document.id)]
    pipeline = LangChainPipeline(
        texts=[row.chunk.headed_text for row in encoded],
        vectors=np.stack([row.encoded.vector for row in encoded]),
        embedding=minilm_folder(),
        cross_encoder=scratch / "precise",
        candidates=options.retrieve,
        top=options.evidence,
    )
    pipeline.ask(WARM_UP[0])
    theirs: list[float] = []
    ours: list[float] = []
    same = 0
    for question in questions:  # in turns, so that a busy moment of the machine slows both
        trace = application.engine.retrieve(question, options=options)
        ours.append(trace.total_ms)
        started = time.perf_counter()
        texts = pipeline.ask(question)
        theirs.append((time.perf_counter() - started) * 1000)
        same += bool(texts) and texts[0] == trace.evidence.chunks[0].headed_text
    return PeerReport(
        questions=len(questions),
        candidates=2 * options.retrieve,
        latency_ms=_latency(theirs),
        ours_ms=_latency(ours),
        ratio=float(np.median(theirs) / np.median(ours)),
        same_first=same / len(questions),
    )


def _page_time(home: Path) -> float:
    """Seconds from the start of a fresh process until the Ask page is drawn."""
    started = time.perf_counter()
    _fresh_process(_PAGE, home, str(Path(__file__).parents[1] / "streamlit_app.py"))
    return time.perf_counter() - started


def _start_times(home: Path) -> tuple[float, float]:
    """Seconds that a fresh process needs until it can be asked, and until it has answered once."""
    ready, first = _fresh_process(_START, home).split()[-2:]
    return float(ready), float(first)


def _fresh_process(code: str, home: Path, *arguments: str) -> str:
    """What `code` printed. Raises SecondPassError with its last line of errors."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment_of_child(home) | {"TOKENIZERS_PARALLELISM": "false"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SecondPassError(f"A fresh process could not open the library: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def _peak_memory_mb() -> float:
    """The most that this process ever held in memory; kilobytes on Linux, bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _latency(times_ms: Sequence[float]) -> Latency:
    p50, p95 = np.percentile(times_ms, (50, 95))
    return Latency(p50=float(p50), p95=float(p95))


def _milliseconds(latency: Latency) -> str:
    return f"p50 {latency.p50:.0f} ms, p95 {latency.p95:.0f} ms"
