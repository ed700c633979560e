"""Token vectors on disk: MaxSim as defined, IDF kept up to date, files whole or not there."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.documents import EncodedChunk, EncodedText
from ingest.store.tokens.mapped_files import TokenIndex
from ingest.store.tokens.max_similarity import PRIOR_PASSAGES
from tests.contracts.stored_index import StoredIndexContract
from tests.fakes.library_parts import encoded, encoded_chunk, query, small_projection


def open_index(folder: Path, fingerprint: str = "e1", idf: bool = False) -> TokenIndex:
    return TokenIndex(folder, fingerprint=fingerprint, projection=small_projection(idf=idf))


def max_sim(question: EncodedText, passage: EncodedText) -> np.ndarray:
    """The definition, token by token: (q,) best cosine."""
    a, b = question.tokens.astype(float), passage.tokens.astype(float)
    return np.array([max(float(t @ p) / (np.linalg.norm(t) * 127) for p in b) for t in a])


def test_max_sim_is_what_the_definition_says(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    items = [encoded_chunk(document, position) for document in ("a", "b") for position in range(5)]
    index.add(items)
    asked = query(like=encoded(99, tokens=4))
    best, weights = index.max_similarities(asked, [item.chunk for item in reversed(items)])
    assert best.shape == (10, 4)
    assert weights.shape == (4,)
    expected = [max_sim(asked.encoded, item.encoded) for item in reversed(items)]
    np.testing.assert_allclose(best, expected, rtol=1e-4, atol=1e-4)


def test_more_chunks_than_one_block_come_out_in_order(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    items = [encoded_chunk("a", position) for position in range(300)]
    index.add(items)
    asked = query(like=encoded(5))
    together, _ = index.max_similarities(asked, [item.chunk for item in items])
    alone = [index.max_similarities(asked, [item.chunk])[0][0] for item in items[120:140]]
    np.testing.assert_allclose(together[120:140], alone, rtol=1e-5, atol=1e-5)


def test_a_chunk_without_vectors_gets_nan_and_the_others_their_values(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    held, unknown = encoded_chunk("a", 0), encoded_chunk("b", 0)
    index.add([held])
    best, _ = index.max_similarities(query(), [unknown.chunk, held.chunk])
    assert np.isnan(best[0]).all()
    assert np.isfinite(best[1]).all()
    nothing, weights = index.max_similarities(query(), [])
    assert nothing.shape == (0, len(weights))


def test_everything_outlives_a_restart_and_can_be_added_in_parts(tmp_path: Path) -> None:
    items = [encoded_chunk("a", position) for position in range(6)]
    index = open_index(tmp_path)
    index.add(items[3:])
    index.add(items[:4])
    asked = query(like=encoded(7))
    before = index.max_similarities(asked, [item.chunk for item in items])
    again = open_index(tmp_path)
    assert again.ids() == {item.chunk.id for item in items}
    after = again.max_similarities(asked, [item.chunk for item in items])
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


def test_removing_and_discarding_leave_the_rest(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.add([encoded_chunk(document, position) for document in ("a", "b", "c") for position in range(3)])
    index.remove("a")
    index.remove("nobody")
    index.discard({"b-00001", "c-00000", "c-00001", "c-00002", "unknown"})
    assert index.ids() == {"b-00000", "b-00002"}
    assert open_index(tmp_path).ids() == {"b-00000", "b-00002"}
    best, _ = index.max_similarities(query(), [encoded_chunk("b", 2).chunk, encoded_chunk("b", 1).chunk])
    np.testing.assert_allclose(best[0], max_sim(query().encoded, encoded_chunk("b", 2).encoded), rtol=1e-4, atol=1e-4)
    assert np.isnan(best[1]).all()


def test_a_rarer_word_piece_weighs_more_and_weights_sum_to_one(tmp_path: Path) -> None:
    index = open_index(tmp_path)

    def with_pieces(document: str, pieces: list[int]) -> EncodedChunk:
        item = encoded_chunk(document, 0)
        some = replace(item.encoded, tokens=item.encoded.tokens[: len(pieces)], token_ids=np.array(pieces, np.int32))
        return replace(item, encoded=some)

    for number in range(20):
        index.add([with_pieces(f"d{number}", [7, 7, 100 + number])])
    weights = index.weights(np.array([7, 100, 29000], np.int32))
    assert weights.sum() == pytest.approx(1)
    assert weights[0] < weights[1] < weights[2]
    idf = np.log(21 / np.array([20.5, 1.5, 0.5]))
    np.testing.assert_allclose(weights, idf / idf.sum(), rtol=1e-5)


def test_an_empty_library_weighs_words_as_english_does(tmp_path: Path) -> None:
    index = open_index(tmp_path, idf=True)
    pieces = np.array([5, 5000, 20000], np.int32)
    prior = small_projection(idf=True).idf[pieces]  # type: ignore[index]
    np.testing.assert_allclose(index.weights(pieces), prior / prior.sum(), rtol=1e-4)
    assert PRIOR_PASSAGES > 0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "discard"]), st.integers(0, 3), st.integers(0, 4))))
def test_document_frequencies_always_equal_a_recount(steps: list[tuple[str, int, int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        index = open_index(Path(folder))
        held: dict[str, EncodedChunk] = {}
        for step, document, position in steps:
            item = encoded_chunk(f"d{document}", position)
            if step == "add":
                index.add([item])
                held[item.chunk.id] = item
            elif step == "discard":
                index.discard({item.chunk.id})
                held.pop(item.chunk.id, None)
            else:
                index.remove(f"d{document}")
                held = {key: value for key, value in held.items() if value.chunk.document_id != f"d{document}"}
        recount = np.zeros(len(index._frequency), np.int64)
        for item in held.values():
            recount[np.unique(item.encoded.token_ids)] += 1
        assert index.ids() == set(held)
        assert index._passages == len(held)
        np.testing.assert_array_equal(index._frequency, recount)
        again = open_index(Path(folder))._frequency
        np.testing.assert_array_equal(np.pad(again, (0, len(recount) - len(again))), recount)


@pytest.mark.parametrize("damage", ["truncated", "random", "empty"])
def test_a_damaged_file_is_taken_for_missing(tmp_path: Path, damage: str) -> None:
    index = open_index(tmp_path)
    index.add([encoded_chunk("a", 0), encoded_chunk("b", 0)])
    path = next(tmp_path.glob("*/a.safetensors"))
    data = path.read_bytes()
    path.write_bytes({"truncated": data[:-7], "random": os.urandom(len(data)), "empty": b""}[damage])
    again = open_index(tmp_path)
    assert again.ids() == {"b-00000"}
    again.add([encoded_chunk("a", 0)])
    assert again.ids() == {"a-00000", "b-00000"}


@pytest.mark.parametrize("lie", ["a vocabulary of billions", "a header of gigabytes", "offsets that run back"])
def test_fault_46_a_file_whose_header_lies_is_damaged_and_costs_no_memory(tmp_path: Path, lie: str) -> None:
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    index = open_index(tmp_path)
    index.add([encoded_chunk("a", 0), encoded_chunk("a", 1), encoded_chunk("b", 0)])
    path = next(tmp_path.glob("*/a.safetensors"))
    arrays = load_file(path)
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
    if lie == "a header of gigabytes":
        size = 600 * 2**20
        path.write_bytes(size.to_bytes(8, "little") + path.read_bytes()[8:])
        os.truncate(path, size + 100)  # sparse: it takes no room on the disk
    else:
        if lie == "a vocabulary of billions":
            arrays["pieces"][-1] = 2**31 - 1
        else:
            arrays["offsets"][1] = -5
        save_file(arrays, path, metadata)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    again = open_index(tmp_path)
    assert again.ids() == {"b-00000"}
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 100


def test_one_flipped_bit_is_found_by_the_thorough_check(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.add([encoded_chunk("a", 0), encoded_chunk("b", 0)])
    assert index.damaged() == []
    path = next(tmp_path.glob("*/a.safetensors"))
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(bytes(data))
    assert open_index(tmp_path).damaged() == ["a"]


def test_a_write_that_was_cut_off_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.add([encoded_chunk("a", 0)])
    part = next(tmp_path.glob("*")) / ".half.part"
    part.write_bytes(b"half")
    assert open_index(tmp_path).ids() == {"a-00000"}
    assert not part.exists()


def test_vectors_of_another_embedder_are_not_read_but_are_removed(tmp_path: Path) -> None:
    open_index(tmp_path, "e1").add([encoded_chunk("a", 0), encoded_chunk("b", 0)])
    new = open_index(tmp_path, "e2")
    assert new.ids() == set()
    new.remove("a")
    assert open_index(tmp_path, "e1").ids() == {"b-00000"}
    new.clear()
    assert open_index(tmp_path, "e1").ids() == set()


def test_the_file_is_a_plain_safetensors_file(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    items = [encoded_chunk("a", position) for position in range(3)]
    open_index(tmp_path).add(items)
    tensors = load_file(next(tmp_path.glob("*/a.safetensors")))
    np.testing.assert_array_equal(tensors["tokens"], np.concatenate([item.encoded.tokens for item in items]))
    np.testing.assert_array_equal(tensors["offsets"], [0, 6, 12, 18])


class TestTokenIndex(StoredIndexContract):
    def open_index(self, folder: Path) -> TokenIndex:
        return open_index(folder)


def test_one_bit_a_dimension_keeps_the_signs_and_the_question_its_values(tmp_path: Path) -> None:
    signs = replace(small_projection(), bits=1)
    index = TokenIndex(tmp_path, fingerprint="e1", projection=signs)
    items = [encoded_chunk("a", position) for position in range(3)]
    index.add(items[:2])
    index.add(items[2:])  # the file is written anew from what it holds
    asked = query(like=encoded(99, tokens=4))
    best, _ = index.max_similarities(asked, [item.chunk for item in items])
    question = signs.floats(asked.encoded.tokens)
    for row, item in zip(best, items, strict=True):
        passage = np.where(item.encoded.tokens > 0, 1, -1) / np.sqrt(item.encoded.tokens.shape[1])
        np.testing.assert_allclose(row, (question @ passage.T).max(axis=1), rtol=1e-5)
    (file,) = (tmp_path / "e1").glob("*.safetensors")
    tokens = sum(len(item.encoded.tokens) for item in items)
    assert file.stat().st_size < tokens * (items[0].encoded.tokens.shape[1] // 8 + 4 + 8) + 2000
