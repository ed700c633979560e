"""A real Chromium and the real server, each on its own data directory; skipped with a reason where there is none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.places import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class Server:
    """`second-pass serve` as a person starts it. `environment` adds to what the settings read."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = environment
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, same_port: bool = False) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(self.url.rsplit(":", 1)[1]) if same_port else probe.getsockname()[1]
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "samples-offered").touch()  # these tests bring their own documents
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "SECOND_PASS_"))}
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--port", str(port)],
                cwd=ROOT,
                env=clean | {"SECOND_PASS_HOME": str(self.home)} | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except OSError:
                assert self._process.poll() is None, self.log()
                time.sleep(0.2)
        raise AssertionError(f"the server does not answer:\n{self.log()}")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        return (self.home / "server.log").read_text(errors="replace")


def settled(page: Page) -> None:
    """Wait until the page's script has run and drawn: a click before that can meet an element on its way out."""
    page.wait_for_timeout(100)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def add_to_library(page: Page, files: Any, count: int = 1) -> None:
    """Choose files on the Library page, wait until the server has them, and press the button."""
    page.locator("input[type=file]").first.set_input_files(files)
    page.locator("[data-testid=stFileUploaderDeleteBtn], [aria-label^='Remove ']").nth(count - 1).wait_for()
    settled(page)
    page.get_by_role("button", name="Add to the library").click()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.skip("no Chromium on this machine: install the system's chromium package")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(**environment: str) -> Server:
        server = Server(tmp_path_factory.mktemp("home"), **environment)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()
