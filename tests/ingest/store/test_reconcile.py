"""SQL is the truth: whatever the indexes hold or lack after a crash, they are equal to it afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.documents import Status
from ingest.store.reconcile import Missing, Stores, add_missing, compare, examine, resume
from tests.fakes.library_parts import encoded, passages, query, ready_document
from tests.fakes.library_run import TextEmbedder, everything_equals_sql, open_stores


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = open_stores(tmp_path)
    yield opened
    opened.close()


def fill(stores: Stores, *contents: bytes) -> list[str]:
    ids = []
    for data in contents:
        document_id, saved = ready_document(stores.sql, data, name=f"{data.decode()}.pdf", count=5)
        for index in stores.indexes:
            index.add(saved)
        ids.append(document_id)
    return ids


def test_a_sound_library_is_left_alone(stores: Stores) -> None:
    fill(stores, b"a", b"b")
    for report in (resume(stores), examine(stores, repair=True)):
        assert report.healthy
        assert report.findings == ()
        assert report.text() == "Every index agrees with the database."


def test_extra_passages_go_and_missing_ones_are_added(stores: Stores) -> None:
    a, b = fill(stores, b"a", b"b")
    extra = fill(stores, b"c")[0]
    stores.sql.queue.begin_delete([extra])
    stores.sql.queue.finish_delete(extra)
    stores.vectors.remove(a)
    stores.keywords.discard({f"{b}-00001"})
    stores.tokens.remove(b)
    report = examine(stores, repair=True)
    assert report.healthy
    assert everything_equals_sql(stores)
    assert "The vector index lacked 5 passages of 1 document: added from the database." in report.text()
    assert "The keyword index held 5 passages of no document: removed." in report.text()
    assert examine(stores, repair=True).findings == ()


def test_without_repair_nothing_is_touched_and_everything_is_told(stores: Stores) -> None:
    a = fill(stores, b"a")[0]
    stores.vectors.remove(a)
    report = compare(stores, repair=False)
    assert not report.healthy
    assert report.left == (Missing(index="dense", document_id=a),)
    assert stores.vectors.ids() == set()
    assert not report.findings[0].repaired


def test_additions_can_be_left_to_the_worker(stores: Stores) -> None:
    a, b = fill(stores, b"a", b"b")
    stores.vectors.clear()
    stores.tokens.remove(b)
    report = resume(stores, later=True)
    assert set(report.left) == {
        Missing(index="dense", document_id=a),
        Missing(index="dense", document_id=b),
        Missing(index="tokens", document_id=b),
    }
    for missing in report.left:
        add_missing(stores, missing)
    assert everything_equals_sql(stores)


def test_lost_token_vectors_are_encoded_again_from_the_text_in_sql(tmp_path: Path) -> None:
    embedder = TextEmbedder()
    stores = open_stores(tmp_path, embedder)
    a, _ = fill(stores, b"a", b"b")
    stores.tokens.remove(a)
    resume(stores)
    assert embedder.encoded == [chunk.headed_text for chunk in stores.sql.documents.document_chunks(a)]
    assert everything_equals_sql(stores)
    stores.close()


def test_a_document_in_work_is_no_orphan_while_the_process_runs(stores: Stores) -> None:
    added = stores.sql.queue.add(b"w", name="w.pdf", collection="default", pipeline="p1", embedder="e1")
    stores.sql.queue.claim_next()
    chunks = stores.sql.documents.make_chunks(added.document.id, passages())
    saved = stores.sql.queue.save_chunks(added.document.id, chunks, [encoded(i) for i in range(3)])
    for index in stores.indexes:
        index.add(saved)
    assert examine(stores, repair=True).findings == ()
    assert len(stores.vectors.ids()) == 3
    report = resume(stores)
    assert stores.vectors.ids() == set()
    assert stores.sql.documents.documents()[0].status == Status.PENDING
    assert "1 document left half done by the last run: queued again." in report.text()


def test_a_deletion_that_was_cut_off_is_finished_at_the_next_start(stores: Stores) -> None:
    a, _ = fill(stores, b"a", b"b")
    path = stores.sql.files.path(stores.sql.documents.known(a).sha256)
    stores.sql.queue.begin_delete([a])
    report = resume(stores)
    assert "1 deletion of the last run finished." in report.text()
    assert stores.sql.documents.document(a) is None
    assert not path.exists()
    assert everything_equals_sql(stores)


@pytest.mark.parametrize("folder", ["vectors", "keywords", "tokens"])
@pytest.mark.parametrize("damage", ["deleted", "truncated"])
def test_a_lost_or_damaged_index_is_a_rebuild_not_a_loss(tmp_path: Path, folder: str, damage: str) -> None:
    stores = open_stores(tmp_path)
    fill(stores, b"a", b"b")
    asked = query("revenue", encoded(2))
    before = [index.search(asked, 10) for index in (stores.vectors, stores.keywords)]
    stores.close()
    if damage == "deleted":
        shutil.rmtree(tmp_path / folder)
    else:
        for path in (tmp_path / folder).rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    stores = open_stores(tmp_path)
    report = resume(stores)
    assert report.healthy
    assert report.findings != ()
    assert everything_equals_sql(stores)
    after = [index.search(asked, 10) for index in (stores.vectors, stores.keywords)]
    assert [[hit.chunk_id for hit in hits] for hits in after] == [[hit.chunk_id for hit in hits] for hits in before]
    stores.close()


def test_documents_of_another_embedding_model_are_named_and_only_found_by_words(tmp_path: Path) -> None:
    stores = open_stores(tmp_path)
    a = fill(stores, b"a")[0]
    stores.close()
    stores = open_stores(tmp_path, fingerprint="e2")
    report = resume(stores)
    assert report.needs_rebuild
    assert report.stale == (a,)
    assert not report.healthy
    assert stores.vectors.search(query("revenue", encoded(0)), 10) == []
    assert len(stores.keywords.search(query("revenue"), 10)) > 0
    stores.close()


def test_a_keyword_index_of_other_words_is_filled_again_from_sql(tmp_path: Path) -> None:
    stores = open_stores(tmp_path)
    a, b = fill(stores, b"a", b"b")
    stores.close()
    (written,) = (tmp_path / "keywords").iterdir()
    written.rename(tmp_path / "keywords" / "of-an-older-version")
    stores = open_stores(tmp_path)
    report = resume(stores)
    assert report.text() == "The keyword index lacked 10 passages of 2 documents: added from the database."
    assert {hit.chunk_id[:-6] for hit in stores.keywords.search(query("revenue"), 10)} == {a, b}
    assert everything_equals_sql(stores)
    stores.close()


def test_a_thorough_check_finds_a_flipped_bit_and_a_missing_pdf(stores: Stores, tmp_path: Path) -> None:
    a, b = fill(stores, b"a", b"b")
    path = next((tmp_path / "tokens").glob(f"*/{a}.safetensors"))
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.write_bytes(bytes(data))
    stores.sql.files.path(stores.sql.documents.known(b).sha256).unlink()
    report = examine(stores, repair=True)
    assert "The token vectors of 1 document do not hold what was written." in report.text()
    assert "1 document without stored file (b.pdf)" in report.text()
    assert stores.tokens.damaged() == []
    assert everything_equals_sql(stores)
