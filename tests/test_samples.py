"""The shipped samples are what the golden questions say they are."""

import json
from pathlib import Path

import pytest

from data.make_samples import SAMPLES, page_texts, pages_with
from rag.goldens import read_goldens


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    return {path.name: page_texts(path) for path in SAMPLES.glob("*.pdf")}


def test_there_are_enough_documents_and_pages(texts: dict[str, list[str]]) -> None:
    assert len(texts) >= 6
    assert sum(map(len, texts.values())) >= 40


def test_every_golden_quotes_a_page_that_holds_the_quote(texts: dict[str, list[str]]) -> None:
    golden = rows("golden.jsonl")
    assert len(golden) >= 80
    assert len({row["id"] for row in golden}) == len({row["question"] for row in golden}) == len(golden)
    for row in golden:
        for place, quote in zip(row["relevant"], row["evidence"], strict=True):
            assert pages_with(quote, texts[place["document"]]) == [place["page"]], row["id"]


def test_every_document_is_asked_about(texts: dict[str, list[str]]) -> None:
    assert {place["document"] for row in rows("golden.jsonl") for place in row["relevant"]} == set(texts)


def test_the_product_reads_the_golden_file() -> None:
    goldens = read_goldens(SAMPLES / "golden.jsonl")
    assert len(goldens) == len(rows("golden.jsonl"))
    assert all(golden.by_page and golden.answer for golden in goldens)


def test_unanswerable_questions_are_no_golden_ones() -> None:
    unanswerable = {row["question"] for row in rows("unanswerable.jsonl")}
    assert len(unanswerable) >= 40
    assert not unanswerable & {row["question"] for row in rows("golden.jsonl")}


def test_the_pdfs_are_what_their_sources_make(tmp_path: Path) -> None:
    from data.make_samples import make_all

    made = {path.name: path.read_bytes() for path in make_all(tmp_path)}
    assert made == {path.name: path.read_bytes() for path in SAMPLES.glob("*.pdf")}
