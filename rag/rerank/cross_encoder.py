"""Cross-encoders: question and passage read together. The built-in one, and any of the model hub or a folder."""

from __future__ import annotations

import hashlib
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
from ingest.errors import ModelMissing, RerankerFailed, RerankerUnavailable
from rag.rerank import hub
from rag.rerank.once_loaded import OnceLoaded
from rag.rerank.protocol import Scores, empty_scores

BATCH = 32  # pairs a forward pass: a usual question's all at once (measured, 20 pairs: 160 ms by 16, 141 by 32)
SHAPES = 16  # lengths are padded to a multiple of this: the processor's kernels are made once a shape, and kept
LEAST_PASSAGE = 16  # tokens that the question must leave for the passage
# Part of a model's name → why it is refused before anything is fetched.
NOT_OFFERED = {
    "jina-reranker-v2": "its weights need the model's own code (trust_remote_code), which is never run here. Its maker "
    "hosts it (jina:jina-reranker-v2-base-multilingual), and BAAI/bge-reranker-v2-m3 runs here.",
    "jina-reranker-m0": "its weights need the model's own code (trust_remote_code), which is never run here.",
}


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a model made of pairs: (n,) raw scores, how many passages were cut, and to how many tokens a pair."""

    scores: NDArray[np.float64]
    truncated: int
    longest: int


class PairModel(Protocol):
    """A loaded model. Called under the reranker's lock only."""

    @property
    def settings(self) -> str:
        """Backend, device and precision, for the trace."""
        ...

    def read(self, question: str, texts: Sequence[str]) -> Read: ...


@dataclass(frozen=True, kw_only=True)
class CrossEncoderReranker:
    """Scores are raw logits (for two-class models the log-odds of the second class), whatever the model's own
    activation: a sigmoid loses the differences at both ends and changes no order."""

    name: str
    model: OnceLoaded[PairModel]
    version: Callable[[], str]
    listwise: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        return self.version()

    def warm_up(self) -> None:
        """Load the model now. Raises RerankerUnavailable."""
        self.model.get()

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        if not chunks:
            return empty_scores()
        model = self.model.get()
        # A fast tokenizer that two threads enter raises "Already borrowed"; and two passes at once are no faster.
        with self.lock:
            try:
                read = model.read(query.text, [chunk.headed_text for chunk in chunks])
            except (RuntimeError, ValueError, MemoryError) as error:
                raise RerankerFailed(f"{self.name} could not read the passages ({type(error).__name__}).") from error
        if np.isnan(read.scores).any():
            raise RerankerFailed(f"{self.name} gave scores that are not numbers (precision {model.settings}).")
        note = ""
        if read.truncated:
            note = f"{read.truncated} of {len(chunks)} passages truncated to {read.longest} tokens."
        details = {
            "scored": len(chunks),
            "truncated": read.truncated,
            "longest": read.longest,
            "settings": model.settings,
        }
        return Scores(values=read.scores, note=note, details=MappingProxyType(details))


def builtin(*, folder: Path, device: str = "auto", precision: str = "auto", threads: int = 0) -> CrossEncoderReranker:
    """Our own small cross-encoder from `folder` (data/models/precise)."""

    def load() -> PairModel:
        from rag.rerank.builtin_weights import load_precise, read_config

        place = chosen_device(device)
        chosen = chosen_precision(precision, place)
        _use_threads(threads)
        try:
            longest = int(read_config(folder).get("max_length", 256))
            with quiet_loading():
                model, tokenizer = load_precise(folder)
        except ModelMissing as error:
            raise RerankerUnavailable(f"builtin: {error}") from None
        model = model.to(place, torch_dtype(chosen))
        model.classifier.float()
        return SequenceClassifier(model=model, tokenizer=tokenizer, longest=longest, settings=f"torch {place} {chosen}")

    def version() -> str:
        digest = hashlib.sha256()
        try:
            for file in ("config.json", "precise.safetensors"):
                digest.update((folder / file).read_bytes())
        except OSError:
            return ""
        return f"builtin@{digest.hexdigest()[:16]}/{precision}/{device}"

    return CrossEncoderReranker(name="builtin", model=OnceLoaded(load), version=_kept(version))


def hub_cross_encoder(
    name: str, *, device: str = "auto", precision: str = "auto", threads: int = 0
) -> CrossEncoderReranker:
    """A sequence-classification model (or one that sentence-transformers' CrossEncoder knows) by hub name or folder."""

    def version() -> str:
        found = hub.found_here(name)
        if not found or not found.version:
            return ""
        return f"{name}@{found.version}/{precision}/{device}"

    def load() -> PairModel:
        return _load_from_hub(name, device=device, precision=precision, threads=threads)

    return CrossEncoderReranker(name=name, model=OnceLoaded(load), version=version)


@dataclass(frozen=True, kw_only=True)
class SequenceClassifier:
    """A BertForSequenceClassification with one logit a pair, and its tokenizer. Pairs are sorted by length, so that a
    batch holds little padding. The head computes in float32: in bf16 a logit has three digits, and passages tie."""

    model: Any
    tokenizer: Any
    longest: int
    settings: str

    def read(self, question: str, texts: Sequence[str]) -> Read:
        import torch

        longest = _longest_pair(self.tokenizer, question, self.longest)
        rows = self.tokenizer([question] * len(texts), list(texts), truncation=False, verbose=False)["input_ids"]
        lengths = [len(row) for row in rows]
        scores = np.empty(len(texts), dtype=np.float64)
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            inputs = self.tokenizer(
                [question] * len(batch),
                [texts[i] for i in batch],
                truncation="only_second",
                max_length=longest,
                padding=True,
                pad_to_multiple_of=SHAPES,
                return_tensors="pt",
            ).to(self.model.device)
            with torch.inference_mode():
                pooled = self.model.bert(**inputs).pooler_output.float()
                scores[batch] = self.model.classifier(pooled)[:, 0].cpu().numpy()
        return Read(scores=scores, truncated=sum(length > longest for length in lengths), longest=longest)


@dataclass(frozen=True, kw_only=True)
class LibraryCrossEncoder:
    """sentence-transformers' CrossEncoder. It sorts by length itself; what a call wants is given in the call, and
    the shared model is never changed."""

    model: Any
    longest: int
    pairs: bool
    settings: str

    def read(self, question: str, texts: Sequence[str]) -> Read:
        from torch.nn import Identity

        asked = [(question, text) for text in texts]
        truncated, longest, more = 0, self.longest, {}
        if self.pairs:
            tokenizer = self.model.tokenizer
            longest = _longest_pair(tokenizer, question, self.longest)
            rows = tokenizer([question] * len(texts), list(texts), truncation=False, verbose=False)["input_ids"]
            truncated = sum(len(row) > longest for row in rows)
            more = {"processing_kwargs": {"text": {"truncation": "only_second", "max_length": longest}}}
        logits = np.asarray(
            self.model.predict(asked, batch_size=BATCH, show_progress_bar=False, activation_fn=Identity(), **more),
            dtype=np.float64,
        )
        scores = logits if logits.ndim == 1 else logits[:, 1] - logits[:, 0]
        return Read(scores=scores, truncated=truncated, longest=longest)


def _longest_pair(tokenizer: Any, question: str, longest: int) -> int:
    """`longest` if the question leaves room for a passage. The question is never cut: rather no score."""
    asked = len(tokenizer(question, add_special_tokens=False, verbose=False)["input_ids"])
    if asked + LEAST_PASSAGE + tokenizer.num_special_tokens_to_add(pair=True) > longest:
        raise RerankerFailed(
            f"The question has {asked} tokens, and the reranker reads {longest} for question and passage together."
        )
    return longest


def _load_from_hub(name: str, *, device: str, precision: str, threads: int) -> PairModel:
    for pattern, reason in NOT_OFFERED.items():
        if pattern in name.casefold():
            raise RerankerUnavailable(f"{name} is not offered: {reason}")
    found = hub.find_model(name)
    place = chosen_device(device)
    chosen = chosen_precision(precision, place)
    _use_threads(threads)
    try:
        from sentence_transformers import CrossEncoder

        with quiet_loading():
            model = CrossEncoder(
                found.location,
                device=place,
                local_files_only=found.local,
                trust_remote_code=False,
                model_kwargs={"dtype": torch_dtype(chosen), "use_safetensors": True},  # the others are pickles
            )
    except ImportError as error:
        raise RerankerUnavailable(f"{name}: a package that it needs cannot be imported: {_first_line(error)}") from None
    except Exception as error:
        # The loader raises whatever the configuration, the tokenizer, safetensors or the hub's client raises.
        raise RerankerUnavailable(f"{name} cannot be loaded: {_first_line(error)}{_advice(error)}") from error
    _check_is_a_reranker(name, model)
    model.set_keep_in_fp32_modules(_linear_heads(model))
    transformer = model[0]
    pairs = getattr(transformer, "transformer_task", "") == "sequence-classification"
    return LibraryCrossEncoder(
        model=model,
        longest=int(min(model.max_seq_length or 512, 8192)),
        pairs=pairs,
        settings=f"torch {place} {chosen}",
    )


def _check_is_a_reranker(name: str, model: Any) -> None:
    """A bare embedding model would be given a random head, and rank at random, without a word."""
    architectures = list(getattr(model.config, "architectures", None) or [])
    if architectures and not architectures[0].endswith(("ForSequenceClassification", "ForCausalLM")):
        raise RerankerUnavailable(
            f"{name} is a {architectures[0]}, not a cross-encoder: it has no head that scores pairs. "
            f"A ColBERT-style model is named colbert:{name}."
        )
    if model.num_labels > 2:
        raise RerankerUnavailable(f"{name} sorts texts into {model.num_labels} classes; it does not score relevance.")


def _linear_heads(model: Any) -> list[str]:
    """The last linear layers, which give the logits: computed in float32, so that close passages do not tie."""
    from torch.nn import Linear

    heads = ("classifier", "classifier.out_proj", "score")
    return [
        name
        for name, module in model.named_modules()
        if type(module) is Linear and name.endswith(tuple(f".model.{head}" for head in heads))
    ]


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _advice(error: BaseException) -> str:
    if "trust_remote_code" in str(error):
        return " It wants to run code of its own, which is not allowed here; take a model that does without."
    return ""


def _use_threads(threads: int) -> None:
    if threads:
        import torch

        torch.set_num_threads(threads)


def _kept(version: Callable[[], str]) -> Callable[[], str]:
    """Computes a version once it is known; "" is asked for again."""
    known: list[str] = []

    def kept() -> str:
        if not known and (found := version()):
            known.append(found)
        return known[0] if known else ""

    return kept
