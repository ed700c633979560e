"""Who may see and change what, when people sign in. Without sign-in there is one library and everyone sees it.

Each visitor has collections and conversations of their own; nobody else sees them. The collections `samples` and
`shared` (filled from the command line) are read by all and changed by nobody on the pages. Every access passes
`authorize`. What is not listed here is refused, so that a new method of the store is closed until someone opens it.

A visitor's collection is stored as "<key>/<name>", a conversation's id begins with "<key>-".
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from typing import TYPE_CHECKING, Any

from ingest.documents import Box, Chunk, Document
from ingest.errors import NotAllowed
from ingest.questions import AskedQuestion, Conversation, PassageMark, Signal, Thumb
from rag.stages import OFF

if TYPE_CHECKING:
    from app.application import Application
    from ingest.library import Added
    from ingest.store.reconcile import Report
    from rag.answer.protocol import Turn
    from rag.engine import AskStream, Options
    from rag.tracing import Trace

READ_BY_ALL = ("samples", "shared")


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Someone who signed in. key: 12 hex characters that stand for them in the database. name: what the page shows."""

    key: str
    name: str


def visitor_of(user: Mapping[str, Any]) -> Visitor | None:
    """The visitor that an OIDC provider vouches for; None for nobody. `user` is `st.user`.

    The key comes from the provider and its own id of the person ("iss" and "sub"), which never change hands; e-mail
    addresses do.
    """
    if not user.get("is_logged_in") or not user.get("sub"):
        return None
    identity = f"{user.get('iss', '')}\0{user['sub']}"
    key = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return Visitor(key=key, name=str(user.get("name") or user.get("email") or "signed in"))


# Programs that come through the HTTP API are one visitor, who owns nothing but their own questions.
THE_API = Visitor(key=hashlib.sha256(b"the HTTP API").hexdigest()[:12], name="HTTP API")
_OWNED = re.compile(r"[0-9a-f]{12}/")


def people_sign_in(collections: Iterable[str]) -> bool:
    """Whether the library, by the stored names of its collections, belongs to people who signed in."""
    return any(_OWNED.match(name) for name in collections)


def authorize(
    visitor: Visitor, *, collection: str | None = None, conversation: str | None = None, change: bool = False
) -> None:
    """Raises NotAllowed unless the stored collection, or the conversation, is the visitor's own or read by all.

    change: to write or delete, which only the owner may.
    """
    own = (collection is not None and collection.startswith(f"{visitor.key}/")) or (
        conversation is not None and conversation.startswith(f"{visitor.key}-")
    )
    if own or (collection in READ_BY_ALL and not change):
        return
    if collection in READ_BY_ALL:
        raise NotAllowed(f"The collection {collection} is shared; it is changed from the command line only.")
    raise NotAllowed("There is no such document or conversation in your library.")


def private(application: Application, visitor: Visitor) -> Application:
    """The application as this visitor may use it."""
    own = _Own(application, visitor)
    return dataclass_replace(
        application,
        engine=_Engine(own),  # type: ignore[arg-type]
        library=_Library(own),  # type: ignore[arg-type]
        store=_Store(own),  # type: ignore[arg-type]
        journal=_Journal(own),  # type: ignore[arg-type]
        versions=_Versions(own),  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class _Own:
    """The whole application beside the visitor, with the questions that all doors ask."""

    whole: Application
    visitor: Visitor

    def allows(self, **what: Any) -> bool:
        try:
            authorize(self.visitor, **what)
        except NotAllowed:
            return False
        return True

    def stored(self, name: str) -> str:
        """A collection's name as it is stored, from the name that the page shows."""
        return name if name in READ_BY_ALL else f"{self.visitor.key}/{name}"

    def shown(self, stored: str) -> str:
        return stored.removeprefix(f"{self.visitor.key}/")

    def collections(self) -> list[str]:
        """Stored names of what may be searched; never empty, because empty means everything to the engine."""
        found = [name for name in self.whole.library.collections() if self.allows(collection=name)]
        return found or [self.stored(self.whole.settings.library.collection)]

    def documents(self) -> list[Document]:
        return [row for row in self.whole.store.documents() if self.allows(collection=row.collection)]

    def document(self, document_id: str, *, change: bool = False) -> str:
        """The id, when the document may be read (or changed). Raises NotAllowed."""
        found = self.whole.store.document(document_id)
        authorize(self.visitor, collection=found.collection if found else None, change=change)
        return document_id

    def question(self, question_id: str) -> str:
        found = self.whole.journal.question(question_id)
        authorize(self.visitor, conversation=found.conversation_id if found else None)
        return question_id


class _Door:
    """One part of the application: its own methods check, those in `open_to_all` pass, everything else is refused."""

    part = ""
    open_to_all: tuple[str, ...] = ()

    def __init__(self, own: _Own) -> None:
        self._own = own
        self._whole = getattr(own.whole, self.part)

    def __getattr__(self, name: str) -> Any:
        if name not in self.open_to_all:
            raise NotAllowed("That is done from the command line, by the person who runs Second Pass.")
        return getattr(self._whole, name)


class _Engine(_Door):
    part = "engine"
    open_to_all = ("options", "parts")

    def retrieve(
        self, question: str, *, collections: Sequence[str] = (), document_ids: Sequence[str] = (), **more: Any
    ) -> Trace:
        scope = self._scope(collections, document_ids)
        self._offered(more.get("options"))
        found: Trace = self._whole.retrieve(question, **scope, **more)
        return found

    def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        collections: Sequence[str] = (),
        document_ids: Sequence[str] = (),
        options: Options | None = None,
        history: Sequence[Turn] = (),
    ) -> AskStream:
        key = self._own.visitor.key
        if conversation_id:
            authorize(self._own.visitor, conversation=conversation_id, change=True)
        else:
            conversation_id = f"{key}-{uuid.uuid4().hex}"
        scope = self._scope(collections, document_ids)
        stream: AskStream = self._whole.ask(
            question, conversation_id=conversation_id, options=self._offered(options), history=history, **scope
        )
        return stream

    def _offered(self, options: Options | None) -> Options | None:
        """The options, when their rerankers are among those that the pages offer: any other name is a folder or model
        of the visitor's choosing, which this machine would load. Raises NotAllowed."""
        if options is not None:
            own = {stage.reranker for stage in self._own.whole.settings.ranking.cascade}
            offered = {row.name for row in self._own.whole.known_rerankers() if row.usable}
            if strange := {stage.reranker for stage in options.cascade} - own - offered - {OFF}:
                raise NotAllowed(f"The reranker {min(strange)[:80]!r} is not offered here. Choose one from the list.")
        return options

    def _scope(self, collections: Sequence[str], document_ids: Sequence[str]) -> dict[str, Sequence[str]]:
        allowed = self._own.collections()
        wanted = [name if name in allowed else self._own.stored(name) for name in collections] or allowed
        for name in wanted:
            authorize(self._own.visitor, collection=name)
        return {"collections": wanted, "document_ids": [self._own.document(row) for row in document_ids]}


class _Store(_Door):
    part = "store"
    open_to_all = ("stats",)

    def documents(self) -> list[Document]:
        return [dataclass_replace(row, collection=self._own.shown(row.collection)) for row in self._own.documents()]

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        readable = {row.id for row in self._own.documents()}
        return [chunk for chunk in self._whole.chunks(ids) if chunk.document_id in readable]

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        readable = any(row.id == chunk.document_id for row in self._own.documents())
        return self._whole.neighbours(chunk, before, after) if readable else []


class _Library(_Door):
    part = "library"

    @property
    def report(self) -> Report:
        return self._whole.report.for_visitors()  # type: ignore[no-any-return]

    def add(self, data: bytes, name: str, *, collection: str, replace: bool = False) -> Added:
        into = self._own.stored(collection)
        authorize(self._own.visitor, collection=into, change=True)
        added: Added = self._whole.add(data, name, collection=into, replace=replace)
        return dataclass_replace(added, document=dataclass_replace(added.document, collection=collection))

    def collections(self) -> list[str]:
        return [self._own.shown(name) for name in self._own.collections()]

    def retry(self, document_id: str, password: str | None = None) -> None:
        self._whole.retry(self._own.document(document_id, change=True), password=password)

    def cancel(self, document_id: str) -> None:
        self._whole.cancel(self._own.document(document_id, change=True))

    def delete(self, *document_ids: str) -> None:
        self._whole.delete(*[self._own.document(row, change=True) for row in document_ids])

    def passages(self, document_id: str, page: int) -> list[Chunk]:
        return list(self._whole.passages(self._own.document(document_id), page))

    def file_bytes(self, document_id: str) -> bytes:
        return bytes(self._whole.file_bytes(self._own.document(document_id)))

    def page_png(self, document_id: str, page: int, boxes: Sequence[Box] = (), width: int = 900) -> bytes:
        return bytes(self._whole.page_png(self._own.document(document_id), page, boxes, width))


class _Versions(_Door):
    part = "versions"
    open_to_all = ("current_version", "list_versions")


class _Journal(_Door):
    part = "journal"

    def conversations(self) -> list[Conversation]:
        return [row for row in self._whole.conversations() if self._own.allows(conversation=row.id)]

    def questions(self, *, limit: int | None = None, **more: Any) -> list[AskedQuestion]:
        found = [row for row in self._whole.questions(**more) if self._own.allows(conversation=row.conversation_id)]
        if limit is None:
            return found
        return found[:limit] if more.get("newest_first", True) else found[-limit:]

    def judged_with_traces(self) -> Iterator[AskedQuestion]:
        for row in self.questions(judged=True):
            yield dataclass_replace(row, trace=self._whole.trace(row.id))

    def trace(self, question_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._whole.trace(self._own.question(question_id))
        return found

    def question(self, question_id: str) -> AskedQuestion | None:
        found: AskedQuestion | None = self._whole.question(self._own.question(question_id))
        return found

    def delete_conversation(self, conversation_id: str) -> None:
        authorize(self._own.visitor, conversation=conversation_id, change=True)
        self._whole.delete_conversation(conversation_id)

    def thumb(self, thumb: Thumb) -> None:
        self._own.question(thumb.question_id)
        self._whole.thumb(thumb)

    def remove_thumb(self, question_id: str) -> None:
        self._whole.remove_thumb(self._own.question(question_id))

    def mark(self, mark: PassageMark) -> None:
        self._own.question(mark.question_id)
        self._whole.mark(mark)

    def remove_mark(self, question_id: str, chunk_id: str) -> None:
        self._whole.remove_mark(self._own.question(question_id), chunk_id)

    def signal(self, signal: Signal) -> None:
        self._own.question(signal.question_id)
        self._whole.signal(signal)
