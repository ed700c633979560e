"""With an [auth] section in Streamlit's secrets, nobody sees anything before they sign in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1/oauth2callback"
cookie_secret = "a-long-random-string-of-this-test"
client_id = "second-pass"
client_secret = "none"
server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    person = tmp_path_factory.mktemp("person")
    (person / ".streamlit").mkdir()
    Path(person / ".streamlit" / "secrets.toml").write_text(SECRETS)
    return serve(HOME=str(person))


@pytest.mark.parametrize("place", ["", "library", "playground", "insights", "settings", "?c=abc"])
def test_every_page_asks_for_sign_in_and_shows_nothing_else(browser: Browser, server: Server, place: str) -> None:
    page = browser.new_page()
    page.goto(f"{server.url}/{place}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=40_000)
    for hidden in ("stChatInput", "stFileUploader", "stForm"):
        expect(page.get_by_test_id(hidden)).to_have_count(0)
    page.close()
