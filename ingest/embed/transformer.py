"""Text → one dense vector and its token vectors, by one forward pass of a sentence-transformers model.

The dense vector is what `SentenceTransformer.encode` gives. Token vectors are the last hidden states without the
special tokens and the words that the model wants in front, L2-normalised around their mean, projected, normalised again
and rounded to int8: what late interaction compares.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ingest.documents import EncodedText
from ingest.errors import ModelMissing, SettingsError

if TYPE_CHECKING:
    import torch

from ingest.embed.base_models import ENGLISH, base_fingerprint, base_folder, sampled
from ingest.embed.hardware import chosen_precision, torch_dtype
from ingest.embed.token_projection import plain_projection, trained_projection

LONGEST = 256  # word pieces with special tokens; what all-MiniLM-L6-v2 was trained with
BATCH = 16  # measured on 2 cores: 8, 16 and 32 texts of 200 word pieces give 110, 125 and 105 texts/s
SHAPES = 16  # lengths are padded to a multiple of this: oneDNN makes and keeps kernels for each shape (160 MB measured)
QUESTIONS_KEPT = 256


def embedder_fingerprint(model: str = "builtin", *, family: str = ENGLISH, fast_model_dir: Path) -> str:
    """Known without loading anything heavy: of the weights' files and the projection.

    The numeric precision is left out (bfloat16 moves a cosine by 3e-5). A model that is named, not a folder, counts by
    its name alone. Raises ModelMissing when the built-in projection is not in `fast_model_dir`.
    """
    if model == "builtin":
        return f"{base_fingerprint(family)}-{trained_projection(fast_model_dir).fingerprint}"
    folder = Path(model)
    what = sampled(folder) if folder.is_dir() else hashlib.sha256(model.encode()).hexdigest()[:12]
    return f"{what}-plain"


class TransformerEmbedder:
    """A built-in base model, or any sentence-transformers model by name or folder. Thread-safe.

    family: which of the built-in ones `builtin` means (ingest/embed/base_models.py). fast_model_dir: the folder with
    the `projection.safetensors` that was fitted to it. caches: where the multilingual one may be unpacked.
    threads: for torch, 0 leaves it as it is. device: `auto`, `cpu`, `cuda` or `mps`.
    Raises ModelMissing when the weights are neither installed nor to be had, SettingsError when the model is of a kind
    that gives no token vectors.
    """

    def __init__(
        self,
        model: str = "builtin",
        *,
        family: str = ENGLISH,
        fast_model_dir: Path,
        caches: Sequence[Path] = (),
        threads: int = 0,
        device: str = "cpu",
    ) -> None:
        # Waiting threads sleep instead of spinning. Spinning gains nothing here and costs two thirds of the speed as
        # soon as anything else wants the cores (measured on 2 busy cores: 12 texts/s spinning, 35 sleeping). OpenMP
        # reads this once, when torch is first imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import torch
        from tokenizers import Tokenizer

        if threads:
            torch.set_num_threads(threads)
        self.name = model
        self._torch = torch
        # One lock around tokenizer and model: a fast tokenizer that two threads enter raises "Already borrowed".
        self._lock = threading.Lock()
        self._model = _loaded(str(base_folder(family, caches=caches)) if model == "builtin" else model, device)
        self._device = self._model.device
        try:
            # A copy, because sentence-transformers sets padding and truncation on its own as it goes.
            self._tokenizer = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
            hidden = int(self._model[0].get_embedding_dimension())
        except (AttributeError, TypeError) as error:
            raise _no_token_vectors(model) from error
        longest = int(self._model.max_seq_length or LONGEST)
        self.longest = min(longest, LONGEST) if model == "builtin" and family == ENGLISH else longest
        # An unknown character is a word like any other; the rest of the special tokens mean nothing.
        known = set(self._model.tokenizer.all_special_ids) - {self._model.tokenizer.unk_token_id}
        self._special = np.array(sorted(known), np.int32)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._pad = self._model.tokenizer.pad_token_id or 0
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        self.projection = trained_projection(fast_model_dir) if model == "builtin" else plain_projection(hidden)
        self._fast_half = _half_precision(self._device.type)
        self._mean = None if self.projection.mean is None else self._tensor(self.projection.mean)
        self._matrix = None if self.projection.matrix is None else self._tensor(self.projection.matrix)
        self._scale = self._tensor(self.projection.scale)
        self._fingerprint = embedder_fingerprint(model, family=family, fast_model_dir=fast_model_dir)
        self._questions: OrderedDict[str, EncodedText] = OrderedDict()
        # Models that were trained with "query: " or "passage: " in front say so themselves.
        prompts = {name: prompt or "" for name, prompt in (self._model.prompts or {}).items()}
        self._before_question = prompts.get("query", "")
        self._before_passage = prompts.get("document") or prompts.get("passage") or ""
        self._question_words = self.count_tokens(self._before_question)
        self._passage_words = self.count_tokens(self._before_passage)
        try:
            self.encode_question("warm up")
        except KeyError as error:
            raise _no_token_vectors(model) from error

    @property
    def fingerprint(self) -> str:
        """See `embedder_fingerprint`."""
        return self._fingerprint

    def count_tokens(self, text: str) -> int:
        """Word pieces of `text`, without special tokens."""
        with self._lock:
            return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def count_tokens_many(self, texts: Sequence[str]) -> list[int]:
        """`count_tokens` of each text, in one call."""
        with self._lock:
            return [len(one.ids) for one in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> list[EncodedText]:
        """Encode in length-sorted batches; `progress` is called with the number of texts done so far.

        A text longer than `longest` word pieces is cut there. The lock is let go between batches, so that a
        question does not wait for a whole document.
        """
        with self._lock:
            marked = [self._before_passage + text for text in texts]
            pieces = [self._cut(one.ids) for one in self._tokenizer.encode_batch_fast(marked)]
        order = sorted(range(len(pieces)), key=lambda i: -len(pieces[i]))
        done: dict[int, EncodedText] = {}
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            with self._lock:
                done.update(zip(batch, self._forward([pieces[i] for i in batch], self._passage_words), strict=True))
            if progress:
                progress(len(done))
        return [done[i] for i in range(len(pieces))]

    def encode_question(self, text: str) -> EncodedText:
        """Encode one question; the last 256 are remembered."""
        with self._lock:
            known = self._questions.get(text)
            if known is None:
                pieces = self._cut(self._tokenizer.encode(self._before_question + text).ids)
                known = self._questions[text] = self._forward([pieces], self._question_words, half=False)[0]
            self._questions.move_to_end(text)
            if len(self._questions) > QUESTIONS_KEPT:
                self._questions.popitem(last=False)
            return known

    def _cut(self, ids: list[int]) -> list[int]:
        """Drop what is too long, but not the closing special token."""
        return ids if len(ids) <= self.longest else [*ids[: self.longest - 1], ids[-1]]

    def _forward(self, pieces: list[list[int]], words: int, half: bool = True) -> list[EncodedText]:
        """words: how many of each text's first pieces are what the model wants in front, and no part of the text."""
        torch = self._torch
        longest = min(-(-max(map(len, pieces)) // SHAPES) * SHAPES, self.longest)
        ids = torch.full((len(pieces), longest), self._pad, dtype=torch.long)
        mask = torch.zeros((len(pieces), longest), dtype=torch.long)
        for row, one in enumerate(pieces):
            ids[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1
        with torch.inference_mode(), self._fast_half() if half else nullcontext():
            out = self._model({"input_ids": ids.to(self._device), "attention_mask": mask.to(self._device)})
            dense = torch.nn.functional.normalize(out["sentence_embedding"].float(), dim=1).cpu().numpy()
            states = out["token_embeddings"].float()
        with torch.inference_mode():
            if self._mean is not None:
                states = states - self._mean
            states = torch.nn.functional.normalize(states, dim=2)
            if self._matrix is not None:
                states = torch.nn.functional.normalize(states @ self._matrix, dim=2)
            rounded = (states / self._scale).round_().clamp_(-127, 127).to(torch.int8).cpu().numpy()
        text = [~np.isin(one, self._special) for one in pieces]
        keep = [own & (np.cumsum(own) > words) for own in text]
        return [
            EncodedText(
                vector=np.ascontiguousarray(dense[row], np.float32),
                tokens=np.ascontiguousarray(rounded[row, : len(one)][keep[row]]),
                token_ids=np.asarray(one, np.int32)[keep[row]],
            )
            for row, one in enumerate(pieces)
        ]

    def _tensor(self, values: NDArray[np.float32]) -> torch.Tensor:
        return self._torch.from_numpy(np.array(values)).to(self._device)


def _loaded(model: str, device: str) -> Any:
    from huggingface_hub.errors import HfHubHTTPError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # over the tensors of a file; a download has another one
    try:
        loaded = SentenceTransformer(
            model,
            device=None if device == "auto" else device,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise ModelMissing(
            f"The embedding model {model!r} is not on this machine and could not be fetched ({type(error).__name__}). "
            "Check SECOND_PASS_EMBEDDING: `builtin`, a folder, or a sentence-transformers name that can be downloaded."
        ) from error
    except RuntimeError as error:
        raise SettingsError(f"SECOND_PASS_DEVICE={device!r} cannot be used here: {error}") from error
    loaded.eval()
    for parameter in loaded.parameters():
        parameter.requires_grad_(False)
    return loaded


def _no_token_vectors(model: str) -> SettingsError:
    return SettingsError(
        f"SECOND_PASS_EMBEDDING={model!r} gives no vectors of its tokens, which the fast reranker needs. Use a "
        "transformer model of sentence-transformers, or `builtin`."
    )


def _half_precision(device: str) -> Callable[[], AbstractContextManager[Any]]:
    """Autocast where `chosen_precision` halves it, else nothing; nor on `mps`, where it gained nothing."""
    precision = chosen_precision("auto", device)
    if precision == "fp32" or device == "mps":
        return nullcontext
    import torch

    return lambda: torch.autocast(device, torch_dtype(precision))
