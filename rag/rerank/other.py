"""Rerankers of other libraries: FlashRank's ONNX models, ColBERT-style models, and all that `rerankers` knows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, Query
from ingest.embed.hardware import chosen_device, chosen_precision, quiet_loading, torch_dtype
from ingest.errors import RerankerFailed, RerankerUnavailable
from rag.rerank import hub
from rag.rerank.extras import install_command, missing_extra
from rag.rerank.once_loaded import OnceLoaded
from rag.rerank.protocol import Scores, empty_scores

RERANKERS_TYPES = {
    "t5": "T5Ranker",
    "lit5": "LiT5Ranker",
    "rankllm": "RankLLMRanker",
    "rankgpt": "RankGPTRanker",
    "cross-encoder": "TransformerRanker",
    "colbert": "ColBERTRanker",
    "flashrank": "FlashRankRanker",
    "llm-layerwise": "LLMLayerWiseRanker",
    "monovlm": "MonoVLMRanker",
    "upr": "UPRRanker",
    "mxbaiv2": "MxBaiV2Ranker",
    "pylate": "PyLateRanker",
}
# What a model's name tells of its type, in this order.
TOLD_BY_NAME = (
    ("lit5", "lit5"),
    ("t5", "t5"),
    ("inranker", "t5"),
    ("vicuna", "rankllm"),
    ("zephyr", "rankllm"),
    ("gemma2-lightweight", "llm-layerwise"),
    ("mxbai-rerank-base-v2", "mxbaiv2"),
    ("mxbai-rerank-large-v2", "mxbaiv2"),
)


class TextScorer(Protocol):
    """A loaded model of a library. Called under the reranker's lock only."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """(len(texts),) in the order given."""
        ...


@dataclass(frozen=True, kw_only=True)
class LibraryReranker:
    """Scores are the library's own."""

    name: str
    model: OnceLoaded[TextScorer]
    version: Callable[[], str]
    listwise: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        return self.version()

    def warm_up(self) -> None:
        self.model.get()

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        if not chunks:
            return empty_scores()
        model = self.model.get()
        with self.lock:
            try:
                values = model.scores(query.text, [chunk.headed_text for chunk in chunks])
            except RerankerFailed:
                raise
            except Exception as error:
                # Any of three libraries, each with errors of whatever it stands on.
                raise RerankerFailed(f"{self.name} could not read the passages ({type(error).__name__}).") from error
        if values.shape != (len(chunks),) or np.isnan(values).any():
            raise RerankerFailed(f"{self.name} gave no usable scores for {len(chunks)} passages.")
        return Scores(values=values, details=MappingProxyType({"scored": len(chunks)}))


def flashrank(model: str, *, cache_folder: Path) -> LibraryReranker:
    """A FlashRank model, from `cache_folder`/MODEL or fetched to there. Needs the extra `flashrank`."""

    def load() -> TextScorer:
        try:
            from flashrank import Ranker
            from flashrank.Config import model_file_map
        except ImportError:
            raise RerankerUnavailable(f"flashrank:{model} needs {missing_extra('flashrank')}.") from None
        if model not in model_file_map:
            raise RerankerUnavailable(f"flashrank knows no model {model!r}. Known: {', '.join(model_file_map)}.")
        try:
            cache_folder.mkdir(parents=True, exist_ok=True)
            return _FlashRank(ranker=Ranker(model_name=model, cache_dir=str(cache_folder), log_level="WARNING"))
        except Exception as error:
            # Its download uses requests, its session onnxruntime, its tokenizer tokenizers: each with own errors.
            raise RerankerUnavailable(
                f"flashrank:{model} is not in {cache_folder} and could not be fetched, or is damaged there "
                f"({type(error).__name__}). Put the model's unpacked folder there."
            ) from error

    def version() -> str:
        folder = cache_folder / model
        if not folder.is_dir():
            return ""
        return f"flashrank:{model}@{hub.version_of_package('flashrank')}/{hub.folder_version(folder)}"

    return LibraryReranker(name=f"flashrank:{model}", model=OnceLoaded(load), version=version)


def colbert(model: str, *, device: str = "auto", precision: str = "auto") -> LibraryReranker:
    """A ColBERT-style model (Stanford, PyLate or sentence-transformers format) by hub name or folder.

    Score: MaxSim, the sum over question tokens of the best cosine (Khattab and Zaharia 2020). Passages are encoded
    for every question; with the score cache only once for each.
    """

    def load() -> TextScorer:
        found = hub.find_model(model)
        place = chosen_device(device)
        chosen = chosen_precision(precision, place)
        try:
            from sentence_transformers import MultiVectorEncoder

            with quiet_loading():
                encoder = MultiVectorEncoder(
                    found.location,
                    device=place,
                    local_files_only=found.local,
                    trust_remote_code=False,
                    model_kwargs={"dtype": torch_dtype(chosen), "use_safetensors": True},
                )
        except Exception as error:
            # The loader raises whatever the configuration, the tokenizer, safetensors or the hub's client raises.
            raise RerankerUnavailable(f"colbert:{model} cannot be loaded ({type(error).__name__}).") from error
        _check_projection(model, found.location, encoder)
        return _ColBert(encoder=encoder)

    def version() -> str:
        found = hub.found_here(model)
        return f"colbert:{model}@{found.version}/{precision}/{device}" if found and found.version else ""

    return LibraryReranker(name=f"colbert:{model}", model=OnceLoaded(load), version=version)


def rerankers_package(rest: str, *, device: str = "auto") -> LibraryReranker:
    """MODEL or TYPE:MODEL of the package `rerankers` (an extra): T5, RankVicuna, RankZephyr and what else it knows."""
    kind, model = _type_and_model(rest)

    def load() -> TextScorer:
        try:
            from rerankers import Reranker
            from rerankers.models import AVAILABLE_RANKERS
        except ImportError:
            raise RerankerUnavailable(f"rerankers:{rest} needs {missing_extra('rerankers')}.") from None
        if RERANKERS_TYPES[kind] not in AVAILABLE_RANKERS:
            raise RerankerUnavailable(
                f"rerankers:{rest} needs packages of its own: `{install_command(f'rerankers[{_dependency(kind)}]')}`."
            )
        if not hub.is_folder(model) and hub.HUB_NAME.fullmatch(model):
            hub.find_model(model)  # a plain error at once, not after a minute of retries
        arguments = {"device": chosen_device(device)} if kind in ("t5", "cross-encoder", "colbert") else {}
        try:
            ranker = Reranker(model, model_type=kind, verbose=0, **arguments)
        except Exception as error:
            # Each of its rankers stands on another library.
            raise RerankerUnavailable(f"rerankers:{rest} cannot be loaded ({type(error).__name__}).") from error
        return _RerankersPackage(ranker=ranker, name=f"rerankers:{rest}")

    def version() -> str:
        found = hub.found_here(model)
        package = hub.version_of_package("rerankers")
        return f"rerankers:{rest}@{package}/{found.version}/{device}" if found and found.version else ""

    return LibraryReranker(
        name=f"rerankers:{rest}",
        model=OnceLoaded(load),
        version=version,
        listwise=kind in ("lit5", "rankllm", "rankgpt"),
    )


@dataclass(frozen=True, kw_only=True)
class _FlashRank:
    ranker: Any

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        from flashrank import RerankRequest

        rows = [{"id": i, "text": text} for i, text in enumerate(texts)]
        ranked = self.ranker.rerank(RerankRequest(query=question, passages=rows))
        return _in_order({int(row["id"]): float(row["score"]) for row in ranked}, len(texts))


@dataclass(frozen=True, kw_only=True)
class _ColBert:
    encoder: Any

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        asked = self.encoder.encode_query([question], show_progress_bar=False)
        passages = self.encoder.encode_document(list(texts), show_progress_bar=False)
        return np.asarray(self.encoder.similarity(asked, passages).float().cpu().numpy()[0], dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class _RerankersPackage:
    ranker: Any
    name: str

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        results = self.ranker.rank(query=question, docs=list(texts), doc_ids=list(range(len(texts))))
        told = {}
        for place, result in enumerate(results):
            # Its listwise rankers give places only.
            told[int(result.document.doc_id)] = float(-place if result.score is None else result.score)
        return _in_order(told, len(texts))


def _in_order(told: dict[int, float], count: int) -> NDArray[np.float64]:
    if set(told) != set(range(count)):
        raise RerankerFailed(f"The library gave scores for {len(told)} of {count} passages.")
    return np.array([told[i] for i in range(count)], dtype=np.float64)


def _check_projection(model: str, location: str, encoder: Any) -> None:
    """A plain encoder would be given a random projection, and rank at random, without a word."""
    architectures = list(getattr(encoder[0].model.config, "architectures", None) or [])
    native = any(name == "HF_ColBERT" or name.endswith("ForRetrieval") for name in architectures)
    if not native and not hub.has_file(location, "modules.json"):
        raise RerankerUnavailable(f"{model} is no ColBERT-style model: it has no projection of its token vectors.")


def _type_and_model(rest: str) -> tuple[str, str]:
    if "listt5" in rest.casefold():  # it would load as a T5 that scores single passages, which it was never taught
        raise RerankerUnavailable(
            f"rerankers:{rest} is not offered: the package rerankers has no reader for ListT5. Its LiT5 and RankZephyr "
            "models read lists too."
        )
    kind, separator, model = rest.partition(":")
    if separator and kind in RERANKERS_TYPES:
        return kind, model
    told = next((known for part, known in TOLD_BY_NAME if part in rest.casefold()), None)
    if told:
        return told, rest
    raise RerankerUnavailable(
        f"rerankers:{rest} does not tell its type. Name it: rerankers:TYPE:MODEL, with TYPE one of "
        f"{', '.join(RERANKERS_TYPES)}."
    )


def _dependency(kind: str) -> str:
    return {"rankllm": "rankllm", "rankgpt": "gpt", "flashrank": "flashrank", "pylate": "pylate"}.get(
        kind, "transformers"
    )
