"""A question that names a document ("3M in 2018") is looked for inside that document as well as everywhere."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.documents import Document, Status
from rag.fuse import title_matches

MOST = 5  # documents: a question that fits more of them names none
NEARLY = 0.75  # of the best match


def named_documents(question: str, documents: Iterable[Document], collections: Iterable[str] = ()) -> tuple[str, ...]:
    """Ids of the ready documents whose titles the question names best, at most five; empty when it names none.

    collections: only documents of these (empty: of all). A library of few documents gives none: searching inside
    them would find what searching everywhere does.
    """
    wanted = set(collections)
    ready = [d for d in documents if d.status == Status.READY and (not wanted or d.collection in wanted)]
    if len(ready) <= MOST:
        return ()
    scores = title_matches(question, [document.title or document.name for document in ready])
    best = scores.max()
    named = [document.id for document, score in zip(ready, scores, strict=True) if best > 0 and score >= NEARLY * best]
    return tuple(named) if len(named) <= MOST else ()
