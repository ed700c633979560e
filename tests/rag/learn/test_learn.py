"""Learning: what a run reads, what it makes of it, and that it learns at all; small enough for two cores."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.make.training import make_lists
from ingest.errors import ModelMissing, TrainingDataUnreadable
from rag.learn.listnet import fit_fusion
from rag.learn.token_projection import int8_scale, late_interaction, principal_projection, projected
from rag.learn.train import train_fast, train_precise
from rag.learn.train_cross_encoder import (
    PreciseRecipe,
    Progress,
    TrainingList,
    augmented,
    learning_rate_factor,
    read_lists,
    scheduled,
    train_on_lists,
    write_lists,
)
from rag.learn.training_lists import (
    TrainingPassage,
    definition_pairs,
    mine_lists,
    read_pairs,
    sentence_pairs,
)
from rag.rerank.builtin_weights import load_precise
from tests.places import MODELS


def a_list(source: str = "nq", question: str = "what is a tide", wrong: int = 8) -> TrainingList:
    return TrainingList(
        source=source,
        question=question,
        passages=(
            "the right passage of some words",
            *(f"wrong passage number {i} of some words" for i in range(wrong)),
        ),
        headers=tuple(f"title {i}" for i in range(wrong + 1)),
    )


# ---- fusion ------------------------------------------------------------------------------------------------


def test_without_judged_questions_the_prior_comes_back() -> None:
    prior = np.array([1.0, 0.5, 0.0])
    assert fit_fusion([], [], prior).tolist() == prior.tolist()
    nothing_learned = fit_fusion([np.ones((4, 3))], [np.zeros(4)], prior)
    assert nothing_learned.tolist() == prior.tolist()


def test_a_signal_that_finds_the_relevant_passages_gains_weight_and_a_misleading_one_loses() -> None:
    rng = np.random.default_rng(0)
    features, labels = [], []
    for _ in range(60):
        y = np.zeros(10)
        y[rng.integers(10)] = 1
        features.append(np.stack([y * 2 + rng.normal(size=10), -y + rng.normal(size=10)], axis=1))
        labels.append(y)
    weights = fit_fusion(features, labels, np.array([0.5, 0.5]))
    assert weights[0] > 0.8
    assert weights[1] < 0.2


@given(st.integers(1, 6), st.integers(2, 8), st.integers(1, 4), st.integers(0, 2**31), st.floats(0.1, 100))
@settings(deadline=None, max_examples=40)
def test_learned_weights_never_fit_the_judgements_worse_than_the_prior(
    questions: int, passages: int, signals: int, seed: int, strength: float
) -> None:
    rng = np.random.default_rng(seed)
    features = [rng.normal(size=(passages, signals)) for _ in range(questions)]
    labels = [rng.integers(0, 3, size=passages).astype(float) for _ in range(questions)]
    prior = rng.uniform(0, 2, size=signals)
    weights = fit_fusion(features, labels, prior, strength=strength)

    def loss(w: np.ndarray) -> float:
        total = 0.0
        for x, y in zip(features, labels, strict=True):
            if y.sum() > 0 and np.ptp(y) > 0:
                scores = x @ w
                total += float((y / y.sum()) @ (np.log(np.exp(scores - scores.max()).sum()) + scores.max() - scores))
        return total

    assert (weights >= 0).all()
    assert loss(weights) <= loss(prior) + 1e-6


def test_more_strength_keeps_the_weights_nearer_to_the_prior() -> None:
    rng = np.random.default_rng(3)
    features = [rng.normal(size=(8, 2)) for _ in range(20)]
    labels = [(x[:, 0] == x[:, 0].max()).astype(float) for x in features]
    prior = np.array([0.2, 0.2])
    near, far = (fit_fusion(features, labels, prior, strength=s) for s in (100.0, 1.0))
    assert np.linalg.norm(near - prior) < np.linalg.norm(far - prior)


@pytest.mark.parametrize(
    ("features", "labels", "strength", "says"),
    [
        ([np.ones((3, 2))], [np.ones(4)], 1.0, "shape"),
        ([np.ones((3, 2))], [], 1.0, "labels"),
        ([np.full((2, 2), np.nan)], [np.array([1.0, 0.0])], 1.0, "finite"),
        ([np.ones((2, 2))], [np.array([1.0, -1.0])], 1.0, "negative"),
        ([], [], 0.0, "positive"),
    ],
)
def test_fusion_refuses_what_it_cannot_learn_from_and_says_why(features, labels, strength, says) -> None:
    with pytest.raises(ValueError, match=says):
        fit_fusion(features, labels, np.array([1.0, 1.0]), strength=strength)


# ---- lists -------------------------------------------------------------------------------------------------


def test_lists_survive_writing_and_reading(tmp_path: Path) -> None:
    lists = [a_list(), a_list(question="wie hoch ist die Flut – „heute“?")]
    write_lists(lists, tmp_path / "lists.jsonl")
    assert read_lists(tmp_path / "lists.jsonl") == lists


def test_the_right_passage_stays_first_and_headers_are_given_to_all_or_none() -> None:
    recipe = PreciseRecipe(passes={"nq": 1}, negatives=4)
    rng = random.Random(5)
    for _ in range(50):
        visit = augmented(a_list(), recipe, rng)
        texts = visit.texts
        assert visit.target == (1, 0, 0, 0, 0)
        assert len(texts) == 5
        assert "the right passage" in texts[0]
        assert not any("the right passage" in text for text in texts[1:])
        assert len({text.startswith("title ") for text in texts}) == 1


def test_each_source_is_seen_as_often_as_the_recipe_says_and_the_order_is_repeatable() -> None:
    lists = [a_list(question=f"q{i}") for i in range(40)] + [a_list("openstax", f"o{i}") for i in range(40)]
    recipe = PreciseRecipe(passes={"nq": 1.5, "openstax": 0.25}, lists_per_step=8)
    seen = [item for batch in scheduled(lists, recipe) for item in batch]
    assert sum(item.source == "nq" for item in seen) == 60
    assert sum(item.source == "openstax" for item in seen) == 10
    assert seen == [item for batch in scheduled(lists, recipe) for item in batch]


@given(st.integers(1, 5000))
def test_the_learning_rate_rises_to_its_peak_and_never_leaves_its_range(steps: int) -> None:
    recipe = PreciseRecipe(passes={}, warmup=0.1, final_learning_rate=0.2)
    rates = [learning_rate_factor(step, steps, recipe) for step in range(steps)]
    assert max(rates) == 1
    assert all(0 < rate <= 1 for rate in rates)


def test_a_textbook_sentence_that_defines_a_word_becomes_a_question() -> None:
    passages = [
        TrainingPassage(source="book", text="Prices rise. A monopoly is a market with one seller that sets the price."),
        TrainingPassage(source="book", text="This is a list of things that nobody would want to ask about at all."),
    ]
    pairs = definition_pairs(passages, random.Random(1), 10)
    assert [pair.passage for pair in pairs] == [passages[0].text]
    assert "monopoly" in pairs[0].question.lower()


def test_a_sentence_asks_for_the_passage_it_was_taken_from() -> None:
    sentences = [f"Sentence number {i} tells of the {i} rivers and the hills beside them." for i in range(7)]
    pairs = sentence_pairs([TrainingPassage(source="book", text=" ".join(sentences))], random.Random(1), 1)
    assert pairs[0].question in sentences
    assert pairs[0].question not in pairs[0].passage


def test_mined_wrong_passages_are_near_but_not_copies(tmp_path: Path) -> None:
    topics = ["tide", "glacier", "volcano", "harbour", "market", "violin", "engine", "comet"]
    texts = [
        f"The {topic} changes with the season and people of the coast observe the {topic} daily." for topic in topics
    ]
    copy = "The tide changes with the season and people of the coast observe the tide daily, as ever."
    path = tmp_path / "pairs.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write(json.dumps({"source": "book/one", "query": "when does the tide change", "passage": texts[0]}))
    lists = mine_lists(read_pairs(path), [TrainingPassage(source="book", text=text) for text in [*texts, copy]])
    assert len(lists) <= 1
    for item in lists:
        assert item.source == "book"
        assert item.passages[0] == texts[0]
        assert copy not in item.passages[1:]
        assert texts[0] not in item.passages[1:]


@pytest.mark.parametrize("content", [None, b"not gzip", gzip.compress(b'{"query": "q"}')])
def test_a_training_folder_that_cannot_be_used_names_the_file(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "pairs.jsonl.gz").write_bytes(content)
    with pytest.raises(TrainingDataUnreadable, match=r"pairs\.jsonl\.gz"):
        train_precise(tmp_path, tmp_path / "out")


def test_invented_lists_are_repeatable_and_their_right_passage_is_not_among_the_wrong() -> None:
    lists = make_lists(families=2, seed=9)
    assert lists == make_lists(families=2, seed=9)
    assert {item.source for item in lists} == {"synthetic-report", "synthetic-handbook"}
    for item in lists:
        assert len(item.passages) == len(item.headers) >= 6
        assert all(item.headers)
        right = (item.headers[0], item.passages[0])
        assert right not in list(zip(item.headers[1:], item.passages[1:], strict=True))


# ---- the fast model ----------------------------------------------------------------------------------------


def test_a_projection_to_all_but_one_direction_keeps_cosines_of_what_it_spans() -> None:
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.normal(size=(32, 8)))[0]
    rows = (rng.normal(size=(500, 8)) @ basis.T).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    projection = principal_projection([rows], 8, skip=0)
    assert np.allclose(projection.T @ projection, np.eye(8), atol=1e-4)
    vectors = projected(rows, projection)
    assert np.allclose(vectors @ vectors.T, rows @ rows.T, atol=1e-3)
    scale = int8_scale(vectors)
    back = np.clip(np.round(vectors / scale), -127, 127) * scale
    assert np.abs(back - vectors).mean() < 0.01


def test_late_interaction_is_one_for_the_same_tokens_and_ignores_tokens_of_no_weight() -> None:
    question = np.eye(3, dtype=np.float32)
    assert late_interaction(question, np.ones(3), question) == pytest.approx(1)
    assert late_interaction(question, np.array([0.0, 2.0, 2.0]), question[1:]) == pytest.approx(1)
    assert late_interaction(question, np.ones(3), question[1:]) == pytest.approx(2 / 3)
    assert late_interaction(question, np.ones(3), np.zeros((0, 3), np.float32)) == 0


def test_the_fast_model_is_written_whole_and_the_same_twice(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    for name, key in (("pairs", "query"), ("passages", "title")):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt") as file:
            for i in range(30):
                row = {"source": "book", key: f"{i}", "passage": f"The {name} number {i} tells of {i * 7} small boats."}
                file.write(json.dumps(row) + "\n")
    configs = [train_fast(tmp_path, tmp_path / out, dimensions=16) for out in ("one", "two")]
    assert configs[0] == configs[1]
    one, two = (load_file(tmp_path / out / "projection.safetensors") for out in ("one", "two"))
    assert {name: array.shape for name, array in one.items()} == {
        "projection": (384, 16),
        "scale": (16,),
        "idf": (30522,),
    }
    assert all(np.allclose(one[name], two[name], atol=1e-4) for name in one)
    assert one["idf"][[0, 101, 102]].tolist() == [0, 0, 0]


# ---- the precise model -------------------------------------------------------------------------------------


def test_a_short_run_learns_its_lists_and_can_be_loaded_and_gone_on_with(tmp_path: Path) -> None:
    animals = ["otter", "heron", "badger", "falcon", "lizard", "beetle", "salmon", "walrus"]
    lists = [
        TrainingList(
            source="nq",
            question=f"where does the {animal} sleep",
            passages=(
                f"The {animal} sleeps by the river.",
                *(f"The {other} sleeps by the sea." for other in animals if other != animal),
            ),
            headers=("",) * len(animals),
        )
        for animal in animals
    ]
    recipe = PreciseRecipe(
        passes={"nq": 4}, lists_per_step=4, learning_rate=2e-4, head_learning_rate=2e-3, splice_rate=0.0, max_length=48
    )
    reports: list[Progress] = []
    train_on_lists(lists, tmp_path / "model", recipe, progress=reports.append)
    assert reports[-1].step == reports[-1].steps == 8
    again: list[Progress] = []
    train_on_lists(lists, tmp_path / "more", replace(recipe, seed=1), start=tmp_path / "model", progress=again.append)
    assert again[-1].loss < reports[-1].loss


def test_the_recipe_with_no_matching_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No list has a source"):
        train_on_lists([a_list()], tmp_path, PreciseRecipe(passes={"other": 1}))


def test_a_folder_without_weights_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"config\.json"):
        load_precise(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelMissing, match=r"precise\.safetensors"):
        load_precise(tmp_path)
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(ModelMissing, match="not valid JSON"):
        load_precise(tmp_path)


def test_weights_of_another_base_model_are_refused(tmp_path: Path) -> None:
    for file in (MODELS / "precise").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"base_model_sha256": "0" * 64}))
    with pytest.raises(ModelMissing, match="another version"):
        load_precise(tmp_path)


def test_the_shipped_precise_model_puts_the_answer_before_what_only_shares_its_words() -> None:
    import torch

    model, tokenizer = load_precise(MODELS / "precise")
    question = "What were Halvern Foods' capital expenditures in 2019? Use the cash flow statement."
    passages = [
        "Halvern Foods 2019 10K\nTable of Contents Capital Expenditures 41 Statement of Cash Flows 58 Notes 61",
        "Halvern Foods 2019 10K\nOur capital expenditures may exceed our plans and we may be unable to fund them.",
        "Halvern Foods 2019 10K · Consolidated Statements of Cash Flows\nCash flows from investing activities\n"
        "Purchases of property and equipment (412) (388) (301) Acquisitions, net of cash acquired (97) — (12)",
        "Halvern Foods 2019 10K · Consolidated Balance Sheets\nCash and cash equivalents $ 611 $ 530 Inventories 702",
    ]
    encoded = tokenizer([question] * 4, passages, truncation="only_second", padding=True, return_tensors="pt")
    with torch.inference_mode():
        scores = model(**encoded).logits[:, 0]
    assert int(scores.argmax()) == 2
