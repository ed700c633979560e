"""Token vectors of stored passages for late interaction: one memory-mapped file per document.

A file is a safetensors file (so any tool can read it) with, for the document's chunks in order of their ids:
`tokens` (total, d) int8, or (total, d / 8) bytes of one sign a bit, `token_ids` (total,) int32, `offsets` (chunks +
1,) int64 into those rows; and for the IDF `pieces` (p,) int32 with `piece_chunks` (p,) int32, the number of its chunks
that hold each word piece. Its metadata holds the chunk ids and a CRC-32 of the tensors.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import zlib
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, EncodedChunk, EncodedText, Query
from ingest.embed.token_projection import TokenProjection, packed, unpacked
from ingest.store.failpoints import reach
from ingest.store.files.folder import disk_full, whole_or_nothing
from ingest.store.names import plain_name
from ingest.store.tokens.max_similarity import best_cosines, token_weights

log = logging.getLogger(__name__)

MAPS_KEPT = 256  # open memory maps; more documents than that in one ranking are rare
# A file whose header lies is damaged, and must not cost memory: no vocabulary has more word pieces, no document's
# header more bytes (22 a passage).
MOST_PIECES = 1 << 21
MOST_HEADER = 1 << 24
_DTYPES = {"U8": np.uint8, "I8": np.int8, "I32": np.int32, "I64": np.int64}


@dataclass(frozen=True, kw_only=True)
class _Held:
    """What is kept in memory of one file: which chunk is where, and its share of the document frequencies."""

    path: Path
    places: dict[str, int]
    offsets: NDArray[np.int64]
    pieces: NDArray[np.int32]
    piece_chunks: NDArray[np.int32]


class TokenIndex:
    """TokenVectors over a folder. Thread-safe; one process per folder.

    fingerprint: of the embedder; files of another one are never read and go with `clear()`. A file that is damaged
    is taken for missing: its chunks are not in `ids()`, so that `reconcile.py` has them encoded again.
    """

    name = "tokens"

    def __init__(self, folder: Path, *, fingerprint: str, projection: TokenProjection) -> None:
        self.folder = folder
        self._mine = folder / "".join(c if c.isalnum() or c in "-." else "_" for c in fingerprint)
        self._projection = projection
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._maps: OrderedDict[str, NDArray[Any]] = OrderedDict()
        self._frequency = np.zeros(0, np.int64)
        self._passages = 0
        self._mine.mkdir(parents=True, exist_ok=True)
        for left in self._mine.glob(".*.part"):
            left.unlink()
        for path in self._mine.glob("*.safetensors"):
            try:
                self._hold(path.stem, _read_header(path))
            except (OSError, ValueError, KeyError) as error:
                log.warning("token vectors of %s are damaged (%s): to be encoded again", path.stem, error)

    def add(self, chunks: Sequence[EncodedChunk]) -> None:
        """Insert or overwrite by chunk id. Durable when it returns: whole files only, each under its own name."""
        by_document: dict[str, dict[str, EncodedText]] = {}
        for item in chunks:
            by_document.setdefault(item.chunk.document_id, {})[item.chunk.id] = item.encoded
        with self._lock:
            for document_id, new in by_document.items():
                self._write(document_id, self._texts(document_id) | new)

    def remove(self, document_id: str) -> None:
        """Remove every chunk of the document, also what another embedder left of it."""
        with self._lock:
            self._forget(document_id)
            for path in self.folder.glob(f"*/{plain_name(document_id)}.safetensors"):
                path.unlink(missing_ok=True)

    def discard(self, chunk_ids: Collection[str]) -> None:
        """Remove these chunk ids; unknown ones are ignored."""
        with self._lock:
            for document_id, held in list(self._held.items()):
                if unwanted := held.places.keys() & set(chunk_ids):
                    kept = {key: text for key, text in self._texts(document_id).items() if key not in unwanted}
                    if kept:
                        self._write(document_id, kept)
                    else:
                        self._forget(document_id)
                        held.path.unlink(missing_ok=True)

    def ids(self) -> set[str]:
        """Every chunk id held for this embedder."""
        with self._lock:
            return {chunk_id for held in self._held.values() for chunk_id in held.places}

    def clear(self) -> None:
        """Forget everything, also what other embedders left."""
        with self._lock:
            for document_id in list(self._held):
                self._forget(document_id)
            for folder in self.folder.iterdir():
                shutil.rmtree(folder, ignore_errors=True)
            self._mine.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Let every memory map go."""
        with self._lock:
            self._maps.clear()

    def damaged(self) -> list[str]:
        """Ids of documents whose file does not hold what was written (reads every byte)."""
        with self._lock:
            held = dict(self._held)
        return sorted(document_id for document_id, one in held.items() if not _intact(one.path))

    def max_similarities(
        self, query: Query, chunks: Sequence[Chunk]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """MaxSim parts: (len(chunks), q) best cosine per question token, and (q,) token weights that sum to 1.

        The score of a chunk is the weighted sum of its row (ColBERT's MaxSim, Khattab & Zaharia 2020, each question
        token weighted by its IDF). A chunk whose vectors are missing gets a row of NaN.
        """
        passages = [self._rows(chunk) for chunk in chunks]
        best = best_cosines(query.encoded.tokens, passages, self._projection, self._integers)
        return best, self.weights(query.encoded.token_ids)

    def weights(self, token_ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """(q,) word-piece ids → (q,) weights that sum to 1 (`token_weights`, over this library)."""
        with self._lock:
            wide = np.zeros(max(len(self._frequency), int(token_ids.max(initial=0)) + 1), np.int64)
            wide[: len(self._frequency)] = self._frequency
            frequency, passages = wide[token_ids], self._passages
        return token_weights(token_ids, frequency, passages, self._projection)

    def _integers(self, rows: NDArray[Any]) -> NDArray[np.int8]:
        return unpacked(rows) if self._projection.bits == 1 else rows

    def _rows(self, chunk: Chunk) -> NDArray[Any] | None:
        """The rows of `tokens`, a view into the document's memory map; None when there are none."""
        with self._lock:
            held = self._held.get(chunk.document_id)
            place = None if held is None else held.places.get(chunk.id)
            if held is None or place is None:
                return None
            tokens = self._maps.get(chunk.document_id)
            if tokens is None:
                try:
                    tokens = _mapped(held.path)["tokens"]
                except (OSError, ValueError, KeyError) as error:
                    log.warning("token vectors of %s cannot be read: %s", chunk.document_id, error)
                    return None
                self._maps[chunk.document_id] = tokens
            self._maps.move_to_end(chunk.document_id)
            while len(self._maps) > MAPS_KEPT:
                self._maps.popitem(last=False)
            return tokens[held.offsets[place] : held.offsets[place + 1]]

    def _texts(self, document_id: str) -> dict[str, EncodedText]:
        """What is held of a document by chunk id, its dense vectors left out."""
        held = self._held.get(document_id)
        if held is None:
            return {}
        arrays = _mapped(held.path)
        return {
            chunk_id: EncodedText(
                vector=np.zeros(0, np.float32),
                tokens=self._integers(np.array(arrays["tokens"][held.offsets[place] : held.offsets[place + 1]])),
                token_ids=np.array(arrays["token_ids"][held.offsets[place] : held.offsets[place + 1]]),
            )
            for chunk_id, place in held.places.items()
        }

    def _write(self, document_id: str, texts: dict[str, EncodedText]) -> None:
        from safetensors.numpy import save

        ordered = dict(sorted(texts.items()))
        lengths = [len(text.token_ids) for text in ordered.values()]
        pieces, piece_chunks = np.unique(
            np.concatenate([np.unique(text.token_ids) for text in ordered.values()]), return_counts=True
        )
        tokens = np.concatenate([text.tokens for text in ordered.values() if len(text.token_ids)] or [_NOTHING])
        arrays: dict[str, NDArray[Any]] = {
            "tokens": packed(tokens) if self._projection.bits == 1 else tokens,
            "token_ids": np.concatenate([text.token_ids for text in ordered.values()]).astype(np.int32),
            "offsets": np.cumsum([0, *lengths]).astype(np.int64),
            "pieces": pieces.astype(np.int32),
            "piece_chunks": piece_chunks.astype(np.int32),
        }
        metadata = {"chunks": json.dumps(list(ordered)), "crc32": str(_checksum(arrays))}
        path = self._mine / f"{plain_name(document_id)}.safetensors"
        with disk_full("document"), whole_or_nothing(self._mine) as (file, move_to):
            file.write(save(arrays, metadata))
            reach("tokens written")
            move_to(path)
        reach("tokens added")
        self._forget(document_id)
        self._hold(document_id, _read_header(path))

    def _hold(self, document_id: str, held: _Held) -> None:
        self._held[document_id] = held
        self._passages += len(held.places)
        needed = int(held.pieces.max(initial=-1)) + 1
        if needed > len(self._frequency):
            self._frequency = np.concatenate([self._frequency, np.zeros(needed - len(self._frequency), np.int64)])
        self._frequency[held.pieces] += held.piece_chunks

    def _forget(self, document_id: str) -> None:
        self._maps.pop(document_id, None)
        held = self._held.pop(document_id, None)
        if held is not None:
            self._passages -= len(held.places)
            self._frequency[held.pieces] -= held.piece_chunks


_NOTHING: NDArray[np.int8] = np.zeros((0, 1), np.int8)


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """The file's tensors as views of one memory map. Raises OSError, ValueError or KeyError when it is damaged.

    safetensors' own reader copies what it reads; here a slice of 30 kB out of 10 MB must cost only those pages.
    """
    whole = np.memmap(path, np.uint8, mode="r")
    data = np.asarray(whole)
    length = int(data[:8].view("<u8")[0])
    if length > min(len(data) - 8, MOST_HEADER):
        raise ValueError("the header is cut off, or far too long")
    header = json.loads(data[8 : 8 + length].tobytes())
    body = data[8 + length :]
    if max(entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__") != len(body):
        raise ValueError("the file has not its whole length")
    return {
        name: body[slice(*entry["data_offsets"])].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _metadata(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        found: dict[str, str] = json.loads(file.read(min(length, MOST_HEADER)))["__metadata__"]
        return found


def _read_header(path: Path) -> _Held:
    arrays = _mapped(path)
    chunk_ids = json.loads(_metadata(path)["chunks"])
    offsets = arrays["offsets"]
    whole = len(offsets) == len(chunk_ids) + 1 and offsets[-1] == len(arrays["tokens"])
    if not whole or (np.diff(offsets, prepend=0) < 0).any():
        raise ValueError("its parts do not belong together")
    pieces = arrays["pieces"]
    if len(pieces) != len(arrays["piece_chunks"]) or (
        len(pieces) and not 0 <= pieces.min() <= pieces.max() < MOST_PIECES
    ):
        raise ValueError("it counts word pieces that cannot be")
    return _Held(
        path=path,
        places={chunk_id: place for place, chunk_id in enumerate(chunk_ids)},
        offsets=np.array(arrays["offsets"]),
        pieces=np.array(arrays["pieces"]),
        piece_chunks=np.array(arrays["piece_chunks"]),
    )


def _intact(path: Path) -> bool:
    try:
        return str(_checksum(_mapped(path))) == _metadata(path)["crc32"]
    except (OSError, ValueError, KeyError):
        return False


def _checksum(arrays: dict[str, NDArray[Any]]) -> int:
    crc = 0
    for name in sorted(arrays):
        crc = zlib.crc32(np.ascontiguousarray(arrays[name]).view(np.uint8).data, crc)
    return crc
