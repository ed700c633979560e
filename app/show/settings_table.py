"""Every setting as a row: its name, its environment variable, its value (keys masked) and what it does."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from app.setting_fields import settings_of
from app.settings import Settings
from rag.stages import Stage


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    name: str
    variable: str
    value: str
    description: str
    changed: bool


def rows(settings: Settings) -> dict[str, list[SettingRow]]:
    """Group → its settings."""
    found: dict[str, list[SettingRow]] = {}
    for setting in settings_of(type(settings)):
        value = getattr(getattr(settings, setting.group), setting.name)
        row = SettingRow(
            name=setting.name,
            variable=setting.usual_variable,
            value=shown(value),
            description=setting.description,
            changed=value != setting.default,
        )
        found.setdefault(setting.group, []).append(row)
    return found


def shown(value: object) -> str:
    """A value as text. A key is never shown, not even in part."""
    if isinstance(value, SecretStr):
        return "set (hidden)" if value.get_secret_value() else "not set"
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(shown(one) for one in value) or "none"
    if isinstance(value, Stage):
        return f"{value.name}: {_sizes(value)}"
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
    sent = []
    if settings.answer.configured:
        where = without_password(settings.answer.address)
        sent.append(("The question, the conversation and the passages of the evidence", where))
    for stage, name in ((stage.name, stage.reranker) for stage in settings.ranking.cascade):
        if where := _reranker_sends_to(name, settings):
            sent.append((f"The question and the passages that the {stage} stage reads", where))
    return sent


def _reranker_sends_to(name: str, settings: Settings) -> str:
    """The address, or "" for a reranker that keeps everything here."""
    from rag.rerank.options import RerankOptions
    from rag.rerank.registry import family_of

    family = family_of(name)
    options = RerankOptions(vendors=settings.vendors, chat=settings.answer)
    where = without_password(family.sends_to(name, options))
    return where if family.server or not where else f"{name} at {where}"


def _sizes(stage: Stage) -> str:
    reads = f", reads {stage.reads}" if stage.reads else ""
    return stage.reranker + reads + (f", keeps {stage.keeps}" if stage.keeps else "")


def in_use(settings: Settings) -> list[tuple[str, str]]:
    """(part, what does it) for the way of a question, in its order."""
    answer = "quoted from the passages (no language model is set up)"
    ranking = settings.ranking
    if settings.answer.configured:
        answer = f"{settings.answer.model} at {without_password(settings.answer.address)}"
    return [
        ("Embedding", settings.models.embedding),
        ("First stage", f"BM25 and dense vectors, {ranking.retrieve} each, fused by {ranking.fusion} weights"),
        *((f"{stage.name.capitalize()} stage", _sizes(stage)) for stage in ranking.cascade),
        ("Evidence", f"{ranking.evidence} passages"),
        ("Answer", answer),
        ("Stores", "SQLite (the truth), Chroma, tantivy, token vectors"),
    ]
