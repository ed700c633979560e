"""Any sequence of adding, replacing, deleting, renaming, losing indexes and restarting equals a plain dictionary."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from ingest.documents import Status
from ingest.store.reconcile import Stores, reconcile
from ingest.store.sql.documents import chunk_id
from tests.fakes.library_parts import query
from tests.fakes.library_run import TextEmbedder, close, open_stores, work_off

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
            found = self.stores.store.document(document)
            assert found is not None
            path, where = self.stores.store.file_path(found), found.collection
            again = self.stores.store.add_document(path, name="again", collection=where, pipeline="p", embedder="e1")
            assert (again.created, again.document.id) == (False, document)

    @rule(document=consumes(documents), finish=st.booleans())
    def delete(self, document: str, finish: bool) -> None:
        self.stores.store.begin_delete([document])
        self.model.pop(document, None)
        if finish:
            work_off(self.stores)

    @rule(old=COLLECTIONS, new=COLLECTIONS)
    def rename(self, old: str, new: str) -> None:
        names = {collection.name for collection in self.stores.store.collections()}
        if old in names and new not in names:
            self.stores.store.rename_collection(old, new)
            self.model = {key: (new if name == old else name, size) for key, (name, size) in self.model.items()}

    @rule(lose=st.sampled_from(["", "", "vectors", "keywords", "tokens"]))
    def restart(self, lose: str) -> None:
        close(self.stores)
        if lose:
            shutil.rmtree(self.home / lose)
        self.stores = open_stores(self.home)
        reconcile(self.stores, starting=True)
        assert self.stores.store.deleting() == []
        for index in self.stores.indexes:
            assert index.ids() == self.stores.store.ready_chunk_ids()

    @rule()
    def repair(self) -> None:
        reconcile(self.stores)
        assert reconcile(self.stores).healthy

    @invariant()
    def everything_equals_the_model(self) -> None:
        store = self.stores.store
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
            close(self.stores)
            shutil.rmtree(self.home)

    def _add(self, collection: str, size: int, replaces: str = "") -> str:
        self.turn += 1
        added = self.stores.store.add_document(
            f"{self.turn} {size}".encode(),
            name=f"{self.turn}.pdf",
            collection=collection,
            pipeline="p",
            embedder=TextEmbedder.fingerprint,
            replaces=replaces,
        )
        work_off(self.stores)
        self.model[added.document.id] = (collection, size)
        return added.document.id


TestLibraryMachine = LibraryMachine.TestCase
TestLibraryMachine.settings = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
