"""With an [auth] section in Streamlit's secrets, nobody sees anything before they sign in, and then only their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.conftest import Server, add_to_library

if TYPE_CHECKING:
    from tests.fakes.oidc_provider import OidcProvider

WAIT = 40_000
SECRETS = """
[auth]
redirect_uri = "{server}/oauth2callback"
cookie_secret = "a-long-random-string-of-this-test"
client_id = "second-pass"
client_secret = "none"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""
ANNAS: FilePayload = {"name": "annas.txt", "mimeType": "text/plain", "buffer": b"The valve opens with a brass wheel."}


@pytest.fixture(scope="module")
def provider() -> Iterator["OidcProvider"]:
    pytest.importorskip("authlib", reason="sign-in needs Authlib: pip install Authlib")
    from tests.fakes.oidc_provider import OidcProvider

    with OidcProvider("anna") as provider:
        yield provider


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server], provider: "OidcProvider", tmp_path_factory: pytest.TempPathFactory) -> Server:
    person = tmp_path_factory.mktemp("person")
    (person / ".streamlit").mkdir()
    server = serve(HOME=str(person))
    Path(person / ".streamlit" / "secrets.toml").write_text(SECRETS.format(server=server.url, provider=provider.url))
    server.stop()
    server.start(same_port=True)
    return server


def signed_in(browser: Browser, server: Server, provider: "OidcProvider", person: str) -> Page:
    """A browser of this person's own, past the provider."""
    provider.person = person
    page = browser.new_context().new_page()
    page.set_default_timeout(WAIT)
    page.goto(server.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(person.title(), exact=False).first).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


@pytest.mark.parametrize("place", ["", "library", "playground", "insights", "settings", "?c=abc"])
def test_every_page_asks_for_sign_in_and_shows_nothing_else(browser: Browser, server: Server, place: str) -> None:
    page = browser.new_page()
    page.goto(f"{server.url}/{place}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=WAIT)
    for hidden in ("stChatInput", "stFileUploader", "stForm"):
        expect(page.get_by_test_id(hidden)).to_have_count(0)
    page.close()


def test_two_people_sign_in_and_neither_sees_the_others_document_or_conversation(
    browser: Browser, server: Server, provider: "OidcProvider"
) -> None:
    anna = signed_in(browser, server, provider, "anna")
    anna.get_by_role("link", name="Library").click()
    anna.get_by_role("heading", name="Library", exact=True).wait_for()
    add_to_library(anna, ANNAS)
    expect(anna.get_by_text("1 document ready").first).to_be_visible(timeout=WAIT)
    anna.get_by_role("link", name="Ask").click()
    box = anna.get_by_test_id("stChatInputTextArea")
    box.fill("How is the valve opened?")
    box.press("Enter")
    expect(anna.get_by_text("brass wheel").first).to_be_visible(timeout=WAIT)
    anna.get_by_role("tab", name="Evidence").wait_for()
    address = anna.url

    bert = signed_in(browser, server, provider, "bert")
    expect(bert.get_by_text("Begin with a document")).to_be_visible(timeout=WAIT)
    bert.goto(address)
    expect(bert.get_by_text("Begin with a document")).to_be_visible(timeout=WAIT)
    expect(bert.get_by_text("valve")).to_have_count(0)
    for place in ("library", "insights"):
        bert.goto(f"{server.url}/{place}")
        expect(bert.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible(timeout=WAIT)
        expect(bert.get_by_text("annas.txt")).to_have_count(0)
        expect(bert.get_by_text("valve")).to_have_count(0)

    anna.reload()
    expect(anna.get_by_text("brass wheel").first).to_be_visible(timeout=WAIT)
    anna.get_by_role("button", name="Sign out").click()
    expect(anna.get_by_role("heading", name="Sign in")).to_be_visible(timeout=WAIT)
