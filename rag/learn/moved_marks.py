"""Which marked passages stand elsewhere than when they were marked: after a re-index, new files, learned weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rag.learn.judged import JudgedQuestion
from rag.tracing import Trace


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A marked page's 1-based place in the final order, then and now; None where it is not in that order."""

    question: str
    document: str
    page: int
    before: int | None
    now: int | None


def moved(
    judged: Iterable[JudgedQuestion],
    ask: Callable[[Trace], Trace],
    progress: Callable[[int], object] = lambda done: None,
) -> list[Moved]:
    """Ask the questions with a positive mark again (`ask` is given the recorded trace) and compare, by page: a library
    that was indexed anew knows its passages by new ids. One entry a page that moved; those that fell come first."""
    found: list[Moved] = []
    for done, row in enumerate((row for row in judged if row.positives), start=1):
        again = ask(row.trace)
        for document, page in row.page_golden.relevant:
            before, now = _place(row.trace, document, page), _place(again, document, page)
            if before != now:
                found.append(Moved(question=row.question, document=document, page=page, before=before, now=now))
        progress(done)
    return sorted(found, key=lambda one: (one.before or BEYOND) - (one.now or BEYOND))


BEYOND = 1_000  # where a passage counts as standing that is not in the order


def _place(trace: Trace, document: str, page: int) -> int | None:
    ranked: Iterable[tuple[str, int]] = (
        ((c.chunk.document_name, c.chunk.page) for c in trace.order) if trace.steps else ()
    )
    return next((place for place, found in enumerate(ranked, start=1) if found == (document, page)), None)
