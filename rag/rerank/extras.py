"""Packages that only some need: pyproject.toml's optional dependencies, and how to install them where this runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from types import MappingProxyType

EXTRAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "flashrank": ("flashrank",),
        "rerankers": ("rerankers",),
        "langchain": ("langchain-core",),
        "signin": ("Authlib",),
        "bench": ("langchain-classic", "langchain-community", "langchain-chroma"),
    }
)


def install_command(*packages: str) -> str:
    """A command for the shell that works alike in a checkout, where a wheel was installed and in a container."""
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])


def missing_extra(extra: str) -> str:
    """What to do where the packages of that extra are not here, to go on with after "needs"."""
    return f"packages that are not installed: `{install_command(*EXTRAS[extra])}`"
