"""Evidence: one card a passage, cited ones first and open, exactly the list that the generator was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.show.answer import anchor
from app.show.judgement import mark_control
from app.show.passage import badges, final_mark, heading, movement, passage_html
from ingest.documents import Box, Chunk
from ingest.questions import PassageMark
from rag.ranking import Candidate
from rag.stages import HYBRID
from rag.tracing import Answer, Trace


@dataclass(frozen=True, kw_only=True)
class Card:
    """One passage of the evidence. number: its place in the list that the generator was given, from 1."""

    number: int
    candidate: Candidate
    cited: bool
    sentences: tuple[str, ...]
    relevant: bool | None

    @property
    def chunk(self) -> Chunk:
        return self.candidate.chunk

    @property
    def rank_before(self) -> int | None:
        mark = self.candidate.mark(HYBRID)
        return mark.rank if mark else None

    @property
    def rank_now(self) -> int | None:
        mark = final_mark(self.candidate)
        return mark.rank if mark else None


@dataclass(frozen=True, kw_only=True)
class PassageActions:
    """What a card can do; each is a function of the screen's, so that cards can be drawn without an application.

    pages: (chunk) → one (page number, PNG bytes) for every page that the passage lies on.
    neighbour: (chunk, offset) → the passage `offset` places further in the document, or None at its ends.
    file: (chunk) → the document's bytes. opened: called when someone looks closer at a passage.
    """

    save_mark: Callable[[PassageMark], None]
    remove_mark: Callable[[str, str], None]
    pages: Callable[[Chunk], list[tuple[int, bytes]]]
    neighbour: Callable[[Chunk, int], Chunk | None]
    read: Callable[[Chunk], None]
    opened: Callable[[str], None]


def cards(trace: Trace, answer: Answer, marks: Mapping[str, bool]) -> list[Card]:
    """Cited passages first, each group in the order in which the generator was given it."""
    cited: dict[str, list[str]] = {}
    for citation in answer.citations:
        cited.setdefault(citation.chunk_id, []).extend(citation.sentences)
    every = [
        Card(
            number=number,
            candidate=candidate,
            cited=candidate.chunk.id in cited,
            sentences=tuple(cited.get(candidate.chunk.id, ())),
            relevant=marks.get(candidate.chunk.id),
        )
        for number, candidate in enumerate(trace.evidence, start=1)
    ]
    return sorted(every, key=lambda card: (not card.cited, card.number))


def draw_card(card: Card, question_id: str, actions: PassageActions) -> None:
    """A bordered card: header, badges, the passage with its cited sentences, page picture, neighbours, marks."""
    import streamlit as st

    key = f"{question_id}-{card.chunk.id}"
    with st.container(border=True, gap="xsmall", key=f"card-{anchor(question_id, card.number)}"):
        st.subheader(
            heading(card.chunk, evidence_number=card.number),
            anchor=anchor(question_id, card.number),
        )
        change = movement(card.rank_before, card.rank_now)
        cited = ":blue-badge[:material/format_quote: cited]" if card.cited else ""
        st.markdown(f"{cited} {change} {badges(card.candidate)}")
        if card.cited:
            _text(card, key, actions)
        else:
            with st.expander("Read the passage", type="compact", key=f"fold-{key}", on_change="rerun") as fold:
                if fold.open:
                    _text(card, key, actions)
        with st.container(horizontal=True, vertical_alignment="center"):
            # A format without sheets, such as Word or Markdown, has no page to show the passage on.
            shown = bool(card.chunk.boxes) and st.toggle("Show on the page", key=f"page-{key}")
            if st.button("Open document", key=f"read-{key}", icon=":material/menu_book:", type="tertiary"):
                actions.opened(card.chunk.id)
                actions.read(card.chunk)
            mark_control(question_id, card.chunk, card.relevant, actions.save_mark, actions.remove_mark, key=key)
        if shown:
            actions.opened(card.chunk.id)
            draw_pages(actions.pages(card.chunk), card.chunk)


def _text(card: Card, key: str, actions: PassageActions) -> None:
    import streamlit as st

    offset = st.session_state.get(f"offset-{key}", 0)
    shown = actions.neighbour(card.chunk, offset) if offset else card.chunk
    if shown is None:
        st.caption("The document ends here." if offset > 0 else "The document begins here.")
    else:
        if offset:
            side = "after" if offset > 0 else "before"
            st.caption(f"{abs(offset)} {side} the passage that was given, page {shown.page}")
        if shown.section:
            st.caption(_plain_section(shown.section))
        st.html(passage_html(shown.content, () if offset else card.sentences))
    with st.container(horizontal=True, gap="xsmall"):
        _step_button("Previous passage", f"back-{key}", ":material/chevron_left:", f"offset-{key}", offset - 1)
        if offset:
            _step_button("The passage itself", f"home-{key}", ":material/my_location:", f"offset-{key}", 0)
        _step_button("Next passage", f"on-{key}", ":material/chevron_right:", f"offset-{key}", offset + 1)


def _plain_section(section: str) -> str:
    from app.safe_text import plain

    return plain(section)


def _step_button(label: str, key: str, icon: str, state: str, value: int) -> None:
    import streamlit as st

    def go() -> None:
        st.session_state[state] = value

    st.button(label, key=key, icon=icon, type="tertiary", on_click=go)


def draw_pages(pages: list[tuple[int, bytes]], chunk: Chunk) -> None:
    """The pictures of the pages that the passage lies on, its boxes highlighted."""
    import streamlit as st

    if not pages:
        st.caption("There is no picture of this page (the document is gone, or its format has no sheets to draw).")
    for page, png in pages:
        st.image(png, width="stretch", alt=f"Page {page} with the passage highlighted")


def boxes_by_page(chunk: Chunk) -> dict[int, tuple[Box, ...]]:
    """The passage's boxes for each page that it lies on, in page order; its own page when it has none."""
    pages: dict[int, tuple[Box, ...]] = {}
    for box in sorted(chunk.boxes, key=lambda box: box.page):
        pages[box.page] = (*pages.get(box.page, ()), box)
    return pages or {chunk.page: ()}
