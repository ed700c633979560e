"""The recall stage: both indexes, damaged ones, deleted documents, and documents that the question names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ingest.documents import Chunk, Document, Hit, Query, Status
from ingest.errors import DiskFull, LibraryDamaged, LibraryInUse, SecondPassError, StoreUnreachable
from rag.named_documents import named_documents
from rag.retrieve import retrieve
from tests.fakes.passages import chunk, query


class ListIndex:
    """An index that knows its hits by heart: (document, chunk id, score)."""

    def __init__(
        self, name: str, hits: Sequence[tuple[str, str, float]], *, fails: type[SecondPassError] | None = None
    ) -> None:
        self.name, self.hits, self.fails = name, hits, fails

    def search(self, asked: Query, limit: int) -> list[Hit]:
        if self.fails:
            raise self.fails(f"{self.name} cannot be read; it is rebuilt at the next start")
        inside = [hit for hit in self.hits if not asked.document_ids or hit[0] in asked.document_ids]
        return [Hit(chunk_id=key, score=score) for _, key, score in sorted(inside, key=lambda hit: -hit[2])[:limit]]


class ListStore:
    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.held = {one.id: one for one in chunks}

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return [self.held[key] for key in ids if key in self.held]


def document(name: str, status: Status = Status.READY, collection: str = "default") -> Document:
    return Document(
        id=name, name=name, title=name, collection=collection, status=status, reason="", pages=1, chunks=1,
        pages_done=1, chunks_done=1, bytes=1, sha256="", added_at=datetime.now(UTC), seconds=0.0,
    )  # fmt: skip


def test_each_index_has_its_own_step_and_a_hit_of_a_gone_document_is_dropped() -> None:
    kept = chunk("text", document="a")
    hits = [("a", kept.id, 2.0), ("gone", "gone-0", 3.0)]
    steps = retrieve(
        query(), indexes=(ListIndex("bm25", hits), ListIndex("dense", [])), store=ListStore([kept]), limit=10
    )
    assert [step.name for step in steps] == ["bm25", "dense", "passages"]
    assert [one.id for one in steps[0].ranking.chunks] == [kept.id]
    assert not len(steps[1].ranking)


@pytest.mark.parametrize("fails", [LibraryDamaged, StoreUnreachable, LibraryInUse, DiskFull, SecondPassError])
def test_an_index_that_fails_gives_an_empty_step_that_says_so_and_the_other_answers(
    fails: type[SecondPassError],
) -> None:
    kept = chunk("text", document="a")
    indexes = (ListIndex("bm25", [("a", kept.id, 2.0)]), ListIndex("dense", [], fails=fails))
    bm25, dense, _ = retrieve(query(), indexes=indexes, store=ListStore([kept]), limit=10)
    assert len(bm25.ranking) == 1
    assert dense.degraded
    assert "rebuilt" in dense.note


def test_a_named_document_is_searched_on_its_own_too_and_its_hits_stand_in_their_place_by_score() -> None:
    texts = [replace(chunk("text", position=i, document="loud"), id=f"loud-{i}") for i in range(6)]
    own = [replace(chunk("text", position=i, document="named"), id=f"named-{i}") for i in range(6)]
    hits = [("loud", one.id, 10.0 - i) for i, one in enumerate(texts)] + [
        ("named", one.id, 7.5 - i) for i, one in enumerate(own)
    ]
    store = ListStore([*texts, *own])
    (without, _) = retrieve(query(), indexes=(ListIndex("bm25", hits),), store=store, limit=4)
    (step, _) = retrieve(query(), indexes=(ListIndex("bm25", hits),), store=store, limit=4, named=("named",))
    assert [one.id for one in without.ranking.chunks] == ["loud-0", "loud-1", "loud-2", "named-0"]
    assert [one.id for one in step.ranking.chunks] == ["loud-0", "loud-1", "loud-2", "named-0", "named-1"]


FILINGS = [document(f"{company} {year} 10K") for company in ("3M", "Corning", "Best Buy") for year in (2018, 2022)]


def test_a_question_names_a_document_by_company_and_year() -> None:
    assert named_documents("How much did 3M spend in FY2018?", FILINGS) == ("3M 2018 10K",)
    assert set(named_documents("What does Best Buy sell?", FILINGS)) == {"Best Buy 2018 10K", "Best Buy 2022 10K"}


def test_a_question_that_fits_many_documents_or_none_names_none() -> None:
    more = [*FILINGS, *(document(f"Handbook part {i}") for i in range(6))]
    assert named_documents("What does the handbook say?", more) == ()
    assert named_documents("Why is the sky blue?", FILINGS) == ()


def test_a_document_that_is_not_ready_or_of_another_collection_is_not_named() -> None:
    question = "How much did 3M spend in FY2018?"
    pending = [replace(one, status=Status.INDEXING) if one.id == "3M 2018 10K" else one for one in FILINGS]
    assert "3M 2018 10K" not in named_documents(question, [*pending, document("Corning 2019"), document("3M 2016")])
    assert named_documents(question, FILINGS, ("elsewhere",)) == ()


def test_a_library_of_five_documents_is_only_searched_as_a_whole() -> None:
    assert named_documents("How much did 3M spend in FY2018?", FILINGS[:5]) == ()
