"""What README, CHANGELOG and docs claim of commands, options, settings and files is so."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from app.cli.main import main
from app.configuration import configuration, in_use
from app.setting_fields import PREFIX, names_of
from app.settings import FILE, NO_SETTINGS, Settings, changed, read_settings
from tests.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = [path for name in ("app", "ingest", "rag") for path in sorted((ROOT / name).rglob("*.py"))]


def code(page: str) -> list[str]:
    """What stands in a page as code, without the comments behind it: between backticks, or indented by four."""
    page = re.sub(r"^```.*?^```", "", page, flags=re.M | re.S)
    lines = [*re.findall(r"`([^`]+)`", page), *re.findall(r"^ {4}(\S.*)$", page, flags=re.M)]
    return [" ".join(line.partition("  #")[0].split()) for line in lines]


def commands() -> list[str]:
    """Every `second-pass …` that a page names, without what stands for "and so on"."""
    lines = [line for page in PAGES for line in code(page.read_text(encoding="utf-8"))]
    named = {line.partition("second-pass ")[2] for line in lines if re.match(r"(\.venv/bin/)?second-pass ", line)}
    return sorted(one for one in named if not one.startswith("…"))


def the_command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and the words behind it."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("line", commands())
def test_every_command_that_a_page_names_exists_with_its_options(line: str) -> None:
    command, rest = the_command(shlex.split(line))
    assert command is not main or rest[:1] == ["--help"]
    options = {name for parameter in command.params for name in parameter.opts} | {"--help", "--version"}
    assert {word for word in rest if word.startswith("--")} <= options


def test_the_pages_name_commands_and_settings() -> None:
    assert len(commands()) > 10
    assert len(examples(README)) > 3


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)`|^ {4}make (\w+)", README, flags=re.M))))
def test_every_make_target_that_the_readme_names_exists(target: tuple[str, str]) -> None:
    name = "".join(target)
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("path", [*PAGES, *SOURCES, ROOT / "Dockerfile"], ids=lambda path: path.name)
def test_every_variable_of_ours_that_is_named_is_a_setting(path: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8")))
    placeholders = {"SECOND_PASS_NAME", "SECOND_PASS_GROUP_NAME"}
    assert named - placeholders - set(NO_SETTINGS) <= set(names_of(Settings))


def examples(page: str) -> list[str]:
    """The blocks of settings in a page, whole; where a name is there twice, its lines are alternatives."""
    found = []
    for block in re.findall(r"^ {4}(\[.*\n(?: {4}.*\n)+)", page, flags=re.M):
        header, *lines = (line.strip() for line in block.splitlines())
        names = [line.partition("=")[0] for line in lines]
        alternatives = [lines] if len(set(names)) == len(names) else [[line] for line in lines]
        found += ["\n".join([header, *chosen]) for chosen in alternatives]
    return found


@pytest.mark.parametrize("text", examples(README))
def test_every_example_of_settings_in_the_readme_is_accepted(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    FILE.write_text(text, encoding="utf-8")
    assert read_settings().ranking.cascade != Settings().ranking.cascade


def test_the_configuration_page_is_what_the_groups_say() -> None:
    """After a change of a setting: second-pass settings --markdown > docs/configuration.md"""
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == configuration()


def test_what_the_settings_command_prints_can_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names_of(Settings):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    stage = {"name": "third", "reranker": "http://gpu:8080", "keeps": 3}
    settings = changed(Settings(), home="/somewhere", ranking={"stages": [stage], "gate_margin": 1.5, "signals": False})
    printed = in_use(changed(settings, answer={"key": "sk-secret"}))
    assert "sk-secret" not in printed
    FILE.write_text(printed, encoding="utf-8")
    assert read_settings() == settings


def test_the_newest_version_of_the_changelog_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    assert versions[0] == project["version"]
