"""Cross-encoders: the library's own scores, the question whole, the passage cut and counted."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.errors import RerankerFailed, RerankerUnavailable
from rag.rerank.builtin_weights import load_precise
from rag.rerank.cross_encoder import builtin, hub_cross_encoder
from tests.fakes.passages import chunk, chunks, query
from tests.fakes.tiny_models import save_cross_encoder, save_encoder
from tests.places import MODELS

PRECISE = MODELS / "precise"
TEXTS = [
    "the peace treaty of westphalia was signed in 1 6 4 8 and ended a war",
    "a banana is a yellow fruit",
    "yes",
    "the king and the queen signed it",
    "tax and revenue report of the year " * 3,
    "no",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


def test_scores_are_the_librarys_own_logits(folder: Path) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Identity

    mine = hub_cross_encoder(str(folder), device="cpu", precision="fp32").score(query(), chunks(TEXTS))
    library = CrossEncoder(str(folder), device="cpu")
    theirs = library.predict([(query().text, text) for text in TEXTS], activation_fn=Identity())
    np.testing.assert_allclose(mine.values, theirs, atol=1e-5)
    assert len(set(mine.values.round(4))) == len(TEXTS)
    assert mine.details["scored"] == len(TEXTS)
    assert mine.note == ""


def test_bf16_keeps_the_scores_apart_and_near_those_of_fp32(folder: Path) -> None:
    exact = hub_cross_encoder(str(folder), device="cpu", precision="fp32").score(query(), chunks(TEXTS))
    half = hub_cross_encoder(str(folder), device="cpu", precision="bf16").score(query(), chunks(TEXTS))
    np.testing.assert_allclose(half.values, exact.values, atol=0.15)
    assert len(set(half.values)) == len(TEXTS)
    assert "bf16" in half.details["settings"]


def test_the_passage_is_cut_and_counted_and_the_question_never(folder: Path) -> None:
    reranker = hub_cross_encoder(str(folder), device="cpu", precision="fp32")
    long = "the king and the queen signed it in a year " * 20
    scores = reranker.score(query(), chunks(["yes", long, "no"]))
    assert scores.details["truncated"] == 1
    assert scores.note == "1 of 3 passages truncated to 64 tokens."
    shorter = reranker.score(query(), chunks(["yes", long[: len(long) // 2], "no"]))
    np.testing.assert_allclose(scores.values, shorter.values, atol=1e-5)  # what was cut plays no part
    other = reranker.score(query("when was the war? who was the king?"), chunks(["yes", long, "no"]))
    assert abs(other.values[1] - scores.values[1]) > 1e-4  # and the question is still read


def test_a_question_that_leaves_no_room_for_a_passage_is_refused_and_not_cut(folder: Path) -> None:
    reranker = hub_cross_encoder(str(folder), device="cpu", precision="fp32")
    with pytest.raises(RerankerFailed, match="question has 60 tokens"):
        reranker.score(query("when was it " * 20), chunks(TEXTS))


def test_a_passages_score_does_not_depend_on_its_neighbours_in_the_batch(folder: Path) -> None:
    reranker = hub_cross_encoder(str(folder), device="cpu", precision="fp32")
    together = reranker.score(query(), chunks(TEXTS * 5)).values
    alone = [reranker.score(query(), chunks([text])).values[0] for text in TEXTS]
    np.testing.assert_allclose(together, alone * 5, atol=1e-5)


def test_the_section_is_read_with_the_passage(folder: Path) -> None:
    reranker = hub_cross_encoder(str(folder), device="cpu", precision="fp32")
    bare, headed = chunk(TEXTS[0]), replace(chunk(TEXTS[0]), section="tax report")
    values = reranker.score(query(), [bare, headed]).values
    assert values[0] != values[1]


def test_many_threads_get_the_scores_that_one_gets(folder: Path) -> None:
    reranker = hub_cross_encoder(str(folder), device="cpu", precision="fp32")
    expected = reranker.score(query(), chunks(TEXTS)).values
    found: list[np.ndarray] = []

    def ask() -> None:
        for _ in range(5):
            found.append(reranker.score(query(), chunks(TEXTS)).values)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    for values in found:
        np.testing.assert_allclose(values, expected, atol=1e-5)


def test_a_call_leaves_the_shared_model_as_it_was(folder: Path) -> None:
    reranker = hub_cross_encoder(str(folder), device="cpu", precision="fp32")
    reranker.warm_up()
    library = reranker.model.get().model
    before = (type(library.activation_fn), library.max_seq_length)
    reranker.score(query(), chunks(TEXTS))
    assert (type(library.activation_fn), library.max_seq_length) == before


def test_two_classes_score_by_the_log_odds_of_the_second(tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    save_cross_encoder(tmp_path, labels=2)
    mine = hub_cross_encoder(str(tmp_path), device="cpu", precision="fp32").score(query(), chunks(TEXTS))
    logits = CrossEncoder(str(tmp_path), device="cpu").predict([(query().text, text) for text in TEXTS])
    np.testing.assert_allclose(mine.values, logits[:, 1] - logits[:, 0], atol=1e-5)


def test_a_classifier_of_texts_is_no_reranker(tmp_path: Path) -> None:
    save_cross_encoder(tmp_path, labels=5)
    with pytest.raises(RerankerUnavailable, match="5 classes"):
        hub_cross_encoder(str(tmp_path), device="cpu").score(query(), chunks(TEXTS))


def test_an_embedding_model_is_refused_and_not_given_a_random_head(tmp_path: Path) -> None:
    save_encoder(tmp_path)
    with pytest.raises(RerankerUnavailable, match="has no head that scores pairs"):
        hub_cross_encoder(str(tmp_path), device="cpu").score(query(), chunks(TEXTS))


def test_a_damaged_model_says_which_and_is_not_loaded_again_for_every_question(tmp_path: Path) -> None:
    save_cross_encoder(tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    reranker = hub_cross_encoder(str(tmp_path), device="cpu")
    with pytest.raises(RerankerUnavailable, match="cannot be loaded"):
        reranker.score(query(), chunks(TEXTS))
    weights.write_bytes(whole)
    with pytest.raises(RerankerUnavailable, match="cannot be loaded"):
        reranker.score(query(), chunks(TEXTS))


def test_a_model_that_is_not_here_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    reranker = hub_cross_encoder("nobody/has-this-model", device="cpu")
    with pytest.raises(RerankerUnavailable, match="model hub cannot be reached"):
        reranker.score(query(), chunks(TEXTS))


@pytest.mark.parametrize("name", ["jinaai/jina-reranker-v2-base-multilingual", "jinaai/jina-reranker-m0"])
def test_a_model_that_needs_code_of_its_own_is_named_as_not_offered(name: str) -> None:
    with pytest.raises(RerankerUnavailable, match="not offered: its weights need the model's own code"):
        hub_cross_encoder(name, device="cpu").score(query(), chunks(TEXTS))


def test_the_fingerprint_changes_with_the_weights(tmp_path: Path) -> None:
    save_cross_encoder(tmp_path)
    first = hub_cross_encoder(str(tmp_path)).fingerprint
    assert first == hub_cross_encoder(str(tmp_path)).fingerprint
    save_cross_encoder(tmp_path, seed=1)
    assert first != hub_cross_encoder(str(tmp_path)).fingerprint
    assert first != hub_cross_encoder(str(tmp_path), precision="fp32").fingerprint


def test_no_passages_need_no_model() -> None:
    assert len(hub_cross_encoder("nobody/has-this-model").score(query(), []).values) == 0


@pytest.mark.skipif(not (PRECISE / "precise.safetensors").is_file(), reason="the built-in weights are not in this tree")
def test_the_built_in_reranker_gives_its_models_own_logits() -> None:
    import torch

    mine = builtin(folder=PRECISE, device="cpu", precision="fp32").score(query(), chunks(TEXTS))
    model, tokenizer = load_precise(PRECISE)
    for text, value in zip(TEXTS, mine.values, strict=True):
        inputs = tokenizer(query().text, text, return_tensors="pt")
        with torch.inference_mode():
            assert float(model(**inputs).logits[0, 0]) == pytest.approx(value, abs=1e-4)
    assert int(np.argmax(mine.values)) == 0


def test_missing_built_in_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(RerankerUnavailable, match=r"config\.json is missing"):
        builtin(folder=tmp_path).score(query(), chunks(TEXTS))
    assert builtin(folder=tmp_path).fingerprint == ""
