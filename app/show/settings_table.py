"""Every setting as a row: its name, its environment variable, its value (keys masked) and what it does."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from app.settings import Settings

GROUPS = {
    "Library": ("home", "collection", "embedding", "chunk_tokens", "chunk_overlap"),
    "Ranking": (
        "retrieve", "fusion", "fast", "fast_keep", "precise", "evidence", "gate_margin", "budget_ms",
        "reranker_timeout", "fold_duplicates", "diversity", "per_document", "score_cache",
    ),
    "Answer": ("llm_model", "llm_timeout", "openai_api_key", "openai_base_url", "answer_threshold"),
    "Limits": ("max_file_mb", "max_pages", "parse_memory_mb", "parse_cpu_seconds", "parse_wall_seconds"),
    "Machine": ("device", "backend", "threads", "host", "port", "api_key", "log_level", "signals"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    name: str
    variable: str
    value: str
    description: str
    changed: bool


def rows(settings: Settings) -> dict[str, list[SettingRow]]:
    """Group → rows. A setting that no group names comes under "Other", so that none can be forgotten."""
    named = {name for names in GROUPS.values() for name in names}
    other = tuple(name for name in Settings.model_fields if name not in named)
    groups = GROUPS | ({"Other": other} if other else {})
    return {
        group: [_row(settings, name) for name in names if name in Settings.model_fields]
        for group, names in groups.items()
    }


def _row(settings: Settings, name: str) -> SettingRow:
    field = Settings.model_fields[name]
    value = getattr(settings, name)
    alias = field.validation_alias
    return SettingRow(
        name=name,
        variable=alias if isinstance(alias, str) else f"SECOND_PASS_{name.upper()}",
        value=shown(value),
        description=field.description or "",
        changed=value != field.default,
    )


def shown(value: object) -> str:
    """A value as text. A key is never shown, not even in part."""
    if isinstance(value, SecretStr):
        return "set (hidden)" if value.get_secret_value() else "not set"
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    return without_password(str(value))


def without_password(text: str) -> str:
    """A URL without the user and password that may stand in it."""
    from urllib.parse import urlsplit

    parts = urlsplit(text) if "://" in text else None
    if not parts or "@" not in parts.netloc:
        return text
    return text.replace(f"{parts.netloc.rsplit('@', 1)[0]}@", "…@", 1)


def sent_where(settings: Settings) -> list[tuple[str, str]]:
    """(what, where to) for everything that leaves this machine under these settings; empty by default."""
    found = []
    if settings.openai_api_key or settings.openai_base_url:
        found.append(("The question, the conversation and the passages of the evidence", _llm_address(settings)))
    for stage, name in (("fast", settings.fast), ("precise", settings.precise)):
        if where := _reranker_sends_to(name, settings):
            found.append((f"The question and the passages that the {stage} stage reads", where))
    return found


def _reranker_sends_to(name: str, settings: Settings) -> str:
    """The address, or "" for a reranker that keeps everything here."""
    from rag.rerank.options import RerankOptions
    from rag.rerank.registry import NOTHING_LEAVES, family_of

    family = family_of(name)
    sends = family.sends(RerankOptions())
    if sends == NOTHING_LEAVES:
        return ""
    if family.server:
        return without_password(name[name.index("http") :])
    if name.startswith("llm-"):
        return f"{name} at {_llm_address(settings)}"
    return f"{name} at {without_password(sends.rpartition(' ')[2])}"


def _llm_address(settings: Settings) -> str:
    return without_password(settings.openai_base_url or "https://api.openai.com/v1")


def in_use(settings: Settings) -> list[tuple[str, str]]:
    """(part, what does it) for the way of a question, in its order."""
    answer = "quoted from the passages (no language model is set up)"
    if settings.openai_api_key or settings.openai_base_url:
        answer = f"{settings.llm_model} at {_llm_address(settings)}"
    return [
        ("Embedding", settings.embedding),
        ("First stage", f"BM25 and dense vectors, {settings.retrieve} each, fused by {settings.fusion} weights"),
        ("Fast stage", f"{settings.fast}, keeps {settings.fast_keep}"),
        ("Precise stage", f"{settings.precise}, gives {settings.evidence} to the answer"),
        ("Answer", answer),
        ("Stores", "SQLite (the truth), Chroma, tantivy, token vectors"),
    ]
