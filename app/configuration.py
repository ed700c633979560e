"""Every setting in words: for docs/configuration.md, and for `second-pass settings`. Read from the groups."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from typing import Any

from pydantic import SecretStr

from app.setting_fields import FORMERLY, Setting, groups_of, settings_of
from app.settings import Settings
from app.show.settings_table import rows, without_password

INTRODUCTION = """# Configuration

Every setting stands under its group in `second-pass.toml`, in the folder where Second Pass is started, or in an
environment variable, which wins:

```toml
[ranking]
precise = "none"
```

    export SECOND_PASS_RANKING_PRECISE=none

`none` unsets what may be unset. A name that there is not is refused, with the nearest. `second-pass settings` prints
what is in use, and the Settings page shows it; keys are never shown. No setting of `[ranking]` needs a new index.

This page is printed by `second-pass settings --markdown`.
"""


FORMER = """## Names of before the groups

These still work, above every group in the file or as `SECOND_PASS_NAME` in the environment.

| name | is now |
|---|---|
"""
HEAD = "| name | default | accepts | what it is | variable |\n|---|---|---|---|---|"


def configuration() -> str:
    """docs/configuration.md: a table a group, then the names of before the groups."""
    settings = settings_of(Settings)
    parts = [INTRODUCTION]
    for group, purpose in groups_of(Settings).items():
        lines = [f"## [{group}]\n", f"{purpose}\n", HEAD]
        for one in (setting for setting in settings if setting.group == group):
            variables = ", ".join(f"`{name}`" for name in (*one.vendors_variables, one.variable))
            cells = (f"`{one.name}`", _default(one), accepted(one), one.description, variables)
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(lines) + "\n")
    former = "\n".join(f"| `{name}` | {_place(key)} |" for name, key in FORMERLY.items())
    return "\n".join([*parts, FORMER + former]) + "\n"


def accepted(setting: Setting) -> str:
    """What a setting accepts: `whole number from 1 to 1000`, "`learned` or `rrf`", …"""
    schema: dict[str, Any] = setting.accepts.json_schema()
    schema = next((one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"), schema)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    words = {"integer": "whole number", "number": "number", "boolean": "`true` or `false`", "array": "list of tables"}
    kind = {"password": "key", "path": "path"}.get(schema.get("format", ""), words.get(schema["type"], "text"))
    low, high, above = schema.get("minimum"), schema.get("maximum"), schema.get("exclusiveMinimum")
    bounds = [f"from {low:g}"] if low is not None else [f"above {above:g}"] if above is not None else []
    return " ".join([kind, *bounds, *([f"to {high:g}"] if high is not None else [])])


def in_use(settings: Settings) -> str:
    """What is in use as it would stand in second-pass.toml. Keys, and what is not set, stand in a comment only."""
    parts = []
    for group, found in rows(settings).items():
        lines = [f"[{group}]"]
        for row in found:
            value = getattr(getattr(settings, group), row.name)
            hidden = value is None or isinstance(value, SecretStr)
            line = f"# {row.name}: {row.value}" if hidden else f"{row.name} = {_toml(value)}"
            lines.append(f"{line:<40} # {row.description}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _place(key: str) -> str:
    group, _, name = key.partition(".")
    return f"`{name}` in `[{group}]`"


def _default(setting: Setting) -> str:
    return "not set" if setting.default is None else f"`{_toml(setting.default)}`"


def _toml(value: object) -> str:
    """A value as TOML writes it; an address without its password."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if is_dataclass(value) and not isinstance(value, type):
        given = {name: one for name, one in asdict(value).items() if one is not None}
        return f"{{{', '.join(f'{name} = {_toml(one)}' for name, one in given.items())}}}"
    return json.dumps(value if isinstance(value, int | float) else without_password(str(value)), ensure_ascii=False)
