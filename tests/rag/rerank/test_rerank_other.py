"""Rerankers of other libraries: ColBERT through sentence-transformers; FlashRank and `rerankers` where installed."""

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ingest.embed.options import ModelOptions
from ingest.errors import RerankerUnavailable
from rag.rerank.options import RerankOptions
from rag.rerank.other import colbert, flashrank, rerankers_package
from rag.rerank.registry import make_reranker
from tests.fakes.passages import chunks, query
from tests.fakes.tiny_models import save_colbert, save_encoder, save_flashrank, save_t5

TEXTS = ["the peace treaty was signed in 1 6 4 8", "a banana is a yellow fruit", "the king and the queen", "tax report"]


def needs(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(package) is None, reason=f"the extra with {package} is not installed")


def lacks(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(package) is not None, reason=f"{package} is installed here")


def test_a_colbert_model_scores_by_maxsim(tmp_path: Path) -> None:
    from sentence_transformers import MultiVectorEncoder

    save_colbert(tmp_path)
    reranker = colbert(str(tmp_path), device="cpu", precision="fp32")
    mine = reranker.score(query(), chunks(TEXTS)).values
    library = MultiVectorEncoder(str(tmp_path), device="cpu")
    asked = library.encode_query(query().text)
    for text, value in zip(TEXTS, mine, strict=True):
        passage = library.encode_document(text)
        by_hand = (asked @ passage.T).max(dim=1).values.sum()  # Khattab and Zaharia 2020, equation 3
        assert value == pytest.approx(float(by_hand), abs=1e-4)
    assert len(set(mine.round(4))) == len(TEXTS)
    assert reranker.fingerprint


def test_a_plain_encoder_is_refused_and_not_given_a_random_projection(tmp_path: Path) -> None:
    save_encoder(tmp_path)
    with pytest.raises(RerankerUnavailable, match="is no ColBERT-style model"):
        colbert(str(tmp_path), device="cpu").score(query(), chunks(TEXTS))


def test_a_colbert_model_named_as_a_cross_encoder_says_how_it_is_named(tmp_path: Path) -> None:
    save_colbert(tmp_path)
    reranker = make_reranker(str(tmp_path), options=RerankOptions(models=ModelOptions(device="cpu")))
    with pytest.raises(RerankerUnavailable, match=f"colbert:{tmp_path}"):
        reranker.score(query(), chunks(TEXTS))


@lacks("flashrank")
def test_missing_flashrank_names_its_extra() -> None:
    reranker = make_reranker("flashrank:ms-marco-TinyBERT-L-2-v2", options=RerankOptions())
    with pytest.raises(RerankerUnavailable, match=r"-m pip install flashrank"):
        reranker.score(query(), chunks(TEXTS))


@lacks("rerankers")
def test_missing_rerankers_names_its_extra() -> None:
    reranker = make_reranker("rerankers:unicamp-dl/InRanker-base", options=RerankOptions())
    with pytest.raises(RerankerUnavailable, match=r"-m pip install rerankers"):
        reranker.score(query(), chunks(TEXTS))


def test_a_model_whose_type_the_name_does_not_tell_must_name_it() -> None:
    with pytest.raises(RerankerUnavailable, match="rerankers:TYPE:MODEL, with TYPE one of t5"):
        rerankers_package("somebody/some-model")


def test_listt5_is_refused_and_not_read_as_another_kind_of_model() -> None:
    for name in ("Soyoung97/ListT5-base", "t5:Soyoung97/ListT5-base"):
        with pytest.raises(RerankerUnavailable, match="not offered"):
            rerankers_package(name)


@needs("flashrank")
@needs("onnx")
def test_flashrank_scores_stand_beside_their_passages(tmp_path: Path) -> None:
    from flashrank import Ranker, RerankRequest

    name = "ms-marco-TinyBERT-L-2-v2"
    save_flashrank(tmp_path / name)
    texts = sorted(TEXTS, key=len)
    mine = flashrank(name, cache_folder=tmp_path).score(query(), chunks(texts)).values
    rows = [{"id": i, "text": text} for i, text in enumerate(texts)]
    ranked = Ranker(model_name=name, cache_dir=str(tmp_path)).rerank(RerankRequest(query=query().text, passages=rows))
    assert {row["id"]: row["score"] for row in ranked} == pytest.approx(dict(enumerate(mine)))
    assert [row["id"] for row in ranked] != [0, 1, 2, 3]  # it sorts, so places would have been wrong


@needs("flashrank")
def test_an_unknown_flashrank_model_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(RerankerUnavailable, match="Known: ms-marco-TinyBERT"):
        flashrank("cat", cache_folder=tmp_path).score(query(), chunks(TEXTS))


@needs("flashrank")
def test_a_flashrank_model_that_cannot_be_fetched_says_where_it_belongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("flashrank.Ranker"), "model_url", "http://127.0.0.1:9/{}.zip")
    with pytest.raises(RerankerUnavailable, match="could not be fetched"):
        flashrank("ms-marco-TinyBERT-L-2-v2", cache_folder=tmp_path / "cache").score(query(), chunks(TEXTS))


@needs("rerankers")
def test_a_t5_model_scores_through_the_package(tmp_path: Path) -> None:
    from rerankers import Reranker

    save_t5(tmp_path)
    mine = rerankers_package(f"t5:{tmp_path}", device="cpu").score(query(), chunks(TEXTS))
    results = Reranker(str(tmp_path), model_type="t5", verbose=0, device="cpu").rank(query().text, TEXTS)
    theirs = [results.get_score_by_docid(i) for i in range(len(TEXTS))]
    np.testing.assert_allclose(mine.values, theirs, atol=1e-5)


def test_damaged_colbert_folder_is_said(tmp_path: Path) -> None:
    save_colbert(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["HF_ColBERT"]}), encoding="utf-8")
    with pytest.raises(RerankerUnavailable, match="cannot be loaded"):
        colbert(str(tmp_path), device="cpu").score(query(), chunks(TEXTS))
