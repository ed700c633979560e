"""Sixteen people ask while documents come and go: no error, nothing of a deleted document, the same answers."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.settings import read_settings
from app.wiring import open_application

TOPICS = "valve pump turbine reactor boiler filter sensor engine gearbox compressor".split()
COLOURS = "red blue green yellow violet brown white black".split()
ASKERS, QUESTIONS, ADDED, DELETED = 16, 200, 20, 5


def text(topic: str, colour: str) -> bytes:
    return f"The {topic} of plant {colour} is serviced with {colour} oil. Nobody else may open the {topic}.".encode()


def test_asking_goes_on_while_documents_are_added_and_deleted(tmp_path: Path) -> None:
    application = open_application(read_settings(home=tmp_path, score_cache=False, precise="none"))
    library, engine = application.library, application.engine
    try:
        steady = [library.add(text(topic, "red"), f"{topic}-red.txt", collection="steady") for topic in TOPICS]
        doomed = [library.add(text(topic, "blue"), f"{topic}-blue.txt") for topic in TOPICS[:DELETED]]
        for one in (*steady, *doomed):
            assert library.wait_for(one.document.id).status == "ready"
        questions = [f"With which oil is the {topic} serviced?" for topic in TOPICS]

        def evidence(question: str) -> list[str]:
            """The best passage: BM25 knows how rare a word is in the whole library, so what follows may move."""
            return [chunk.id for chunk in engine.retrieve(question, collections=["steady"]).evidence.chunks[:1]]

        alone = {question: evidence(question) for question in questions}
        gone: set[str] = set()
        rng = random.Random(0)

        def ask(number: int) -> None:
            question = questions[number % len(questions)]
            assert evidence(question) == alone[question]
            already_gone = set(gone)  # what was deleted before the question was asked
            trace = engine.retrieve(rng.choice(questions))
            shown = {chunk.document_id for step in trace.steps for chunk in step.ranking.chunks}
            assert not shown & already_gone
            assert not trace.warnings

        def change() -> list[str]:
            new = []
            for number in range(ADDED):
                topic, colour = TOPICS[number % len(TOPICS)], COLOURS[2 + number % 6]
                new.append(library.add(text(topic, colour) + str(number).encode(), f"{number}.txt").document.id)
                if number % 4 == 0:
                    document_id = doomed[number // 4].document.id
                    library.delete(document_id)
                    gone.add(document_id)
            return new

        with ThreadPoolExecutor(ASKERS + 1) as pool:
            changes = pool.submit(change)
            for asked in [pool.submit(ask, number) for number in range(QUESTIONS)]:
                asked.result(timeout=120)
            new = changes.result(timeout=120)
        assert [library.wait_for(document_id).status for document_id in new] == ["ready"] * ADDED
        assert {question: evidence(question) for question in questions} == alone
        assert application.library.check(repair=False).healthy
    finally:
        application.close()
