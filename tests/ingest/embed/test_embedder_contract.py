"""The built-in models and one of a person's own keep to the embedders' contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.background_models import BackgroundModels
from ingest.embed.e5_weights import has_build
from ingest.embed.transformer import TransformerEmbedder
from ingest.protocols import Embedder
from tests.contracts.embedder import EmbedderContract
from tests.fakes.tiny_models import save_encoder
from tests.places import MODELS


class TestEnglish(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Embedder:
        return TransformerEmbedder(fast_model_dir=MODELS / "fast")


class TestInTheBackground(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Embedder:
        return BackgroundModels(lambda: TransformerEmbedder(fast_model_dir=MODELS / "fast"))


@pytest.mark.skipif(not has_build(), reason="the multilingual model is not built for this machine")
class TestMultilingual(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
        caches = (tmp_path_factory.mktemp("models"),)
        folder = MODELS / "multilingual"
        return TransformerEmbedder(family="multilingual", fast_model_dir=folder, caches=caches)


class TestOwn(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
        folder: Path = save_encoder(tmp_path_factory.mktemp("encoder"))
        return TransformerEmbedder(str(folder), fast_model_dir=MODELS / "fast")
