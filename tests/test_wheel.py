"""A wheel is built and installed into an empty environment, and answers a question about the samples that it brings."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.request
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from rag.rerank.extras import EXTRAS
from tests.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("app", "ingest", "rag")
SHIPPED = (*PACKAGES, "data/models", "data/samples")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, because setuptools builds inside the source and takes up what it finds there."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in (*PACKAGES, "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    _run([sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", "dist", "."], folder)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel, and finds only its dependencies where these tests find them."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    offline = ("--no-deps", "--no-index", "--quiet")
    _run([sys.executable, "-m", "pip", "--python", str(python), "install", *offline, str(wheel)], folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    # A .pth adds the folder alone, not what its own .pth files add: an editable install of the checkout stays out.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    foreign = ("SECOND_PASS_", "OPENAI_", "PYTHONPATH")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return clean | {"SECOND_PASS_HOME": str(tmp_path_factory.mktemp("home"))}


def test_the_wheel_holds_every_file_that_running_needs_and_none_of_the_generators(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(ROOT))
        for folder in SHIPPED
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == wanted


def test_an_installed_wheel_adds_a_sample_answers_and_serves(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    place = _run([installed / "python", "-c", "import app; print(app.__path__[0])"], tmp_path, environment)
    assert Path(place.strip()).is_relative_to(installed.parent)
    sample = Path(place.strip()).parent / "data" / "samples" / "vaccine-cold-chain-handbook.pdf"

    added = json.loads(_run([installed / "second-pass", "ingest", sample, "--json"], tmp_path, environment))
    assert (added["file"], added["status"]) == (sample.name, "ready")

    question = "How long does an opened vial keep?"
    answer = json.loads(_run([installed / "second-pass", "ask", question, "--json"], tmp_path, environment))
    assert answer["outcome"] == "answered"
    assert answer["citations"][0]["document"] == sample.name

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    Path(environment["SECOND_PASS_HOME"], "samples-offered").touch()
    server = subprocess.Popen(
        [installed / "second-pass", "serve", "--port", str(port)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert _answer_of(f"http://127.0.0.1:{port}/_stcore/health", server) == b"ok"
    finally:
        server.terminate()
        server.wait(30)


def test_every_package_that_is_imported_is_declared() -> None:
    named = [*PROJECT["dependencies"], *(row for rows in PROJECT["optional-dependencies"].values() for row in rows)]
    declared = {_normal(row.partition("[")[0].partition("=")[0]) for row in named}
    owners = packages_distributions()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for name in _imports(path) - {*PACKAGES, *sys.stdlib_module_names}:
                offered = {_normal(owner) for owner in owners.get(name, [name])}
                assert offered & declared, f"{path.relative_to(ROOT)} imports {name}"


def test_the_commands_that_install_an_extra_name_what_it_is_made_of() -> None:
    extras = {name: tuple(rows) for name, rows in PROJECT["optional-dependencies"].items() if name != "dev"}
    assert extras == EXTRAS


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _normal(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _run(command: list[str | Path], folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _answer_of(url: str, server: subprocess.Popen[bytes]) -> bytes:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                body: bytes = reply.read()
                return body
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server has ended")
