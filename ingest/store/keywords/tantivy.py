"""BM25 in tantivy, on disk: incremental, with deletes, about a millisecond a question.

The words are ours (`ingest.language`): a document's language is told once, from its own passages, and its words are
kept as terms of that language. A question is not guessed at, being too short for it: every document is asked with the
question as read in *its* language, so that a word that stands in both is always found.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.documents import EncodedChunk, Hit, Query
from ingest.errors import DiskFull, LibraryDamaged, LibraryInUse, SecondPassError
from ingest.language.detect import detect_of_passages
from ingest.language.profile import fingerprint as analyser
from ingest.language.profile import profile_of
from ingest.store.failpoints import reach
from ingest.store.native_errors import native_errors

if TYPE_CHECKING:
    import tantivy

HEAP_BYTES = 32_000_000
MOST_TERMS = 256  # a pasted page is searched by its first 256 different words


class TantivyIndex:
    """Index over a folder. Thread-safe; one process per folder.

    key_of: a collection's name → the key it is filed under ("" when there is no such collection).
    fingerprint: of the words. What was written with others is removed; SQL gives it again (see `reconcile.py`).
    Raises LibraryDamaged when the folder cannot be read: move it aside and rebuild.
    """

    name = "bm25"

    def __init__(self, folder: Path, *, key_of: Callable[[str], str] = str, fingerprint: str = "") -> None:
        import tantivy

        self.folder = folder
        self._key_of = key_of
        self._lock = threading.Lock()
        self._writer: tantivy.IndexWriter | None = None
        self._languages: tuple[str, ...] = ()
        with _translated(folder):
            own = _folder_of(folder, fingerprint or analyser())
            self._index = tantivy.Index(_schema(), path=str(own))
            analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
            self._index.register_tokenizer("terms", analyzer)
            self._index.config_reader("manual")
            self._reload()
            self.ids()

    def add(self, chunks: Sequence[EncodedChunk]) -> None:
        """Insert or overwrite by chunk id: whole documents, whose language is told by all of their passages.

        Durable when it returns.
        """
        import tantivy

        keys = {name: self._key_of(name) for name in {item.chunk.collection for item in chunks}}
        with self._writing() as writer:
            for document_id, group in groupby((item.chunk for item in chunks), lambda chunk: chunk.document_id):
                passages = list(group)
                profile = profile_of(detect_of_passages([chunk.text for chunk in passages]))
                for chunk in passages:
                    writer.delete_documents_by_term("chunk", chunk.id)
                    writer.add_document(
                        tantivy.Document(
                            chunk=chunk.id,
                            document=document_id,
                            collection=keys[chunk.collection],
                            language=profile.language,
                            text=" ".join(profile.terms(chunk.headed_text)),
                        )
                    )
            reach("keywords added")

    def remove(self, document_id: str) -> None:
        """Remove every chunk of the document; nothing happens when there is none."""
        with self._writing() as writer:
            writer.delete_documents_by_term("document", document_id)

    def discard(self, chunk_ids: Collection[str]) -> None:
        """Remove these chunk ids; unknown ones are ignored."""
        with self._writing() as writer:
            for chunk_id in chunk_ids:
                writer.delete_documents_by_term("chunk", chunk_id)

    def search(self, query: Query, limit: int) -> list[Hit]:
        """At most `limit` hits by BM25 (k1 1.2, b 0.75), best first, within the query's collections and documents.

        The question's words are searched as they are, never read as query syntax; each counts once.
        """
        import tantivy

        with _translated(self.folder):
            wanted = self._asked(query.text)
            if wanted is None:
                return []
            filters = []
            if query.collections:
                keys = [key for name in query.collections if (key := self._key_of(name))]
                filters.append(self._any_of("collection", keys))
            if query.document_ids:
                filters.append(self._any_of("document", query.document_ids))
            if filters:
                unscored = [tantivy.Query.const_score_query(one, 0.0) for one in filters]
                wanted = tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in (wanted, *unscored)])
            searcher = self._index.searcher()
            hits = searcher.search(wanted, limit, count=False).hits
            found = [
                Hit(chunk_id=str(searcher.doc(address)["chunk"][0]), score=float(score)) for score, address in hits
            ]
        return sorted(found, key=lambda hit: (-hit.score, hit.chunk_id))

    def ids(self) -> set[str]:
        """Every chunk id held."""
        import tantivy

        with _translated(self.folder):
            searcher = self._index.searcher()
            if not searcher.num_docs:
                return set()
            hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
            return {str(searcher.doc(address)["chunk"][0]) for _, address in hits}

    def clear(self) -> None:
        """Forget everything (before a rebuild)."""
        with self._writing() as writer:
            writer.delete_all_documents()

    def close(self) -> None:
        """Let the folder's write lock go; the next write takes it again."""
        with self._lock:
            self._let_go()

    def _asked(self, text: str) -> tantivy.Query | None:
        """Any of the question's terms, in each language the terms of that language; None when it has no word."""
        import tantivy

        languages: dict[tuple[str, ...], list[str]] = {}  # by the terms that the question has in them
        for language in self._languages:
            terms = tuple(dict.fromkeys(profile_of(language).question_terms(text)))[:MOST_TERMS]
            languages.setdefault(terms, []).append(language)
        if len(languages) == 1:
            (terms,) = languages
            return self._any_of("text", terms) if terms else None
        within = []
        for terms, spoken in languages.items():
            there = tantivy.Query.const_score_query(self._any_of("language", spoken), 0.0)
            both = [(tantivy.Occur.Must, one) for one in (self._any_of("text", terms), there)]
            within.append((tantivy.Occur.Should, tantivy.Query.boolean_query(both)))
        return tantivy.Query.boolean_query(within) if within else None

    def _any_of(self, field: str, values: Sequence[str]) -> tantivy.Query:
        import tantivy

        schema, kept = self._index.schema, "freq" if field == "text" else "basic"
        should = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, field, value, kept)) for value in values]
        return tantivy.Query.boolean_query(should) if should else tantivy.Query.empty_query()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """The writer, and a commit after the block; readers see all of it or nothing."""
        with self._lock, _translated(self.folder):
            if self._writer is None:
                self._writer = self._index.writer(HEAP_BYTES, 1)
            try:
                yield self._writer
                self._writer.commit()
            except BaseException:
                self._let_go()  # what was not committed is dropped with the writer
                raise
            reach("keywords committed")
            self._reload()

    def _reload(self) -> None:
        self._index.reload()
        self._languages = tuple(sorted(code for code, _ in self._index.searcher().terms_with_prefix("language", "")))

    def _let_go(self) -> None:
        """No writer and no lock from here on, though an exception on its way may still hold the object."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(ValueError):  # it failed, which is why it goes
                writer.wait_merging_threads()


def _schema() -> tantivy.Schema:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("chunk", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("collection", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="terms", index_option="freq")
    return builder.build()


def _folder_of(folder: Path, fingerprint: str) -> Path:
    """The folder inside `folder` for these words; whatever else is in there was written with others and goes."""
    own = folder / hashlib.sha256(fingerprint.encode()).hexdigest()[:16]
    for other in folder.iterdir() if folder.exists() else ():
        if other.is_dir() and other != own:
            shutil.rmtree(other)
        elif other != own:
            other.unlink()
    own.mkdir(parents=True, exist_ok=True)
    return own


def _translated(folder: Path) -> AbstractContextManager[None]:
    """Whatever tantivy raises, as an error of ours: a question then goes on with the vector index."""
    return native_errors(lambda error: _in_words(folder, error))


def _in_words(folder: Path, error: BaseException) -> SecondPassError:
    said = str(error).lower()
    if "no space left" in said:
        return DiskFull("The disk is full: the keyword index was not extended. Free some space and try again.")
    if "lockbusy" in said or "lock" in said:
        return LibraryInUse(f"Another process writes to the keyword index ({folder.name}). Stop it and try again.")
    return LibraryDamaged(
        f"The keyword index ({folder.name}) cannot be read ({type(error).__name__}). It is rebuilt from the database "
        "at the next start or by `second-pass doctor --repair`; nothing is lost."
    )
