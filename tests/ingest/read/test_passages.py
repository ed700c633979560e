"""A corpus whose passages are cut already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.documents import BlockKind
from ingest.errors import NoTextFound
from ingest.read.limits import Limits
from ingest.read.registry import ENDINGS, read_file
from tests.contracts.reader import ReaderContract

TEXT = "Storage. Keep it cold. Use it soon. Opening: in the dark, upright. Vaccine, Hours: Rubamor, 6; Trivadex, 28."


class TestPassages(ReaderContract):
    name = "corpus.passages.jsonl"
    knows = frozenset({BlockKind.PASSAGE})
    hostile = (b"[1]\n", b'{"text": 1}\n', b'{"title": "x"}\n', b'{"text": "a\\u0000\\ud800"}\n', b"[" * 99999)

    def sample(self) -> bytes:
        return json.dumps({"title": "", "text": TEXT}).encode() + b"\n"


def test_a_line_is_a_page_its_title_the_section_and_an_empty_one_stays_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "corpus"
    path.write_text('{"title": "A", "text": "One."}\n{"text": ""}\n')
    read = read_file(path, name="c.passages.jsonl", limits=Limits(pages=1))
    assert [[(block.kind.value, block.text) for block in page.blocks] for page in read.pages] == [
        [("bookmark", "A"), ("passage", "One.")],
        [("bookmark", ""), ("passage", "(empty)")],
    ]


def test_a_line_that_is_no_passage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "corpus"
    path.write_text('{"text": "One."}\nnothing\n')
    with pytest.raises(NoTextFound, match="line 2"):
        read_file(path, name="c.passages.jsonl")


def test_nobody_is_offered_to_add_a_corpus() -> None:
    assert ".passages.jsonl" not in ENDINGS
