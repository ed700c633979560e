"""A document as one line of the library: what state it is in, how far it got, why it failed."""

from __future__ import annotations

from collections.abc import Sequence

from app.safe_text import plain
from app.show.passage import short
from ingest.documents import Document, Status
from ingest.errors import PasswordNeeded, WrongPassword
from ingest.titles import display_title

ACTIVE = (Status.PENDING, Status.PARSING, Status.INDEXING, Status.DELETING)
STUCK = (Status.FAILED, Status.CANCELLED)
WORDS = {
    Status.PENDING: ("waiting", "gray", "schedule"),
    Status.PARSING: ("reading pages", "blue", "description"),
    Status.INDEXING: ("embedding passages", "blue", "graph_3"),
    Status.READY: ("ready", "green", "check"),
    Status.FAILED: ("failed", "red", "error"),
    Status.CANCELLED: ("cancelled", "orange", "block"),
    Status.DELETING: ("deleting", "gray", "delete"),
}


def sorted_for_reading(documents: Sequence[Document]) -> list[Document]:
    """At work first, then what needs a person, then the rest; newest first within each."""

    def place(document: Document) -> int:
        return 0 if document.status in ACTIVE else 1 if document.status in STUCK else 2

    newest_first = sorted(documents, key=lambda document: document.added_at, reverse=True)
    return sorted(newest_first, key=place)


def matching(documents: Sequence[Document], text: str, collection: str | None) -> list[Document]:
    """Documents of the collection whose name or title holds every word of `text`, in any case."""
    words = text.casefold().split()
    return [
        document
        for document in documents
        if (collection is None or document.collection == collection)
        and all(word in f"{document.name} {document.title}".casefold() for word in words)
    ]


def progress(document: Document) -> tuple[float, str]:
    """Share done in 0..1 and the live counts in words. Reading counts for the first half, embedding for the second."""
    if document.status is Status.PARSING:
        done, whole, what = document.pages_done, document.pages, "pages read"
    elif document.status is Status.INDEXING:
        done, whole, what = document.chunks_done, document.chunks, "passages embedded"
    else:
        return 0.0, WORDS[document.status][0]
    share = min(done / whole, 1.0) if whole else 0.0
    base = 0.0 if document.status is Status.PARSING else 0.5
    return base + share / 2, f"{done} of {whole or '?'} {what}"


def facts(document: Document) -> str:
    """ "12 pages · 84 passages · 3.2 s · 1.4 MB · default" as Markdown."""
    parts = []
    if document.pages:
        parts.append(f"{document.pages} page{'s' if document.pages != 1 else ''}")
    if document.chunks and document.status is Status.READY:
        parts.append(f"{document.chunks} passage{'s' if document.chunks != 1 else ''}")
    if document.seconds:
        parts.append(f"{document.seconds:.1f} s")
    parts.append(
        f"{document.bytes / 1e6:.1f} MB" if document.bytes >= 1e5 else f"{max(document.bytes / 1e3, 1):.0f} kB"
    )
    parts.append(plain(document.collection))
    return " · ".join(parts)


def own_title(document: Document) -> str:
    """The title that the document gives itself; "" where it adds nothing to the file's name, which stands above it."""
    words = display_title(document.name)
    title = document.title.removeprefix(f"{words} — ")
    return "" if title.casefold() in (words.casefold(), document.name.casefold()) else title


def draw_line(document: Document) -> None:
    """Name, state, facts, progress while at work, and the reason when it failed."""
    import streamlit as st

    word, colour, icon = WORDS[document.status]
    st.markdown(f"**{plain(short(document.name))}** :{colour}-badge[:material/{icon}: {word}]")
    if document.status in (Status.PARSING, Status.INDEXING):
        share, text = progress(document)
        st.progress(share, text=text)
        return
    title = own_title(document)
    # Isolated (U+2068 to U+2069), so that a title written from right to left does not turn the facts round.
    st.caption(f"\u2068{plain(short(title))}\u2069 · {facts(document)}" if title else facts(document))
    if document.reason and document.reason != word:
        colour = "red" if document.status is Status.FAILED else "orange"
        st.markdown(f":{colour}[{plain(document.reason)}]")


def became(document: Document, name: str, *, existed: bool) -> str:
    """What became of a file called `name` at the door, to be read after its name."""
    if not existed:
        return "is queued"
    if document.status is not Status.READY:
        return "is being worked on already"
    other = f", as {document.name}" if document.name != name else ""
    return f"is in {document.collection} already, with the same content{other}"


def summary(documents: Sequence[Document]) -> str:
    """ "12 documents · 431 pages · 2,107 passages · 1 failed"."""
    ready = [document for document in documents if document.status is Status.READY]
    stuck = sum(document.status in STUCK for document in documents)
    active = sum(document.status in ACTIVE for document in documents)
    parts = [
        f"{len(ready):,} document{'s' if len(ready) != 1 else ''} ready",
        f"{sum(document.pages for document in ready):,} pages",
        f"{sum(document.chunks for document in ready):,} passages",
    ]
    parts += [f"{active} at work"] if active else []
    parts += [f"{stuck} not readable"] if stuck else []
    return " · ".join(parts)


def failed_for_password(document: Document) -> bool:
    """Whether typing a password could help."""
    return document.status is Status.FAILED and document.error in (PasswordNeeded.__name__, WrongPassword.__name__)
