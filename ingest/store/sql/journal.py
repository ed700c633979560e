"""What was asked, answered and judged, which scores were paid for, and which learned weights are in use. In SQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ingest.errors import SecondPassError, UnknownName
from ingest.questions import AskedQuestion, Conversation, PassageMark, Signal, Thumb
from ingest.store.sql.database import reading, upsert, writing
from ingest.store.sql.tables import conversations, marks, model_versions, questions, scores, signals, thumbs

_KEYS_A_QUERY = 500
LONGEST_TITLE = 80


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


class SqlJournal:
    """Journal and ScoreCache over the library's database. Thread-safe; every write is one upsert."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # ---- questions and conversations ----------------------------------------------------------------------

    def record(self, asked: AskedQuestion, owner: str = "") -> None:
        """Insert or overwrite the question by its id; makes its conversation when there is none."""
        with writing(self._engine) as connection:
            known = select(conversations.c.id).where(conversations.c.id == asked.conversation_id)
            if connection.execute(known).one_or_none() is None:
                connection.execute(
                    insert(conversations).values(
                        id=asked.conversation_id,
                        title=_shortened(asked.question),
                        owner=owner,
                        started_at=asked.asked_at,
                    )
                )
            upsert(
                connection,
                questions,
                [
                    {
                        "id": asked.id,
                        "conversation_id": asked.conversation_id,
                        "asked_at": asked.asked_at,
                        "question": _storable(asked.question),
                        "outcome": asked.outcome,
                        "total_ms": asked.total_ms,
                        "trace": asked.trace,
                        "answer": asked.answer,
                        "configuration": asked.configuration,
                    }
                ],
            )

    def question(self, question_id: str) -> AskedQuestion | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(questions).where(questions.c.id == question_id)).one_or_none()
            return _asked(connection, [row])[0] if row else None

    def questions(
        self, *, conversation_id: str | None = None, limit: int | None = None, newest_first: bool = True
    ) -> list[AskedQuestion]:
        """Recorded questions with their thumb and marks; `limit` keeps the newest."""
        query = select(questions).order_by(questions.c.asked_at.desc(), questions.c.id.desc()).limit(limit)
        if conversation_id is not None:
            query = query.where(questions.c.conversation_id == conversation_id)
        with reading(self._engine) as connection:
            asked = _asked(connection, connection.execute(query).all())
        return asked if newest_first else asked[::-1]

    def conversations(self, owner: str = "") -> list[Conversation]:
        """Newest first."""
        query = (
            select(conversations, func.count(questions.c.id).label("asked"))
            .outerjoin_from(conversations, questions)
            .where(conversations.c.owner == owner)
            .group_by(conversations.c.id)
            .order_by(conversations.c.started_at.desc(), conversations.c.id)
        )
        with reading(self._engine) as connection:
            return [
                Conversation(
                    id=row.id, title=row.title, started_at=row.started_at, questions=row.asked, owner=row.owner
                )
                for row in connection.execute(query)
            ]

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        with writing(self._engine) as connection:
            named = update(conversations).where(conversations.c.id == conversation_id)
            connection.execute(named.values(title=_shortened(title)))

    def delete_conversation(self, conversation_id: str) -> None:
        """The conversation with its questions, thumbs, marks and signals."""
        with writing(self._engine) as connection:
            connection.execute(delete(conversations).where(conversations.c.id == conversation_id))

    # ---- judgements ---------------------------------------------------------------------------------------

    def thumb(self, thumb: Thumb) -> None:
        """One a question; a later one replaces it. Raises SecondPassError when the question is not on record."""
        self._judge(
            thumbs,
            {
                "question_id": thumb.question_id,
                "value": thumb.value,
                "reasons": list(thumb.reasons),
                "comment": _storable(thumb.comment),
                "at": thumb.at or datetime.now(UTC),
            },
        )

    def remove_thumb(self, question_id: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(thumbs).where(thumbs.c.question_id == question_id))

    def mark(self, mark: PassageMark) -> None:
        """One a question and passage; a later one replaces it. Raises SecondPassError for an unknown question."""
        self._judge(
            marks,
            {
                "question_id": mark.question_id,
                "chunk_id": mark.chunk_id,
                "relevant": mark.relevant,
                "document": _storable(mark.document),
                "page": mark.page,
                "at": mark.at or datetime.now(UTC),
            },
        )

    def remove_mark(self, question_id: str, chunk_id: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(marks).where(marks.c.question_id == question_id, marks.c.chunk_id == chunk_id))

    def signal(self, signal: Signal) -> None:
        """One a question, kind and passage. Raises SecondPassError when the question is not on record."""
        self._judge(
            signals,
            {
                "question_id": signal.question_id,
                "kind": signal.kind,
                "chunk_id": signal.chunk_id,
                "at": signal.at or datetime.now(UTC),
            },
        )

    def signals(self) -> list[Signal]:
        """Oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(signals).order_by(signals.c.at))
            return [
                Signal(question_id=row.question_id, kind=row.kind, chunk_id=row.chunk_id, at=row.at) for row in rows
            ]

    def export(self) -> Iterator[dict[str, Any]]:
        """Everything that was asked and judged, oldest first, one JSON-ready row a question."""
        clicked: dict[str, list[dict[str, str]]] = {}
        for signal in self.signals():
            clicked.setdefault(signal.question_id, []).append({"kind": signal.kind, "chunk_id": signal.chunk_id})
        for asked in self.questions(newest_first=False):
            yield {
                "id": asked.id,
                "conversation_id": asked.conversation_id,
                "asked_at": asked.asked_at.isoformat(),
                "question": asked.question,
                "outcome": asked.outcome,
                "total_ms": asked.total_ms,
                "answer": asked.answer,
                "thumb": asked.thumb
                and {"value": asked.thumb.value, "reasons": asked.thumb.reasons, "comment": asked.thumb.comment},
                "marks": [
                    {"chunk_id": mark.chunk_id, "document": mark.document, "page": mark.page, "relevant": mark.relevant}
                    for mark in asked.marks
                ],
                "signals": clicked.get(asked.id, []),
                "configuration": asked.configuration,
                "trace": asked.trace,
            }

    def _judge(self, table: Any, row: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            try:
                upsert(connection, table, [row])
            except IntegrityError:
                raise SecondPassError(
                    "That question is no longer on record, so it cannot be judged: it was deleted meanwhile."
                ) from None

    # ---- scores that were paid for ------------------------------------------------------------------------

    def get_scores(self, keys: Sequence[str]) -> dict[str, float]:
        """The scores that are known, by key."""
        found: dict[str, float] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(keys), _KEYS_A_QUERY):
                query = select(scores.c.key, scores.c.score).where(
                    scores.c.key.in_(keys[start : start + _KEYS_A_QUERY])
                )
                found |= {row.key: row.score for row in connection.execute(query)}
        return found

    def put_scores(self, new: dict[str, float]) -> None:
        """Keep or overwrite scores by key."""
        now = datetime.now(UTC)
        with writing(self._engine) as connection:
            upsert(connection, scores, [{"key": key, "score": score, "at": now} for key, score in new.items()])

    def prune_scores(self, keep: int = 1_000_000) -> int:
        """Forget all but the newest `keep` scores (100 MB); returns how many went."""
        newest = select(scores.c.at).order_by(scores.c.at.desc()).offset(keep).limit(1).scalar_subquery()
        with writing(self._engine) as connection:
            return connection.execute(delete(scores).where(scores.c.at <= newest)).rowcount

    # ---- learned weights ----------------------------------------------------------------------------------

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

    def keep_aside(self, version_id: str, reason: str) -> None:
        """A candidate that did not help: kept, not used."""
        with writing(self._engine) as connection:
            _known(connection, version_id)
            _change(connection, version_id, VersionState.KEPT_ASIDE, reason)

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


def _asked(connection: Connection, rows: Sequence[Row[Any]]) -> list[AskedQuestion]:
    ids = [row.id for row in rows]
    thumb_of: dict[str, Thumb] = {}
    marks_of: dict[str, list[PassageMark]] = {}
    for start in range(0, len(ids), _KEYS_A_QUERY):
        some = ids[start : start + _KEYS_A_QUERY]
        for row in connection.execute(select(thumbs).where(thumbs.c.question_id.in_(some))):
            thumb_of[row.question_id] = Thumb(
                question_id=row.question_id,
                value=row.value,
                reasons=tuple(row.reasons),
                comment=row.comment,
                at=row.at,
            )
        for row in connection.execute(select(marks).where(marks.c.question_id.in_(some)).order_by(marks.c.at)):
            marks_of.setdefault(row.question_id, []).append(
                PassageMark(
                    question_id=row.question_id,
                    chunk_id=row.chunk_id,
                    relevant=row.relevant,
                    document=row.document,
                    page=row.page,
                    at=row.at,
                )
            )
    return [
        AskedQuestion(
            id=row.id,
            conversation_id=row.conversation_id,
            asked_at=row.asked_at,
            question=row.question,
            outcome=row.outcome,
            total_ms=row.total_ms,
            trace=row.trace,
            answer=row.answer,
            configuration=row.configuration,
            thumb=thumb_of.get(row.id),
            marks=tuple(marks_of.get(row.id, ())),
        )
        for row in rows
    ]


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


def _shortened(text: str) -> str:
    words = " ".join(_storable(text).split())
    return words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1].rstrip() + "…"


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
