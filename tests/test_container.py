"""The container is built as `make run` builds its virtual environment; no container engine is needed to see that."""

from __future__ import annotations

import re

from tests.places import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    return [line.removeprefix(name).strip() for line in lines if line.startswith(f"{name} ")]


def test_everything_that_is_copied_is_there_and_every_package_is_copied() -> None:
    copied = {source for line in instructions("COPY") for source in line.split()[:-1]}
    assert {source for source in copied if not (ROOT / source).exists()} == set()
    assert {"app", "ingest", "rag", "data", "pyproject.toml", "constraints.txt"} <= copied


def test_torch_comes_first_and_everything_is_pinned_as_in_the_makefile() -> None:
    in_image = [line for run in instructions("RUN") for line in re.findall(r"pip install[^&]*", run)]
    in_make = re.findall(r"pip install.*", MAKEFILE)
    assert len(in_image) == len(in_make) == 2
    for lines in (in_image, in_make):
        assert all("--constraint constraints.txt" in line for line in lines)
        assert lines[0].rstrip().endswith("torch")
        assert "--editable" in lines[1]


def test_it_serves_the_same_command_as_nobody_special_and_reports_its_health() -> None:
    command = re.search(r"run: install\n\t\$\(BIN\)/(.*)", MAKEFILE)
    assert command is not None
    assert instructions("CMD") == ["[" + ", ".join(f'"{word}"' for word in command[1].split()) + "]"]
    assert instructions("USER") == ["second-pass"]
    assert "8501/health" in DOCKERFILE
    assert instructions("VOLUME") == ["/library"]
