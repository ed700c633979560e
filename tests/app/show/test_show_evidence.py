import pytest
from streamlit.testing.v1 import AppTest

from app.show.evidence import PassageActions, boxes_by_page, cards
from app.show.judgement import REASONS
from ingest.documents import Box, Chunk
from ingest.questions import PassageMark, Thumb
from tests.fakes.fake_application import a_chunk, a_trace, an_answer

CHUNKS = [a_chunk(number) for number in range(20)]
TRACE = a_trace("q", CHUNKS)
ANSWER = an_answer(TRACE)


class Doings:
    """What the cards asked for."""

    def __init__(self) -> None:
        self.marks: dict[str, bool] = {}
        self.opened: list[str] = []
        self.read: list[str] = []

    def save(self, mark: PassageMark) -> None:
        self.marks[mark.chunk_id] = mark.relevant

    def remove(self, question_id: str, chunk_id: str) -> None:
        self.marks.pop(chunk_id, None)

    def neighbour(self, chunk: Chunk, offset: int) -> Chunk | None:
        at = chunk.position + offset
        return CHUNKS[at] if 0 <= at < len(CHUNKS) else None

    def actions(self) -> PassageActions:
        return PassageActions(
            save_mark=self.save,
            remove_mark=self.remove,
            pages=lambda chunk: [],
            neighbour=self.neighbour,
            read=lambda chunk: self.read.append(chunk.id),
            opened=self.opened.append,
        )


def drawn(doings: Doings) -> AppTest:
    def script(trace, answer, doings):  # type: ignore[no-untyped-def]  # its text alone is run, without our imports
        from app.show.evidence import cards, draw_card

        for card in cards(trace, answer, doings.marks):
            draw_card(card, "q1", doings.actions())

    return AppTest.from_function(script, args=(TRACE, ANSWER, doings)).run(timeout=20)


def test_cited_cards_come_first_and_the_numbers_stay_those_of_the_generator() -> None:
    found = cards(TRACE, ANSWER, {})
    assert [card.number for card in found] == [1, 3, 2, 4, 5]
    assert [card.cited for card in found] == [True, True, False, False, False]
    assert [card.chunk.id for card in sorted(found, key=lambda c: c.number)] == [c.chunk.id for c in TRACE.evidence]


def test_cited_passages_are_open_with_the_sentence_marked_and_others_folded() -> None:
    at = drawn(Doings())
    assert not at.exception
    assert [heading.value.split()[0] for heading in at.subheader] == [
        "\\[1\\]",
        "\\[3\\]",
        "\\[2\\]",
        "\\[4\\]",
        "\\[5\\]",
    ]
    assert len(at.html) == 2
    assert "<mark" in at.html[0].value
    assert len(at.expander) == 3


def test_a_mark_is_saved_and_taken_back() -> None:
    doings = Doings()
    at = drawn(doings)
    control = at.get("segmented_control")[0]
    control.set_value("relevant").run(timeout=20)
    assert doings.marks == {ANSWER.citations[0].chunk_id: True}
    assert at.get("segmented_control")[0].value == "relevant"
    at.get("segmented_control")[0].set_value(None).run(timeout=20)
    assert doings.marks == {}


def test_neighbouring_passages_can_be_read_and_the_way_back_is_there() -> None:
    at = drawn(Doings())
    given = TRACE.evidence.candidates[0].chunk
    key = f"on-q1-{given.id}"
    at.button(key=key).click().run(timeout=20)
    assert not at.exception
    after = CHUNKS[given.position + 1] if given.position + 1 < len(CHUNKS) else None
    if after:
        assert after.text.split("\n")[0].replace("'", "&#x27;") in at.html[0].value
        assert "<mark" not in at.html[0].value
    at.button(key=f"home-q1-{given.id}").click().run(timeout=20)
    assert "<mark" in at.html[0].value


def test_opening_the_document_tells_which_passage_was_opened() -> None:
    doings = Doings()
    at = drawn(doings)
    chunk_id = TRACE.evidence.candidates[0].chunk.id
    at.button(key=f"read-q1-{chunk_id}").click().run(timeout=20)
    assert doings.read == [chunk_id]
    assert doings.opened == [chunk_id]


def test_a_passage_over_two_pages_has_its_boxes_on_both() -> None:
    boxes = (
        Box(page=5, left=0, top=0, right=1, bottom=1),
        Box(page=4, left=0, top=700, right=1, bottom=800),
        Box(page=5, left=0, top=2, right=1, bottom=3),
    )
    found = boxes_by_page(a_chunk(0, boxes=boxes))
    assert {page: len(rows) for page, rows in found.items()} == {4: 1, 5: 2}
    assert list(found) == [4, 5]
    assert boxes_by_page(a_chunk(0, boxes=(), page=7)) == {7: ()}


def thumbs_drawn(stored: dict[str, Thumb]) -> AppTest:
    def script(stored):  # type: ignore[no-untyped-def]  # its text alone is run, without our imports
        from app.show.judgement import thumbs

        thumbs(
            "q1",
            stored.get("q1"),
            lambda thumb: stored.update({"q1": thumb}),
            lambda question_id: stored.pop(question_id),
        )

    return AppTest.from_function(script, args=(stored,)).run(timeout=20)


def test_a_thumb_is_saved_changed_and_withdrawn() -> None:
    stored: dict[str, Thumb] = {}
    at = thumbs_drawn(stored)
    at.feedback[0].set_value(1).run(timeout=20)
    assert stored["q1"].value == 1
    assert not at.get("pills")
    at.feedback[0].set_value(0).run(timeout=20)
    assert stored["q1"].value == -1
    at.feedback[0].set_value(None).run(timeout=20)
    assert stored == {}


def test_a_thumbs_down_asks_why_says_what_is_stored_and_keeps_the_reasons() -> None:
    stored: dict[str, Thumb] = {"q1": Thumb(question_id="q1", value=-1)}
    at = thumbs_drawn(stored)
    assert any("Stored on this machine only" in caption.value for caption in at.caption)
    assert [option for option in at.get("pills")[0].options] == list(REASONS.values())
    at.get("pills")[0].set_value(["wrong source", "other"])
    at.text_area[0].set_value("page 3, not 4")
    at.button[0].click().run(timeout=20)
    assert not at.exception
    assert stored["q1"].reasons == ("wrong source", "other")
    assert stored["q1"].comment == "page 3, not 4"


@pytest.mark.parametrize("value", [1, -1])
def test_a_stored_thumb_is_shown_after_a_reload(value: int) -> None:
    at = thumbs_drawn({"q1": Thumb(question_id="q1", value=value)})
    assert at.feedback[0].value == (1 if value > 0 else 0)
