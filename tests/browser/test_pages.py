"""What else a person can do: a locked file, a file dropped into the question, marks, reasons, other rerankers."""

import io
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.browser.conftest import Server, add_to_library, settled
from tests.places import SAMPLES

WAIT = 40_000
RELEVANT = re.compile(r"\bRelevant$")


def one_page(name: str, sentence: str, password: str = "") -> FilePayload:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=StandardEncryption(password) if password else None)
    canvas.drawString(60, 700, sentence)
    canvas.save()
    return {"name": name, "mimeType": "application/pdf", "buffer": buffer.getvalue()}


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(WAIT)
    yield page
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.close()


def ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")
    expect(page.get_by_test_id("stMain").get_by_role("heading", name=question).last).to_be_visible(timeout=WAIT)
    # While a follow-up is answered, the tabs of the question before are still there.
    expect(page.get_by_role("tab", name="Evidence")).to_have_count(1, timeout=WAIT)
    settled(page)


def test_a_locked_file_opens_with_its_password_and_the_others_are_ready(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/library")
    add_to_library(
        page,
        [
            one_page("locked.pdf", "The boiler room opens with seven three nine one.", password="brass"),
            {"name": "not-a.pdf", "mimeType": "application/pdf", "buffer": b"<html>no</html>"},
            {
                "name": "cold-chain.pdf",
                "mimeType": "application/pdf",
                "buffer": (SAMPLES / "vaccine-cold-chain-handbook.pdf").read_bytes(),
            },
        ],
        count=3,
    )
    expect(page.get_by_text("1 document ready").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("not a format that can be read").first).to_be_visible()
    field = page.get_by_label("Password of this file")
    settled(page)
    field.fill("wrong")
    page.get_by_role("button", name="Open with this password").click()
    expect(page.get_by_text("wrong password").first).to_be_visible(timeout=WAIT)
    settled(page)
    field.fill("brass")
    page.get_by_role("button", name="Open with this password").click()
    expect(page.get_by_text("2 documents ready").first).to_be_visible(timeout=WAIT)


def test_a_file_dropped_into_the_question_box_is_read_and_answers(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.locator("[data-testid=stChatInput] input[type=file]").set_input_files(
        one_page("parrot.pdf", "The lighthouse keeper feeds his parrot with walnuts every Tuesday evening.")
    )
    page.get_by_text("parrot.pdf").first.wait_for()
    ask(page, "When is the parrot given walnuts?")
    expect(page.get_by_text("every Tuesday evening").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Searching 1 chosen document")).to_be_visible()
    page.get_by_text("Show on the page").first.click()
    expect(page.get_by_test_id("stImage").locator("img").first).to_be_visible(timeout=WAIT)


def test_a_documents_page_opens_from_its_source_and_again_from_its_card(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="When is the parrot").first.click()
    for name in ("parrot.pdf, p. 1", "Open document", "parrot.pdf, p. 1"):
        settled(page)
        page.get_by_role("button", name=name).first.click()
        expect(page.get_by_role("dialog").get_by_alt_text("Page 1 of the document")).to_be_visible(timeout=WAIT)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_newest_question_of_a_conversation_stands_at_the_top(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 1280, "height": 600})
    page.goto(server.url)
    ask(page, "What does the keeper feed to the parrot?")
    ask(page, "Which animal is fed by the keeper?")
    ask(page, "What opens the boiler room?")
    newest = page.get_by_test_id("stMain").get_by_role("heading", name="What opens the boiler room?")
    expect(newest).to_be_in_viewport(timeout=WAIT)
    settled(page)
    place = newest.bounding_box()
    assert place is not None
    assert place["y"] < 200
    page.reload()
    expect(newest).to_be_in_viewport(timeout=WAIT)


def test_a_file_without_sheets_opens_as_its_text_with_the_passage_marked(page: Page, server: Server) -> None:
    page.goto(server.url)
    text = b"# Beacon\n\nThe beacon burns rapeseed oil.\n\n| Month | Litres |\n|---|---|\n| May | 61 |\n"
    page.locator("[data-testid=stChatInput] input[type=file]").set_input_files(
        {"name": "beacon.md", "mimeType": "text/markdown", "buffer": text}
    )
    page.get_by_text("beacon.md").first.wait_for()
    ask(page, "What does the beacon burn?")
    expect(page.get_by_text("Show on the page")).to_have_count(0)
    settled(page)
    page.get_by_role("button", name="beacon.md, p. 1").first.click()
    viewer = page.get_by_role("dialog")
    expect(viewer.locator("mark", has_text="rapeseed oil")).to_be_visible(timeout=WAIT)
    expect(viewer.get_by_role("cell", name="61")).to_be_visible()
    expect(viewer.get_by_role("tab")).to_have_count(0)


def test_a_passage_that_fell_out_can_be_read_and_marked_and_the_mark_stays(page: Page, server: Server) -> None:
    page.goto(server.url)
    ask(page, "At what temperature is the shingles vaccine kept?")
    page.get_by_role("tab", name="Before → after").click()
    chosen = page.get_by_role("combobox", name="Look at a candidate")
    settled(page)
    chosen.click()
    page.keyboard.type("30. ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("fell out", exact=False).last).to_be_visible()
    mark = page.get_by_test_id("stMain").get_by_role("radio", name=RELEVANT).last
    mark.click()
    expect(mark).to_be_checked()
    page.get_by_role("tab", name="Timing").click()
    expect(page.get_by_text("1 passage that you marked as relevant")).to_be_visible(timeout=WAIT)
    page.reload()
    page.get_by_role("tab", name="Timing").click()
    expect(page.get_by_text("1 passage that you marked as relevant")).to_be_visible(timeout=WAIT)


def test_a_thumb_down_keeps_its_reason_and_words(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="At what temperature").first.click()
    page.get_by_role("radio", name="Thumbs down").click()
    settled(page)
    page.get_by_role("button", name="Missing part").click()
    page.get_by_label("In your words").fill("The freezer is not named.")
    page.get_by_role("button", name="Save the reasons").click()
    settled(page)
    page.reload()
    expect(page.get_by_label("In your words")).to_have_value("The freezer is not named.")


def test_a_question_is_ranked_again_with_another_reranker_side_by_side(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="At what temperature").first.click()
    page.get_by_role("tab", name="Other rerankers").click()
    settled(page)
    page.get_by_role("combobox", name="Precise reranker").click()
    page.keyboard.type("none")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Rank again").click()
    expect(page.get_by_role("heading", name="As answered")).to_be_visible()
    expect(page.get_by_role("heading", name="Ranked again")).to_be_visible()
    expect(page.get_by_text("late-interaction → none")).to_be_visible()


def test_a_citation_leads_to_its_card_also_from_another_tab(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="At what temperature").first.click()
    page.get_by_role("tab", name="Prompt").click()
    expect(page.get_by_text("No language model was asked")).to_be_visible()
    link = page.locator("a[href^='#evidence-']").first
    card = (link.get_attribute("href") or "").lstrip("#")
    link.click()
    expect(page.locator(f"[id='{card}']")).to_be_in_viewport(timeout=WAIT)


def test_on_a_telephone_the_sidebar_gives_way_to_the_conversation_that_was_chosen(
    browser: Browser, server: Server
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(WAIT)
    page.goto(server.url)
    page.get_by_test_id("stExpandSidebarButton").click()
    chosen = page.get_by_role("button", name="At what temperature").first
    chosen.click()
    expect(page.get_by_role("heading", name="At what temperature")).to_be_visible()
    expect(chosen).not_to_be_in_viewport()
    page.close()


def test_the_question_box_is_reached_and_sent_by_keyboard_alone(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_test_id("stChatInputTextArea").wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == "stChatInputTextArea":
            break
    page.keyboard.type("Which vaccine must not be frozen?")
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Evidence").wait_for(timeout=WAIT)


def test_settings_list_every_reranker_and_say_that_nothing_leaves(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/settings")
    expect(page.get_by_text("Files, questions and answers stay here.")).to_be_visible()
    expect(page.get_by_text("can run here as it is")).to_be_visible()
    expect(page.locator("[data-testid=stDataFrame]")).to_be_visible()


def test_a_deleted_document_is_gone_from_the_list_and_its_answer_stays(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/library")
    page.get_by_label("Search by name or title").fill("parrot")
    page.keyboard.press("Enter")
    expect(page.get_by_text("locked.pdf")).to_have_count(0)
    settled(page)
    page.get_by_role("button", name="Actions").click()
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.goto(server.url)
    page.get_by_role("button", name="When is the parrot").first.click()
    expect(page.get_by_text("every Tuesday evening").first).to_be_visible(timeout=WAIT)
    page.get_by_text("Show on the page").first.click()
    expect(page.get_by_text("There is no picture of this page")).to_be_visible(timeout=WAIT)
