"""What each field of the settings' groups is called, accepts and is for, read from the groups themselves.

A group is the frozen dataclass that a part takes, wherever it is defined. Its docstring begins with a line for people;
its fields say the rest with pydantic's `Annotated[int, Field(ge=1, description="…")]`, where `validation_alias` names
variables that others gave the same value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType, NoneType
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from ingest.errors import SettingsError

PREFIX = "SECOND_PASS_"

# Version 0.1 had no groups. These kept their name and are still known by it alone …
FLAT = (
    *(f"library.{name}" for name in ("home", "collection")),
    *(f"models.{name}" for name in ("embedding", "device", "threads")),
    *(f"ranking.{name}" for name in ("retrieve", "fusion", "fast", "fast_keep", "precise", "evidence", "gate_margin")),
    *(f"ranking.{name}" for name in ("budget_ms", "fold_duplicates", "diversity", "per_document", "score_cache")),
    *(f"ranking.{name}" for name in ("answer_threshold", "signals")),
    *(f"server.{name}" for name in ("host", "port", "api_key", "log_level")),
)
# … and these by the name that they had.
FORMERLY: Mapping[str, str] = MappingProxyType(
    {key.rpartition(".")[2]: key for key in FLAT}
    | {
        "chunk_tokens": "passages.tokens",
        "chunk_overlap": "passages.overlap",
        "max_file_mb": "read.file_mb",
        "max_pages": "read.pages",
        "parse_memory_mb": "read.memory_mb",
        "parse_cpu_seconds": "read.cpu_seconds",
        "parse_wall_seconds": "read.wall_seconds",
        "reranker_timeout": "ranking.timeout_s",
        "llm_model": "answer.model",
        "llm_timeout": "answer.timeout_s",
        "openai_api_key": "answer.key",
        "openai_base_url": "answer.base_url",
        "rerank_api_key": "vendors.own_server_key",
    }
)

# What there was, and why it is gone.
GONE: Mapping[str, str] = MappingProxyType(
    {
        "backend": "local cross-encoders run on torch only: what sentence-transformers needs for ONNX and OpenVINO "
        "(optimum) does not work with its present versions. Take the line out.",
    }
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of one group. `accepts` validates a value, or the text of one."""

    group: str
    name: str
    accepts: TypeAdapter[Any]
    optional: bool
    default: object
    description: str
    vendors_variables: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.group}.{self.name}"

    @property
    def variable(self) -> str:
        return f"{PREFIX}{self.group}_{self.name}".upper()

    @property
    def usual_variable(self) -> str:
        """The vendors' own where they have one."""
        return self.vendors_variables[0] if self.vendors_variables else self.variable

    def value_of(self, given: object) -> object:
        """The value that is meant; "none" and "null" unset what may be unset. Raises SettingsError with what fits."""
        if self.optional and isinstance(given, str) and given.lower() in ("none", "null"):
            return None
        try:
            return self.accepts.validate_python(given)
        except ValidationError as error:
            wrong = [": ".join(filter(None, (".".join(map(str, row["loc"])), row["msg"]))) for row in error.errors()]
            raise SettingsError("; ".join(wrong)) from None


def settings_of_group(group: str, kind: type) -> tuple[Setting, ...]:
    """The fields of one group's dataclass, in their order."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for field in fields(kind):
        info = FieldInfo.from_annotation(hints[field.name])
        alias = info.validation_alias
        accepted: Any = info.annotation
        for constraint in info.metadata:
            accepted = Annotated[accepted, constraint]
        found.append(
            Setting(
                group=group,
                name=field.name,
                accepts=TypeAdapter(accepted),
                optional=NoneType in get_args(info.annotation),
                default=field.default,
                description=info.description or "",
                vendors_variables=tuple(map(str, getattr(alias, "choices", [alias] if alias else []))),
            )
        )
    return tuple(found)


def groups_of(kind: type) -> dict[str, str]:
    """Each group's name, and the first line of its class, which says to a person what it is for."""
    hints = get_type_hints(kind)
    return {field.name: (hints[field.name].__doc__ or "").partition("\n")[0] for field in fields(kind)}


def settings_of(kind: type) -> tuple[Setting, ...]:
    """Every setting of a class whose fields are groups."""
    groups = get_type_hints(kind)
    return tuple(setting for group in fields(kind) for setting in settings_of_group(group.name, groups[group.name]))


@lru_cache
def names_of(kind: type) -> Mapping[str, Setting]:
    """Every name → its setting: "group.name", names of before the groups, and environment variables.

    Among the variables of one setting ours come first, then those of before, then the vendors'.
    """
    grouped = {setting.key: setting for setting in settings_of(kind)}
    former = {name: grouped[key] for name, key in FORMERLY.items() if key in grouped}
    variables = {setting.variable: setting for setting in grouped.values()}
    variables |= {PREFIX + name.upper(): setting for name, setting in former.items()}
    variables |= {name: setting for setting in grouped.values() for name in setting.vendors_variables}
    return MappingProxyType(grouped | former | variables)


def setting_called(kind: type, name: str) -> Setting:
    """Raises SettingsError with the nearest names."""
    known = names_of(kind)
    if name in known:
        return known[name]
    reason = GONE.get(name.removeprefix(PREFIX).lower())
    if reason:
        raise SettingsError(reason)
    near = " or ".join(get_close_matches(name, known, n=2, cutoff=0.7))
    raise SettingsError("there is no such setting." + (f" Did you mean {near}?" if near else ""))
