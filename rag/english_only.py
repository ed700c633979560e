"""The English models read English only: where they cannot read, they must not order.

Their word pieces are English. In a script that they do not know, words fall apart into single letters, and of these
they make nothing; so the share of letters among the pieces says whether a text is for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ingest.documents import Chunk, Query
from rag.rerank.protocol import Reranker, Scores

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Measured on the training texts: of English questions 90 % lie below .12 and of passages 95 % below .10; of Turkish
# passages 95 % above .17, and of Chinese, Japanese and Arabic ones above .80 (data/models/multilingual/README.md).
QUESTION = 0.35  # a question is short, and names fall apart in English too
PASSAGE = 0.17
PASSAGES = 0.2  # the share of unreadable passages from which on the stage leaves all of them alone
LOOKED_AT = 500  # characters of a passage: a millisecond for twenty
PASSAGES_LOOKED_AT = 20  # the best of the order so far
NOTE = "The built-in English models cannot read this text: the order before them stands."


@dataclass(frozen=True, kw_only=True)
class EnglishOnly:
    """The reranker where it can read, and no scores (NaN), with the reason, where it cannot."""

    inner: Reranker

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    @property
    def listwise(self) -> bool:
        return self.inner.listwise

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        if note := english_only(query.text, [chunk.headed_text for chunk in chunks[:PASSAGES_LOOKED_AT]]):
            values = np.full(len(chunks), np.nan)
            return Scores(values=values, note=note, details=MappingProxyType({"scored": 0}))
        return self.inner.score(query, chunks)


def english_only(question: str, passages: Sequence[str]) -> str:
    """NOTE where the question or a fifth of the first PASSAGES_LOOKED_AT passages cannot be read, else ""."""
    passages = passages[:PASSAGES_LOOKED_AT]
    unreadable = sum(letter_share(passage[:LOOKED_AT]) > PASSAGE for passage in passages)
    if letter_share(question) > QUESTION or (unreadable and unreadable >= PASSAGES * len(passages)):
        return NOTE
    return ""


def letter_share(text: str) -> float:
    """The share of the text's word pieces, 0 to 1, that are single letters or unknown characters."""
    tokenizer, letters = _pieces()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    return sum(one in letters for one in ids) / max(1, len(ids))


@lru_cache(maxsize=1)
def _pieces() -> tuple[Tokenizer, frozenset[int]]:
    from tokenizers import Tokenizer

    from ingest.embed.minilm import minilm_folder

    tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    vocabulary = tokenizer.get_vocab()
    letters = {number for piece, number in vocabulary.items() if _is_letter(piece.removeprefix("##"))}
    return tokenizer, frozenset(letters | {vocabulary["[UNK]"]})


def _is_letter(piece: str) -> bool:
    return len(piece) == 1 and piece.isalpha()
