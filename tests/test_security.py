"""What must not stand in the code, what must not stand in a log, and who may connect."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from app.settings import read_settings
from tests.places import ROOT

SOURCES = sorted(path for name in ("app", "ingest", "rag", "data") for path in (ROOT / name).rglob("*.py"))
BANNED_CALLS = {"eval", "exec", "compile", "__import__"}
BANNED_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "xmlrpc", "telnetlib"}
BANNED_METHODS = {("yaml", "load"), ("torch", "load"), ("os", "popen"), ("joblib", "load")}
BANNED_ARGUMENTS = {"trust_remote_code": True, "shell": True, "verify": False, "weights_only": False}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_banned_construct_stands_in_the_code(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not BANNED_MODULES & {name.split(".")[0] for name in names}
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert not (isinstance(node.func, ast.Name) and called in BANNED_CALLS), called
            assert called not in ("HttpClient", "AsyncHttpClient", "mktemp"), called
            assert not (called == "system" and isinstance(node.func, ast.Attribute)), called
            owner = getattr(getattr(node.func, "value", None), "id", "")
            assert (owner, called) not in BANNED_METHODS, f"{owner}.{called}"
            for keyword in node.keywords:
                if keyword.arg in BANNED_ARGUMENTS and isinstance(keyword.value, ast.Constant):
                    assert keyword.value.value is not BANNED_ARGUMENTS[keyword.arg], keyword.arg
                if keyword.arg == "unsafe_allow_html" and isinstance(keyword.value, ast.Constant):
                    assert keyword.value.value is not True, "raw HTML in a page"


def test_the_servers_bind_to_loopback_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECOND_PASS_HOST", raising=False)
    assert read_settings().server.host == "127.0.0.1"
    assert 'address = "127.0.0.1"' in (ROOT / "app" / ".streamlit" / "config.toml").read_text(encoding="utf-8")


def test_keys_are_masked_wherever_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("SECOND_PASS_API_KEY", "another-secret")
    settings = read_settings()
    shown = f"{settings!r} {settings} {asdict(settings)}"
    assert "sk-very-secret" not in shown
    assert "another-secret" not in shown


def test_a_wrong_setting_is_an_error_that_does_not_show_the_key(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "doctor"],
        cwd=ROOT,
        env=os.environ | {"SECOND_PASS_HOME": str(tmp_path), "SECOND_PASS_RETRIEVE": "many", "OPENAI_API_KEY": "sk-se"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "SECOND_PASS_RETRIEVE" in done.stderr
    assert "Traceback" not in done.stderr
    assert "sk-se" not in done.stderr + done.stdout
