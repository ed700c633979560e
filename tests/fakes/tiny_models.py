"""Small random models on disk: the wiring is tested against the library's own scores, not against a download."""

from __future__ import annotations

from pathlib import Path

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] [unused0] [unused1] "
    "when was the treaty signed in a an of by who wrote it is are not and yes no "
    "westphalia peace ended war king queen banana yellow fruit tree green tax revenue income net loss report year "
    "0 1 2 3 4 5 6 7 8 9 ? . , ##s ##ed ##ing"
).split()


def save_tokenizer(folder: Path, longest: int = 64) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, mask_token="[MASK]", model_max_length=longest, **special
    ).save_pretrained(folder)


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


def save_colbert(folder: Path, *, seed: int = 0) -> Path:
    """Stanford's format: a BertModel and `linear.weight` in one file, architecture HF_ColBERT."""
    import json

    import torch
    from safetensors.torch import save_file
    from transformers import BertModel

    torch.manual_seed(seed)
    model = BertModel(tiny_config(), add_pooling_layer=False).eval()
    weights = {f"bert.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
    weights["linear.weight"] = torch.randn(16, 32)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_dict() | {"architectures": ["HF_ColBERT"]}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    metadata = {"query_maxlen": 16, "doc_maxlen": 48, "query_token_id": "[unused0]", "doc_token_id": "[unused1]"}
    (folder / "artifact.metadata").write_text(json.dumps(metadata), encoding="utf-8")
    save_tokenizer(folder)
    return folder


def save_t5(folder: Path, *, seed: int = 0) -> Path:
    """A random T5 whose tokenizer knows the words that MonoT5 answers with."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    torch.manual_seed(seed)
    words = ["<pad>", "</s>", "<unk>", "▁true", "▁false", "true", "false", *WORDS]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=64
    )
    fast.save_pretrained(folder)
    config = T5Config(
        vocab_size=len(words),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    T5ForConditionalGeneration(config).eval().save_pretrained(folder)
    return folder


def save_flashrank(folder: Path) -> Path:
    """FlashRank's layout of files, with an ONNX graph whose logit is the mean of the token ids."""
    import json

    import onnx
    from onnx import TensorProto, helper

    save_tokenizer(folder)
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}), encoding="utf-8")
    tokens = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    (folder / "special_tokens_map.json").write_text(json.dumps(tokens), encoding="utf-8")
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in names]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1])
    scale = helper.make_tensor("scale", TensorProto.FLOAT, [1], [0.05])
    nodes = [
        helper.make_node("Mul", ["input_ids", "token_type_ids"], ["second"]),
        helper.make_node("Cast", ["second"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "scale"], ["logits"]),
    ]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], [scale])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, str(folder / "flashrank-TinyBERT-L-2-v2.onnx"))
    return folder
