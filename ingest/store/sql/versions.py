"""Which learned weights there are and which are in use, in SQL."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from ingest.errors import UnknownName
from ingest.store.sql.database import reading, upsert, writing
from ingest.store.sql.tables import model_versions


class VersionState(StrEnum):
    """`kept aside`: a candidate that was measured and did not help."""

    CANDIDATE = "candidate"
    CURRENT = "current"
    KEPT_ASIDE = "kept aside"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """Learned weights: `kind` is "fusion" or "precise", `weights` the values themselves or {"path": …},
    `scores` what they were measured at, `reason` why they are in their state."""

    id: str
    kind: str
    created_at: datetime
    weights: dict[str, Any]
    scores: dict[str, Any]
    state: VersionState
    reason: str = ""


class SqlVersions:
    """Thread-safe; every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_versions(self, kind: str | None = None) -> list[ModelVersion]:
        """Newest first."""
        query = select(model_versions).order_by(model_versions.c.created_at.desc(), model_versions.c.id)
        if kind is not None:
            query = query.where(model_versions.c.kind == kind)
        with reading(self._engine) as connection:
            return [_version(row) for row in connection.execute(query)]

    def current_version(self, kind: str) -> ModelVersion | None:
        """The weights in use, or None: then the built-in ones are."""
        with reading(self._engine) as connection:
            row = connection.execute(_current(kind)).one_or_none()
            return _version(row) if row else None

    def add_version(
        self,
        *,
        kind: str,
        weights: dict[str, Any],
        scores: dict[str, Any],
        state: VersionState = VersionState.CANDIDATE,
        reason: str = "",
        version_id: str | None = None,
    ) -> ModelVersion:
        """Keep new weights as `candidate` or `kept aside`; `promote` puts them to use."""
        if state not in (VersionState.CANDIDATE, VersionState.KEPT_ASIDE):
            raise ValueError(f"a new version is a candidate or kept aside, not {state.value}")
        version = ModelVersion(
            id=version_id or uuid.uuid4().hex[:12],
            kind=kind,
            created_at=datetime.now(UTC),
            weights=weights,
            scores=scores,
            state=state,
            reason=reason,
        )
        row = {name: getattr(version, name) for name in ModelVersion.__dataclass_fields__}
        with writing(self._engine) as connection:
            upsert(connection, model_versions, [row])
        return version

    def promote(self, version_id: str, reason: str = "") -> ModelVersion:
        """These weights are used from now on; those in use so far are retired. Raises UnknownName."""
        with writing(self._engine) as connection:
            kind = _known(connection, version_id).kind
            before = connection.execute(_current(kind)).one_or_none()
            if before and before.id != version_id:
                _change(connection, before.id, VersionState.RETIRED, f"replaced by {version_id}")
            _change(connection, version_id, VersionState.CURRENT, reason, promoted_at=datetime.now(UTC))
            return _version(_known(connection, version_id))

    def rollback(self, kind: str, reason: str = "undone") -> ModelVersion | None:
        """One click back: the weights in use are kept aside, those used before them are current again.

        Returns what is now in use; None means the built-in weights.
        """
        with writing(self._engine) as connection:
            current = connection.execute(_current(kind)).one_or_none()
            if current is None:
                return None
            _change(connection, current.id, VersionState.KEPT_ASIDE, reason)
            retired = (model_versions.c.kind == kind) & (model_versions.c.state == VersionState.RETIRED)
            last = select(model_versions).where(retired).order_by(model_versions.c.promoted_at.desc()).limit(1)
            before = connection.execute(last).one_or_none()
            if before is None:
                return None
            _change(connection, before.id, VersionState.CURRENT, f"back in use: {current.id} was undone")
            return _version(_known(connection, before.id))


def _version(row: Row[Any]) -> ModelVersion:
    return ModelVersion(
        id=row.id,
        kind=row.kind,
        created_at=row.created_at,
        weights=row.weights,
        scores=row.scores,
        state=VersionState(row.state),
        reason=row.reason,
    )


def _current(kind: str) -> Any:
    return select(model_versions).where(model_versions.c.kind == kind, model_versions.c.state == VersionState.CURRENT)


def _known(connection: Connection, version_id: str) -> Row[Any]:
    row = connection.execute(select(model_versions).where(model_versions.c.id == version_id)).one_or_none()
    if row is None:
        known = connection.execute(select(model_versions.c.id)).scalars().all()
        raise UnknownName("version of the weights", version_id, list(known))
    return row


def _change(
    connection: Connection,
    version_id: str,
    state: VersionState,
    reason: str,
    promoted_at: datetime | None = None,
) -> None:
    values: dict[str, Any] = {"state": state, "reason": reason}
    if promoted_at:
        values["promoted_at"] = promoted_at
    connection.execute(update(model_versions).where(model_versions.c.id == version_id).values(values))
