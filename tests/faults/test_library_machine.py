"""Any sequence of adding, replacing, deleting, renaming, losing indexes and restarting equals a plain dictionary."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from ingest.documents import Status
from ingest.pipeline import Splitting
from ingest.store.reconcile import Stores, examine, resume
from ingest.store.sql.documents import chunk_id
from tests.fakes.library_parts import query
from tests.fakes.library_run import add, open_stores, work_off

COLLECTIONS = st.sampled_from(["default", "red", "blue"])


class LibraryMachine(RuleBasedStateMachine):
    """The model: document id → (collection, number of passages)."""

    documents: Bundle[str] = Bundle("documents")

    @initialize()
    def open(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.stores: Stores = open_stores(self.home)
        self.model: dict[str, tuple[str, int]] = {}
        self.turn = 0

    @rule(target=documents, collection=COLLECTIONS, size=st.integers(1, 6))
    def add(self, collection: str, size: int) -> str:
        return self._add(collection, size)

    @rule(target=documents, old=consumes(documents), size=st.integers(1, 6))
    def replace(self, old: str, size: int) -> str:
        collection = self.model.get(old, ("default", 0))[0]
        new = self._add(collection, size, replaces=old)
        self.model.pop(old, None)
        return new

    @rule(document=documents)
    def add_the_same_bytes_again(self, document: str) -> None:
        if document in self.model:
            found = self.stores.sql.documents.known(document)
            path, where = self.stores.sql.files.path(found.sha256), found.collection
            built = Splitting().fingerprint(found.name, path)
            again = self.stores.sql.queue.add(path, name="again", collection=where, pipeline=built, embedder="e1")
            assert (again.created, again.document.id) == (False, document)

    @rule(document=consumes(documents), finish=st.booleans())
    def delete(self, document: str, finish: bool) -> None:
        self.stores.sql.queue.begin_delete([document])
        self.model.pop(document, None)
        if finish:
            work_off(self.stores)

    @rule(old=COLLECTIONS, new=COLLECTIONS)
    def rename(self, old: str, new: str) -> None:
        names = {collection.name for collection in self.stores.sql.collections.collections()}
        if old in names and new not in names:
            self.stores.sql.collections.rename(old, new)
            self.model = {key: (new if name == old else name, size) for key, (name, size) in self.model.items()}

    @rule(lose=st.sampled_from(["", "", "vectors", "keywords", "tokens"]))
    def restart(self, lose: str) -> None:
        self.stores.close()
        if lose:
            shutil.rmtree(self.home / lose)
        self.stores = open_stores(self.home)
        resume(self.stores)
        assert self.stores.sql.queue.deleting() == []
        for index in self.stores.indexes:
            assert index.ids() == self.stores.sql.documents.ready_chunk_ids()

    @rule()
    def repair(self) -> None:
        examine(self.stores, repair=True)
        assert examine(self.stores, repair=True).healthy

    @invariant()
    def everything_equals_the_model(self) -> None:
        store = self.stores.sql.documents
        listed = {document.id: (document.collection, document.chunks) for document in store.documents()}
        assert listed == self.model
        assert all(document.status == Status.READY for document in store.documents())
        wanted = {chunk_id(document, place) for document, (_, size) in self.model.items() for place in range(size)}
        assert store.ready_chunk_ids() == wanted
        for index in self.stores.indexes:
            assert wanted <= index.ids()
        for name in {name for name, _ in self.model.values()}:
            inside = {document for document, (where, _) in self.model.items() if where == name}
            asked = query("revenue margin dividend vaccine freezer valve", collections=(name,))
            for index in (self.stores.vectors, self.stores.keywords):
                found = store.chunks([hit.chunk_id for hit in index.search(asked, 1000)])
                assert {chunk.document_id for chunk in found} == inside
                assert {chunk.collection for chunk in found} <= {name}

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            self.stores.close()
            shutil.rmtree(self.home)

    def _add(self, collection: str, size: int, replaces: str = "") -> str:
        self.turn += 1
        document_id = add(self.stores, str(self.turn), size, collection=collection, replaces=replaces)
        work_off(self.stores)
        self.model[document_id] = (collection, size)
        return document_id


TestLibraryMachine = LibraryMachine.TestCase
TestLibraryMachine.settings = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
