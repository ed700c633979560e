"""Small random models on disk: the wiring is tested against the library's own scores, not against a download."""

from __future__ import annotations

from pathlib import Path

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] when was the treaty signed in a an of by who wrote it is are not and yes no "
    "westphalia peace ended war king queen banana yellow fruit tree green tax revenue income net loss report year "
    "0 1 2 3 4 5 6 7 8 9 ? . , ##s ##ed ##ing"
).split()


def save_tokenizer(folder: Path, longest: int = 64) -> None:
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    BertTokenizerFast(vocab=vocabulary, model_max_length=longest).save_pretrained(folder)


def tiny_config(**more: object) -> object:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.3,
        **more,
    )


def save_cross_encoder(folder: Path, *, labels: int = 1, seed: int = 0) -> Path:
    """A BertForSequenceClassification with random weights."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(seed)
    BertForSequenceClassification(tiny_config(num_labels=labels)).eval().save_pretrained(folder)
    save_tokenizer(folder)
    return folder


def save_encoder(folder: Path, *, seed: int = 0) -> Path:
    """A bare BertModel, as embedding models are."""
    import torch
    from transformers import BertModel

    torch.manual_seed(seed)
    BertModel(tiny_config()).eval().save_pretrained(folder)
    save_tokenizer(folder)
    return folder
