"""Fit the probability that the best evidence answers: on questions whose evidence is there, and on ones it is not."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.evaluation import passages_library
from app.serving import SAMPLES

if TYPE_CHECKING:
    from app.application import Application
    from rag.learn.calibration import CalibrationReport
    from rag.learn.train_cross_encoder import TrainingList
    from rag.measure.goldens import Golden
    from rag.tracing import Trace

QUESTIONS = 80  # of each source
ELSEWHERE = 60  # questions of other sources asked of each
PASSAGES = 800  # of each source
SMALL = 15  # documents of one to four passages, of each source: few candidates are another matter than many
Pair = tuple[str, tuple[str, str]]  # a question, and the title and text of its passage
Pairs = list[tuple["Golden", "Trace"]]


@contextmanager
def sample_library() -> Iterator[tuple[Application, list[Golden]]]:
    """The shipped samples in a library of their own, with their golden questions."""
    from app.settings import read_settings
    from app.wiring import open_application
    from rag.measure.goldens import read_goldens

    with tempfile.TemporaryDirectory() as folder:
        application = open_application(read_settings(home=Path(folder)))
        try:
            for result in application.library.ingest_files(sorted(SAMPLES.glob("*.pdf"))):
                assert result.status == "ready", result.line()
            yield application, list(read_goldens(SAMPLES / "golden.jsonl"))
        finally:
            application.close()


def fit_on_training_data(
    training_dir: Path,
    out_file: Path,
    *,
    lists: Sequence[TrainingList] = (),
    say: Callable[[str], None] = lambda line: None,
    seed: int = 0,
) -> CalibrationReport:
    """Fit and write the calibration; returns its report on questions that the fit did not see.

    Answerable: questions of the training pairs and the sample goldens, asked where their passage is. Unanswerable:
    "near", of the same sources but with their passages left out, and the samples' own unanswerable ones; "elsewhere",
    questions of the other sources. A part of each is asked of documents of a few passages. lists: invented documents
    besides (data.make.training). Raises TrainingDataUnreadable or ValueError.
    """
    from rag.learn.calibration import collect, fit_calibration
    from rag.learn.training_lists import read_pairs, read_passages
    from rag.measure.goldens import Golden

    answerable: Pairs = []
    near: Pairs = []
    elsewhere: Pairs = []
    rng = random.Random(seed)
    distractors = [(passage.title, passage.text) for passage in read_passages(training_dir / "passages.jsonl.gz")]
    by_source: dict[str, list[Pair]] = {}
    for pair in read_pairs(training_dir / "pairs.jsonl.gz"):
        family = "natural-questions" if pair.source.startswith("natural") else pair.source.split("/")[0]
        by_source.setdefault(family, []).append((pair.question, (pair.title, pair.passage)))
    for item in lists:
        by_source.setdefault(item.source, []).append((item.question, (item.headers[0], item.passages[0])))
    others = {
        source: [pair for i in lists if i.source == source for pair in zip(i.headers, i.passages, strict=True)]
        for source in {item.source for item in lists}
    }
    for source, pairs in sorted(by_source.items()):
        rng.shuffle(pairs)
        kept, left_out = pairs[: PASSAGES - QUESTIONS], pairs[PASSAGES - QUESTIONS : PASSAGES]
        if len(pairs) < PASSAGES:
            kept, left_out = pairs[QUESTIONS:], pairs[:QUESTIONS]
        beside = others.get(source, distractors)
        texts = dict.fromkeys([passage for _, passage in kept] + rng.sample(beside, min(300, len(beside))))
        left_out = [(question, passage) for question, passage in left_out if passage not in texts]
        passages = {str(i): passage for i, passage in enumerate(texts)}
        say(f"{source}: {len(passages)} passages, {QUESTIONS} answerable questions at most")
        with passages_library(source.replace("/", "-"), passages) as (application, id_of):
            chunk_of = {passage: id_of[key] for key, passage in passages.items()}
            for question, passage in kept[:QUESTIONS]:
                golden = Golden(question=question, chunks=((chunk_of[passage], 1),))
                answerable.append((golden, application.engine.retrieve(question)))
            near += _asked(application, [question for question, _ in left_out[: QUESTIONS // 2]])
            elsewhere += _asked(application, _foreign(by_source, source, rng))
    say("documents of a few passages")
    found = _of_small_documents(by_source, rng)
    answerable += found[0]
    near += found[1]
    elsewhere += found[2]
    say("the samples")
    with sample_library() as (application, goldens):
        answerable += collect(goldens, application.engine.retrieve)
        lines = (SAMPLES / "unanswerable.jsonl").read_text(encoding="utf-8").splitlines()
        near += _asked(application, [json.loads(line)["question"] for line in lines])
        elsewhere += _asked(application, _foreign(by_source, "samples", rng))
    calibration, report = fit_calibration(
        answerable, {"near": near, "elsewhere": elsewhere}, version=f"training-{seed}"
    )
    calibration.save(out_file)
    return report


def _of_small_documents(by_source: Mapping[str, Sequence[Pair]], rng: random.Random) -> tuple[Pairs, Pairs, Pairs]:
    """Answerable, near and foreign questions, each asked of one small document."""
    from app.settings import read_settings
    from app.wiring import open_application
    from ingest.read.passages import SUFFIX
    from rag.measure.goldens import Golden

    answerable: Pairs = []
    near: Pairs = []
    elsewhere: Pairs = []
    with tempfile.TemporaryDirectory() as folder:
        application = open_application(read_settings(home=Path(folder)))
        try:
            for source, pairs in sorted(by_source.items()):
                for number in range(SMALL):
                    (question, right), (other, _), *rest = rng.sample(pairs, 2 + rng.randrange(4))
                    passages = [right, *(passage for _, passage in rest)]
                    rng.shuffle(passages)
                    lines = [json.dumps({"title": title, "text": text}) + "\n" for title, text in passages]
                    name = f"{source.replace('/', '-')} {number}{SUFFIX}"
                    added = application.library.add("".join(lines).encode(), name).document
                    document = application.library.wait_for(added.id)
                    if document is None or document.status != "ready":
                        continue
                    chunk = application.store.document_chunks(document.id)[passages.index(right)]
                    asked = [question, other, rng.choice(_foreign(by_source, source, rng))]
                    traces = [application.engine.retrieve(one, document_ids=(document.id,)) for one in asked]
                    answerable.append((Golden(question=question, chunks=((chunk.id, 1),)), traces[0]))
                    near.append((Golden(question=asked[1]), traces[1]))
                    elsewhere.append((Golden(question=asked[2]), traces[2]))
        finally:
            application.close()
    return answerable, near, elsewhere


def _foreign(by_source: Mapping[str, Sequence[Pair]], source: str, rng: random.Random) -> list[str]:
    """ELSEWHERE questions of the other sources, as many of each."""
    others = [questions for name, questions in sorted(by_source.items()) if name != source]
    each = ELSEWHERE // len(others)
    return [question for found in others for question, _ in rng.sample(found, min(len(found), each))]


def _asked(application: Application, questions: Iterable[str]) -> Pairs:
    from rag.learn.calibration import collect
    from rag.measure.goldens import Golden

    return collect([Golden(question=question) for question in questions], application.engine.retrieve)
