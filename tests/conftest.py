"""What holds for every test: what a test leaves of `__main__` is put right, and the network ends at loopback
(pytest-socket; see pyproject.toml)."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def the_real_main_module() -> Iterator[None]:
    """Streamlit's AppTest puts the script that it ran in the place of `__main__`, and processes that are started
    later would run that script."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
