"""The pages work under their Content-Security-Policy, and under it nothing reaches another host."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, FilePayload, Page

from tests.browser.conftest import Server, add_to_library, settled

NOTES: FilePayload = {"name": "n.txt", "mimeType": "text/plain", "buffer": b"The valve opens with a brass wheel."}
TRY = """async (url) => {
    const image = await new Promise((done) => {
        const image = new Image();
        image.onload = () => done("loaded");
        image.onerror = () => done("blocked");
        image.src = url;
    });
    const fetched = await fetch(url, {mode: "no-cors"}).then(() => "loaded", () => "blocked");
    const script = document.createElement("script");
    script.textContent = "window.strange = 1";
    document.body.append(script);
    return [image, fetched, window.strange === undefined ? "blocked" : "ran"];
}"""


@pytest.fixture
def other_host() -> Iterator[tuple[str, list[str]]]:
    """An address of somebody else, and what was asked of it."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def watched(browser: Browser) -> tuple[Page, list[str]]:
    page = browser.new_page()
    page.set_default_timeout(40_000)
    refusals: list[str] = []
    page.on("console", lambda said: refusals.append(said.text) if "Content Security Policy" in said.text else None)
    return page, refusals


def test_every_page_draws_itself_under_the_policy(browser: Browser, serve: Callable[..., Server]) -> None:
    server = serve()
    page, refusals = watched(browser)
    page.goto(f"{server.url}/library")
    settled(page)
    add_to_library(page, [NOTES])
    page.get_by_text("1 document ready").first.wait_for()
    page.goto(server.url)
    settled(page)
    box = page.get_by_placeholder("Ask your documents").first
    box.fill("How does the valve open?")
    box.press("Enter")
    page.get_by_text("brass wheel").first.wait_for()
    for tab in ("Before → after", "Timing"):
        page.get_by_role("tab", name=tab).click()
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
        settled(page)
    for place in ("playground", "insights", "settings"):
        page.goto(f"{server.url}/{place}")
        settled(page)
    assert refusals == []
    page.close()


def test_nothing_on_a_page_reaches_another_host(
    browser: Browser, serve: Callable[..., Server], other_host: tuple[str, list[str]]
) -> None:
    server, (url, asked) = serve(), other_host
    page, refusals = watched(browser)
    page.goto(server.url)
    settled(page)
    assert page.evaluate(TRY, f"{url}/stolen") == ["blocked", "blocked", "blocked"]
    assert asked == []
    assert refusals != []
    page.close()
