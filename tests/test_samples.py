"""The shipped samples are what their sources make and what the golden questions say they are."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import pypdf
import pytest

from data.make.samples import SAMPLES, make_all, number_golden_pages, page_texts, pages_with
from rag.measure.goldens import read_goldens


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


def long_words(text: str) -> set[str]:
    """The words of four letters and more, cut to their first five letters: nearly what a stemmer leaves."""
    return {word[:5] for word in re.findall(r"[a-z]{4,}", text.lower())}


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    return {path.name: page_texts(path) for path in SAMPLES.glob("*.pdf")}


def test_there_are_enough_documents_and_pages_and_they_are_small(texts: dict[str, list[str]]) -> None:
    assert len(texts) >= 7
    assert sum(map(len, texts.values())) >= 40
    assert sum(path.stat().st_size for path in SAMPLES.glob("*.pdf")) < 1_500_000


def test_the_folder_holds_each_document_once(texts: dict[str, list[str]]) -> None:
    others = {path.name for path in SAMPLES.iterdir()} - set(texts)
    assert others == {"golden.jsonl", "unanswerable.jsonl"}


def test_the_pdfs_are_what_their_sources_make(tmp_path: Path) -> None:
    made = {path.name: path.read_bytes() for path in make_all(tmp_path)}
    assert made.keys() == {path.name for path in SAMPLES.glob("*.pdf")}
    # Bytes and not texts: a stale picture or outline is stale as well.
    assert [name for name, data in made.items() if data != (SAMPLES / name).read_bytes()] == []


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.pdf")), ids=lambda path: path.stem)
def test_a_sample_says_that_it_is_invented_and_free_and_has_an_outline(path: Path) -> None:
    reader = pypdf.PdfReader(path)
    assert "invented" in page_texts(path)[0]
    assert "CC0" in page_texts(path)[0]
    assert len(reader.outline) >= 5
    assert reader.metadata is not None
    assert reader.metadata.title


def test_every_golden_quotes_the_page_that_it_names(texts: dict[str, list[str]]) -> None:
    wrong = [
        (row["id"], quote)
        for row in rows("golden.jsonl")
        for place, quote in zip(row["relevant"], row["evidence"], strict=True)
        if pages_with(quote, texts[place["document"]]) != [place["page"]]
    ]
    assert wrong == []


def test_goldens_are_many_and_different_and_ask_about_every_document(texts: dict[str, list[str]]) -> None:
    golden = rows("golden.jsonl")
    assert len(golden) >= 80
    assert len({row["id"] for row in golden}) == len({row["question"] for row in golden}) == len(golden)
    asked = Counter(place["document"] for row in golden for place in row["relevant"])
    assert set(asked) == set(texts)
    assert min(asked.values()) >= 8


def test_a_golden_is_asked_in_other_words_than_its_evidence() -> None:
    shared = []
    for row in rows("golden.jsonl"):
        asked = long_words(row["question"])
        shared.append(len(asked & long_words(" ".join(row["evidence"]))) / max(len(asked), 1))
    assert median(shared) <= 0.1
    assert sum(share > 0.5 for share in shared) <= len(shared) // 20


def test_the_product_reads_the_golden_file() -> None:
    goldens = read_goldens(SAMPLES / "golden.jsonl")
    assert len(goldens) == len(rows("golden.jsonl"))
    assert all(golden.by_page and golden.answers for golden in goldens)


def test_unanswerable_questions_are_no_golden_ones() -> None:
    golden, unanswerable = rows("golden.jsonl"), rows("unanswerable.jsonl")
    assert len(unanswerable) >= 40
    for key in ("id", "question"):
        values = {row[key] for row in unanswerable}
        assert len(values) == len(unanswerable)
        assert not values & {row[key] for row in golden}


def test_moving_a_quote_moves_its_golden_page_and_losing_it_is_an_error(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "osterby-supply-agreement.pdf", tmp_path)
    row = {
        "id": "moved",
        "question": "?",
        "relevant": [{"document": "osterby-supply-agreement.pdf", "page": 99}],
        "evidence": ["Swedish law applies"],
    }
    golden = tmp_path / "golden.jsonl"
    golden.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert number_golden_pages(golden, tmp_path) == 1
    assert json.loads(golden.read_text(encoding="utf-8"))["relevant"][0]["page"] == 3
    golden.write_text(json.dumps(row | {"evidence": ["Norwegian law applies"]}) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"moved.*Norwegian law"):
        number_golden_pages(golden, tmp_path)
