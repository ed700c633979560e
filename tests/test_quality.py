"""What the shipped models and weights find, answer and refuse on the shipped samples: floors that a bad set of them
falls through.

Asked is every third golden question, once, with the settings as they are shipped. A floor lies a little below what was
measured, so that another machine's rounding passes and a lost signal does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import mean

import pytest

from app.application import Application
from app.screens.welcome import sample_questions
from app.settings import read_settings
from app.wiring import open_application
from rag.measure.answer_measures import AnswerReport, measure_answer, report_answers
from rag.measure.answer_text import holds
from rag.measure.evaluate import measure
from rag.measure.goldens import read_goldens
from rag.measure.report import Report
from rag.tracing import Answer, Outcome, Trace
from tests.places import SAMPLES

GOLDENS = read_goldens(SAMPLES / "golden.jsonl")
NAMES = {path.name for path in SAMPLES.glob("*.pdf")}
# Of the three thirds the one whose figures lie nearest those of all questions.
ASKED = GOLDENS[1::3]
EASY = (
    "When are taxis refunded?",
    "How often is silicone grease put on the cam?",
    "What would a tariff of ten per cent cost a year?",
    "Which law applies to the Osterby supply agreement?",
    "Within how many hours must an opened Rotavint tube be thrown away?",
)
FOREIGN = (
    "Who composed the opera Rigoletto?",
    "How many moons does the planet Jupiter have?",
    "Which team won the football world cup in 1998?",
    "What is the capital of Mongolia?",
    "How do I tune a violin string to A?",
    "What colour is the throat of a ruby-throated hummingbird?",
    "Who painted the Mona Lisa?",
    "What is the boiling point of liquid nitrogen?",
)
# What the welcome page offers and the product does not answer rightly today.
WRONG = {
    "The baby fell asleep in the waiting room with its drops already open. When do they have to go in the bin?": (
        "answered with other rules of the vaccine handbook: the passage with the two hours is not quoted"
    ),
    "The handle screeches each time I pull it. What do I smear on?": (
        "refused: its probability of .07 lies below the threshold of .10"
    ),
}
FLOORS = {  # stage → nDCG@10 and the share of questions with a right page among the first five
    "bm25": (0.376, 0.476),
    "dense": (0.532, 0.693),
    "hybrid": (0.558, 0.61),
    "fast": (0.608, 0.693),
    "precise": (0.668, 0.793),
}
ANSWER_FLOORS = {"answer@first": 0.26, "answer@any": 0.39, "answered": 0.86, "verbatim": 1.0, "cited": 1.0}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    application = open_application(read_settings(home=tmp_path_factory.mktemp("quality")))
    for result in application.library.ingest_files(sorted(SAMPLES.glob("*.pdf"))):
        assert result.status == "ready", result.line()
    yield application
    application.close()


@pytest.fixture(scope="module")
def traces(app: Application) -> list[Trace]:
    return [app.engine.retrieve(golden.question) for golden in ASKED]


@pytest.fixture(scope="module")
def stages(traces: list[Trace]) -> Report:
    return measure(ASKED, traces)


@pytest.fixture(scope="module")
def answered(app: Application, traces: list[Trace]) -> AnswerReport:
    asked = zip(ASKED, traces, strict=True)
    return report_answers([measure_answer(golden, trace, app.engine.answer(trace)) for golden, trace in asked])


@pytest.fixture(scope="module")
def easy(app: Application) -> list[Answer]:
    return answers(app, EASY)


@pytest.fixture(scope="module")
def foreign(app: Application) -> list[Answer]:
    return answers(app, FOREIGN)


def answers(app: Application, questions: Sequence[str]) -> list[Answer]:
    return [app.engine.answer(app.engine.retrieve(question)) for question in questions]


def mean_of(report: Report, stage: str, metric: str) -> float:
    found = report.stage(stage)
    assert found is not None
    return found.metrics[metric].mean


@pytest.mark.parametrize("stage", FLOORS)
def test_each_stage_finds_as_much_as_it_did(stages: Report, stage: str) -> None:
    ndcg, hit = FLOORS[stage]
    assert mean_of(stages, stage, "ndcg@10") >= ndcg
    assert mean_of(stages, stage, "hit@5") >= hit


def test_each_stage_earns_its_place(stages: Report) -> None:
    assert [stage.name for stage in stages.stages] == list(FLOORS)
    dense, hybrid, fast, precise = (mean_of(stages, name, "ndcg@10") for name in ("dense", "hybrid", "fast", "precise"))
    assert hybrid >= dense
    assert fast >= hybrid - 0.01
    assert precise >= fast - 0.01
    assert precise > dense + 0.05


@pytest.mark.parametrize("name", ANSWER_FLOORS)
def test_answers_hold_what_is_asked_for_and_say_where_it_stands(answered: AnswerReport, name: str) -> None:
    assert answered.measures[name].mean >= ANSWER_FLOORS[name]


def test_a_question_about_another_world_is_refused_and_an_easy_one_is_answered(
    easy: list[Answer], foreign: list[Answer]
) -> None:
    assert [answer.outcome for answer in foreign].count(Outcome.NOT_IN_DOCUMENTS) >= 6  # of 8
    assert {answer.outcome for answer in easy} == {Outcome.ANSWERED}


def test_an_easy_question_is_answered_with_more_confidence_than_a_foreign_one(
    easy: list[Answer], foreign: list[Answer]
) -> None:
    sure, unsure = ([answer.confidence for answer in group] for group in (easy, foreign))
    assert None not in [*sure, *unsure]
    assert mean(sure) > mean(unsure) + 0.3


def shown(question: str) -> object:
    """A question of the welcome page as a test's parameter."""
    wrong = pytest.mark.xfail(strict=True, reason=WRONG.get(question, ""))
    return pytest.param(question, marks=wrong if question in WRONG else ())


@pytest.mark.parametrize("question", [shown(question) for question in sample_questions(NAMES)])
def test_a_question_of_the_welcome_page_is_answered_with_what_its_golden_says(app: Application, question: str) -> None:
    golden = next(golden for golden in GOLDENS if golden.question == question)
    (answer,) = answers(app, [question])
    assert answer.outcome is Outcome.ANSWERED
    assert holds(answer.text, golden.golds), answer.text
