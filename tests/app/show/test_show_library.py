from datetime import timedelta

from streamlit.testing.v1 import AppTest

from app.show import documents as lines
from ingest.documents import Status
from tests.fakes.fake_application import NOW, a_document


def test_work_in_progress_comes_first_then_failures_then_the_newest() -> None:
    rows = [
        a_document("old.pdf"),
        a_document("new.pdf", added_at=NOW + timedelta(days=1)),
        a_document("bad.pdf", status=Status.FAILED),
        a_document("busy.pdf", status=Status.PARSING),
    ]
    assert [row.name for row in lines.sorted_for_reading(rows)] == ["busy.pdf", "bad.pdf", "new.pdf", "old.pdf"]


def test_search_finds_every_word_in_name_or_title_within_the_collection() -> None:
    rows = [a_document("a.pdf", title="Cold chain"), a_document("b.pdf", title="Travel", collection="hr")]
    assert [row.name for row in lines.matching(rows, "CHAIN a.pdf", None)] == ["a.pdf"]
    assert [row.name for row in lines.matching(rows, "", "hr")] == ["b.pdf"]
    assert lines.matching(rows, "travel", "default") == []


def test_progress_counts_pages_while_reading_and_passages_while_embedding() -> None:
    reading = a_document(status=Status.PARSING, pages=10, pages_done=5)
    embedding = a_document(status=Status.INDEXING, chunks=30, chunks_done=15)
    assert lines.progress(reading) == (0.25, "5 of 10 pages read")
    assert lines.progress(embedding) == (0.75, "15 of 30 passages embedded")
    assert lines.progress(a_document(status=Status.PARSING, pages=0, pages_done=0)) == (0.0, "0 of ? pages read")


def test_only_a_missing_or_wrong_password_asks_for_one() -> None:
    failed = {"status": Status.FAILED, "reason": "it does not open"}
    assert lines.failed_for_password(a_document(**failed, error="PasswordNeeded"))
    assert lines.failed_for_password(a_document(**failed, error="WrongPassword"))
    assert not lines.failed_for_password(a_document(**failed, error="DamagedFile"))


def test_a_line_says_why_a_file_failed_and_shows_its_name_as_text() -> None:
    def script(document):  # type: ignore[no-untyped-def]  # its text alone is run, without our imports
        from app.show.documents import draw_line

        draw_line(document)

    hostile = a_document("<img src=x onerror=alert(1)>.pdf", status=Status.FAILED, reason="damaged: no pages")
    at = AppTest.from_function(script, args=(hostile,)).run(timeout=20)
    assert not at.exception
    text = " ".join(element.value for element in at.markdown)
    assert "damaged" in text
    assert "<img" not in text.replace("\\<", "")


def test_a_title_from_right_to_left_does_not_turn_the_facts_round_and_no_file_has_0_kilobytes() -> None:
    def script(document):  # type: ignore[no-untyped-def]  # its text alone is run, without our imports
        from app.show.documents import draw_line

        draw_line(document)

    document = a_document("a.md", title="دليل المكتبة", pages=2, chunks=3, bytes=240, seconds=0.0)
    at = AppTest.from_function(script, args=(document,)).run(timeout=20)
    assert at.caption[0].value == "\u2068دليل المكتبة\u2069 · 2 pages · 3 passages · 1 kB · default"


def test_the_summary_counts_what_is_ready_at_work_and_unreadable() -> None:
    rows = [a_document("a"), a_document("b", status=Status.PARSING), a_document("c", status=Status.FAILED)]
    assert lines.summary(rows) == "1 document ready · 10 pages · 30 passages · 1 at work · 1 not readable"


def test_a_file_that_is_there_already_is_named_with_its_collection_and_other_name() -> None:
    ready = a_document("old.pdf", status=Status.READY, collection="law")
    assert lines.became(ready, "new.pdf", existed=True) == "is in law already, with the same content, as old.pdf"
    assert lines.became(ready, "old.pdf", existed=True) == "is in law already, with the same content"
    assert lines.became(a_document(status=Status.PARSING), "a.pdf", existed=True) == "is being worked on already"
    assert lines.became(ready, "old.pdf", existed=False) == "is queued"
