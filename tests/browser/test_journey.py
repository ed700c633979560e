"""What a person does on the first day: upload, ask, look at the evidence, judge, come back and find it all again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import add_to_library, settled
from tests.places import SAMPLES

QUESTION = "How long after mixing may the measles vaccine be used?"
WAIT = 30_000  # milliseconds: the models load with the first document


@pytest.fixture(scope="module")
def server(serve: Callable):
    return serve()


@pytest.fixture
def page(browser: Browser, server) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(WAIT)
    yield page
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.close()


def test_an_empty_library_says_what_to_do(page: Page, server) -> None:
    page.goto(server.url)
    expect(page.get_by_text("Begin with a document")).to_be_visible(timeout=WAIT)


def test_a_file_is_uploaded_and_becomes_ready(page: Page, server) -> None:
    page.goto(f"{server.url}/library")
    add_to_library(page, SAMPLES / "vaccine-cold-chain-handbook.pdf")
    expect(page.get_by_text("1 document ready").first).to_be_visible(timeout=2 * WAIT)
    expect(page.get_by_text("vaccine-cold-chain-handbook.pdf").first).to_be_visible()
    expect(page.get_by_text("10 pages").first).to_be_visible()


def test_a_question_is_answered_with_a_citation_and_its_evidence(page: Page, server) -> None:
    page.goto(server.url)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(QUESTION)
    box.press("Enter")
    expect(page.get_by_text("six hours after mixing").first).to_be_visible(timeout=2 * WAIT)
    page.get_by_role("tab", name="Evidence").wait_for()
    expect(page.get_by_text("vaccine-cold-chain-handbook.pdf, page 4").first).to_be_visible()

    # The citation leads to its card, and the card shows the page with the passage on it.
    number = page.locator("a[href^='#evidence-']").first
    assert page.locator(number.get_attribute("href") or "missing").count() == 1
    page.get_by_text("Show on the page").first.click()
    picture = page.locator("[data-testid=stImage] img").first
    expect(picture).to_be_visible(timeout=WAIT)
    assert picture.evaluate("image => image.naturalWidth") > 300

    # Before → after: the chart, and the candidates that fell out.
    page.get_by_role("tab", name="Before → after").click()
    expect(page.locator("[data-testid=stVegaLiteChart]").first).to_be_visible(timeout=WAIT)
    page.get_by_role("tab", name="Timing").click()
    expect(page.locator("[data-testid=stVegaLiteChart]").first).to_be_visible(timeout=WAIT)

    # A mark on a passage, and a thumb.
    page.get_by_role("tab", name="Evidence").click()
    settled(page)
    page.get_by_role("radio", name="Relevant", exact=False).first.click()
    page.get_by_role("radio", name="Thumbs up").first.click()
    expect(page.get_by_text("Saved").first).to_be_visible(timeout=WAIT)

    page.reload()
    expect(page.get_by_text("six hours after mixing").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Saved").first).to_be_visible(timeout=WAIT)


def test_after_a_restart_everything_is_there(page: Page, server) -> None:
    server.stop()
    server.start()
    page.goto(server.url)
    page.get_by_role("button", name=QUESTION[:20]).first.click()
    expect(page.get_by_text("six hours after mixing").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Saved").first).to_be_visible(timeout=WAIT)
    page.goto(f"{server.url}/library")
    expect(page.get_by_text("1 document ready").first).to_be_visible(timeout=WAIT)
    page.goto(f"{server.url}/insights")
    expect(page.get_by_text("1 of 1").first).to_be_visible(timeout=WAIT)


def test_insights_measures_typed_questions_and_says_what_learning_still_needs(page: Page, server) -> None:
    page.goto(f"{server.url}/insights")
    page.get_by_role("textbox", name="Questions").fill(f"{QUESTION} | vaccine-cold-chain-handbook.pdf | 4")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_text("Where the evidence went").first).to_be_visible(timeout=WAIT)
    page.get_by_role("textbox", name="Questions").fill("a question without a page")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_text("Line 1 is not").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Not enough marks yet").first).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Learn from feedback").click()
    expect(page.get_by_text("not enough marks yet: ").first).to_be_visible(timeout=WAIT)


def test_feedback_can_be_taken_away_as_both_kinds_of_file(page: Page, server) -> None:
    page.goto(f"{server.url}/insights")
    for kind in ("JSONL", "CSV"):
        with page.expect_download(timeout=WAIT) as started:
            page.get_by_role("button", name=kind, exact=True).click()
        assert started.value.suggested_filename == f"feedback.{kind.lower()}"
        text = started.value.path().read_text(encoding="utf-8")
        assert QUESTION in text
        assert "vaccine-cold-chain-handbook.pdf" in text


def test_the_pages_can_be_read_on_a_telephone(browser: Browser, server) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for place in ("", "library", "insights", "settings", "playground"):
        page.goto(f"{server.url}/{place}")
        page.locator("[data-testid=stMain] h1, [data-testid=stMain] h2").first.wait_for(timeout=WAIT)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, place
    page.close()
