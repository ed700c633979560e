"""The only reader of the environment and of second-pass.toml.

Each group is the value that a part takes, and is defined beside that part: a new setting is one line there, and it is
read, shown on the Settings page and documented from that line.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, SecretStr

from app.setting_fields import PREFIX, names_of, setting_called
from ingest.embed.options import ModelOptions
from ingest.errors import SettingsError
from ingest.pipeline import Splitting
from ingest.read.limits import Limits
from rag.answer.endpoint import ChatEndpoint
from rag.engine import Options
from rag.rerank.vendors import Vendors

FILE = Path("second-pass.toml")
NO_SETTINGS = ("SECOND_PASS_FAILPOINT",)  # ours, but for tests that kill the process; see ingest/store/failpoints.py


def _separated(given: object) -> object:
    return [name.strip() for name in given.split(",") if name.strip()] if isinstance(given, str) else given


@dataclass(frozen=True, kw_only=True)
class LibraryPlace:
    """Where the library is."""

    home: Annotated[Path, Field(description="The data directory: database, indexes, files. One process at a time.")] = (
        Path("var")
    )
    collection: Annotated[str, Field(description="The collection that files go to when none is named.")] = "default"
    scores_kept: Annotated[int, Field(ge=1000, description="Scores that the cache keeps; a million take 100 MB.")] = (
        1_000_000
    )
    traces_days: Annotated[
        int,
        Field(ge=0, description="Days until a question's orders and scores are forgotten; judged ones stay, 0: all."),
    ] = 90


@dataclass(frozen=True, kw_only=True)
class Server:
    """How the pages and the HTTP API are served, and what is logged."""

    host: Annotated[str, Field(description="Address that the servers bind to.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port of the pages, or of the HTTP API.")] = 8501
    api_key: Annotated[SecretStr | None, Field(description="Key that the HTTP API asks for as a bearer token.")] = None
    allowed_hosts: Annotated[
        tuple[str, ...],
        BeforeValidator(_separated),
        Field(description="More names, separated by commas, that the servers answer under (behind a proxy)."),
    ] = ()
    exposed: Annotated[
        bool | None,
        Field(description="Whether other machines can reach the servers; unset: whether `host` is beyond loopback."),
    ] = None
    body_mb: Annotated[int, Field(ge=1, description="Larger requests to the HTTP API are refused unread.")] = 8
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="Lines below it are not logged.")
    ] = "WARNING"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting: `name` under [group] in second-pass.toml, `SECOND_PASS_GROUP_NAME` in the environment."""

    library: LibraryPlace = field(default_factory=LibraryPlace)
    passages: Splitting = field(default_factory=Splitting)
    read: Limits = field(default_factory=Limits)
    models: ModelOptions = field(default_factory=ModelOptions)
    ranking: Options = field(default_factory=Options)
    answer: ChatEndpoint = field(default_factory=ChatEndpoint)
    vendors: Vendors = field(default_factory=Vendors)
    server: Server = field(default_factory=Server)


Groups = TypeVar("Groups")


def read_settings(**overrides: object) -> Settings:
    """Settings from `overrides`, then the environment, then second-pass.toml in the working directory.

    overrides: a group's values (`ranking={"precise": "none"}`), or by a name of before the groups (`precise="none"`).
    Raises SettingsError with every wrong name or value, where it stands and what is accepted.
    """
    return read_groups(Settings(), overrides)


def read_groups(defaults: Groups, overrides: Mapping[str, object]) -> Groups:
    """`read_settings` for any dataclass of groups."""
    return _with(defaults, [*_in_file(), *_in_environment(type(defaults)), *_in_table(overrides)])


def changed(settings: Groups, **overrides: object) -> Groups:
    """The same settings with other values, named as in `read_settings`. Raises SettingsError."""
    return _with(settings, _in_table(overrides))


@dataclass(frozen=True, kw_only=True)
class _Given:
    """A value for the setting of that name. where: the file that it stands in, "" for everything else."""

    name: str
    value: object
    where: str = ""


def _in_table(table: Mapping[str, object], where: str = "") -> Iterator[_Given]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from (_Given(name=f"{name}.{inner}", value=one, where=where) for inner, one in value.items())
        else:
            yield _Given(name=name, value=value, where=where)


def _in_file() -> Iterator[_Given]:
    try:
        table = tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{FILE} cannot be read: {error}") from None
    return _in_table(table, str(FILE))


def _in_environment(kind: type) -> Iterator[_Given]:
    """One value a setting, from the first of its variables that is set; and what is called like ours but is not."""
    known, seen = names_of(kind), set[str]()
    for variable, setting in known.items():
        if variable.isupper() and os.environ.get(variable) and setting.key not in seen:
            seen.add(setting.key)
            yield _Given(name=variable, value=os.environ[variable])
    for variable, text in os.environ.items():
        if variable.startswith(PREFIX) and text and variable not in known and variable not in NO_SETTINGS:
            yield _Given(name=variable, value=text)  # where names are looked up, it is refused with the nearest


def _with(settings: Groups, given: Iterable[_Given]) -> Groups:
    """Later values win, but one file may not give a setting twice."""
    values: dict[str, dict[str, object]] = {}
    places: dict[str, str] = {}
    wrong: list[str] = []
    for one in given:
        try:
            setting = setting_called(type(settings), one.name)
            if one.where and places.get(setting.key) == one.where:
                raise SettingsError(f"stands there twice, as {setting.name} in [{setting.group}] too.")
            places[setting.key] = one.where
            values.setdefault(setting.group, {})[setting.name] = setting.value_of(one.value)
        except SettingsError as error:
            wrong.append(f"{', '.join(filter(None, (one.where, one.name)))}: {error}")
    if wrong:
        raise SettingsError(f"These settings are wrong. {' '.join(wrong)}")
    groups = {group: replace(getattr(settings, group), **found) for group, found in values.items()}
    return replace(settings, **groups)  # type: ignore[type-var]
