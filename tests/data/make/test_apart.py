"""The check that invented questions were not written along a development set: it finds a copy and lets others pass."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from data.make.apart import main, masked, standings

INVENTED = [
    form.format(thing=thing)
    for thing in ("rent", "deposit", "notice", "repair", "guarantee", "fee", "fine", "excess", "premium", "invoice")
    for form in (
        "How high is the {thing} in the document?",
        "By when must the {thing} be settled?",
        "Who decides about the {thing}?",
    )
]
ELSEWHERE = [
    "Why do comets grow tails near the sun?",
    "Which river crosses the old capital of Laos?",
    "How do mosses survive a dry summer?",
    "What did sailors eat on long voyages?",
    "Who painted the ceiling of the chapel?",
    "When did the last volcano in Auvergne erupt?",
    "How fast does a peregrine dive?",
    "What makes bread rise without yeast?",
    "Which metal is liquid at room temperature?",
    "Why are flamingos pink?",
    "How many strings has a baroque lute?",
    "What causes tides to differ between coasts?",
    "Who first measured the speed of light?",
    "How is paper made from rags?",
    "Which alphabet has the most letters?",
    "Why does ice float on a lake?",
    "What is the oldest known bridge?",
    "How do bats find their prey at night?",
    "When did printing reach Iceland?",
    "Which tree lives longest?",
    "How do whales sleep under water?",
    "What is a fugue in music?",
    "Why did the bronze age end so suddenly?",
    "Which desert receives the least rain?",
    "How are pearls formed in oysters?",
    "What language is spoken in Malta?",
    "Who built the first steam turbine?",
    "Why do leaves turn red in autumn?",
    "How does a pendulum clock keep time?",
    "What is the deepest cave on earth?",
    "Which birds cannot fly?",
    "How was the height of mountains first measured?",
    "What are the rings of Saturn made of?",
    "Why do cats purr when stroked?",
    "Who discovered how blood circulates?",
    "Which sea has the saltiest water?",
    "How do glaciers carve valleys?",
    "What was traded along the amber road?",
    "When did people begin to ride horses?",
    "How is glass coloured blue?",
]
COPIED = [
    f"How high is the {thing} in the {year} document?"
    for thing, year in zip(("rent", "deposit", "fee", "fine", "premium", "excess") * 4, range(2000, 2024), strict=True)
]


def halves(seed: int) -> tuple[list[str], list[str]]:
    shuffled = random.Random(seed).sample(ELSEWHERE, len(ELSEWHERE))
    return shuffled[::2], shuffled[1::2]


def written(path: Path, questions: list[str]) -> str:
    path.write_text("".join(json.dumps({"question": one}) + "\n" for one in questions), encoding="utf-8")
    return str(path)


def test_numbers_dates_and_names_are_masked() -> None:
    assert masked("What was revenue of Kelmere Works Ltd in 2019?") == "what was revenue of name in #"
    assert masked("Is $1,200 due on May 3?") == "is $ # due on #"
    assert masked("May I keep a dog?") == "may i keep a dog"


def test_questions_that_were_written_along_stand_out() -> None:
    for one in standings(COPIED, ELSEWHERE, INVENTED):
        assert one.stands_out
        assert one.difference > 0.2


def test_independent_questions_do_not_stand_out() -> None:
    development, unrelated = halves(0)
    assert not any(one.stands_out for one in standings(development, unrelated, INVENTED))


def test_questions_that_are_further_away_than_others_do_not_stand_out() -> None:
    assert not any(one.stands_out for one in standings(ELSEWHERE, COPIED, INVENTED))


def test_the_command_says_which_and_ends_with_one_where_a_set_stands_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invented = ["--invented", written(tmp_path / "invented.jsonl", INVENTED)]
    development, unrelated = halves(1)
    copied = written(tmp_path / "copied.jsonl", COPIED)
    own, others = written(tmp_path / "own.jsonl", development), written(tmp_path / "others.jsonl", unrelated)
    assert main(["--questions", copied, "--unrelated", others, *invented]) == 1
    assert capsys.readouterr().out.count("STANDS OUT") == 2
    assert main(["--questions", own, "--unrelated", others, *invented]) == 0
    assert capsys.readouterr().out.count("does not stand out") == 2


def test_a_line_without_a_question_ends_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"answer": "42"}\n', encoding="utf-8")
    with pytest.raises(SystemExit, match=r"wrong\.jsonl, line 1"):
        main(["--questions", str(path), "--unrelated", str(path)])
