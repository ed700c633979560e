"""What was asked, answered and judged, in SQL."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ingest.errors import SecondPassError
from ingest.questions import AskedQuestion, Conversation, PassageMark, Signal, Thumb
from ingest.store.sql.database import reading, upsert, writing
from ingest.store.sql.documents import storable
from ingest.store.sql.tables import conversations, marks, questions, signals, thumbs

log = logging.getLogger(__name__)

_KEYS_A_QUERY = 500
LONGEST_TITLE = 80
TRACES_DAYS = 90
LOOK_EVERY = timedelta(days=1)  # how often what is too old is looked for, as questions are recorded
_LISTED = [column for column in questions.c if column is not questions.c.packed_trace]
_JUDGED = or_(
    questions.c.id.in_(select(thumbs.c.question_id)),
    questions.c.id.in_(select(marks.c.question_id)),
)


class SqlJournal:
    """Journal over the library's database. Thread-safe; every write is one upsert.

    traces_days: traces of questions that nobody judged are forgotten after so many days; 0 keeps them.
    """

    def __init__(self, engine: Engine, traces_days: int = TRACES_DAYS) -> None:
        self._engine = engine
        self._traces_days = traces_days
        self._forget_at = datetime.now(UTC)  # with the first question after a start

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
                        "question": storable(asked.question),
                        "outcome": asked.outcome,
                        "total_ms": asked.total_ms,
                        "packed_trace": asked.trace,
                        "answer": asked.answer,
                        "configuration": asked.configuration,
                        "figures": asked.figures,
                    }
                ],
            )
        if datetime.now(UTC) >= self._forget_at:
            self._forget_at = datetime.now(UTC) + LOOK_EVERY
            try:
                self.forget_old_traces()
            except SecondPassError as error:  # the question is on record, and its answer goes on
                log.warning("old traces were not forgotten: %s", error)

    def forget_old_traces(self) -> int:
        """Drop the traces of questions that are older than `traces_days` and bear no thumb or mark; returns how many.

        The questions, their answers and what is counted of them stay.
        """
        if not self._traces_days:
            return 0
        kept_from = datetime.now(UTC) - timedelta(days=self._traces_days)
        old = questions.c.packed_trace.is_not(None) & (questions.c.asked_at < kept_from) & ~_JUDGED
        with writing(self._engine) as connection:
            return connection.execute(update(questions).where(old).values(packed_trace={})).rowcount

    def question(self, question_id: str) -> AskedQuestion | None:
        """The question with its trace, thumb and marks."""
        with reading(self._engine) as connection:
            row = connection.execute(select(questions).where(questions.c.id == question_id)).one_or_none()
            return replace(_asked(connection, [row])[0], trace=row.packed_trace) if row else None

    def trace(self, question_id: str) -> dict[str, Any]:
        """The question's trace; {} where it was not kept, or the question is not on record."""
        with reading(self._engine) as connection:
            query = select(questions.c.packed_trace).where(questions.c.id == question_id)
            return connection.execute(query).scalar_one_or_none() or {}

    def questions(
        self,
        *,
        conversation_id: str | None = None,
        judged: bool = False,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> list[AskedQuestion]:
        """Recorded questions with their thumb and marks, without their traces.

        judged: only those with a thumb or mark. limit: keeps the newest.
        """
        query = select(*_LISTED).order_by(questions.c.asked_at.desc(), questions.c.id.desc()).limit(limit)
        if conversation_id is not None:
            query = query.where(questions.c.conversation_id == conversation_id)
        if judged:
            query = query.where(_JUDGED)
        with reading(self._engine) as connection:
            asked = _asked(connection, connection.execute(query).all())
        return asked if newest_first else asked[::-1]

    def judged_with_traces(self) -> Iterator[AskedQuestion]:
        """Questions with a thumb or mark, newest first, each with its trace: one trace at a time is in memory."""
        for asked in self.questions(judged=True):
            yield replace(asked, trace=self.trace(asked.id))

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
                "comment": storable(thumb.comment),
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
                "document": storable(mark.document),
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

    def _judge(self, table: Any, row: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            try:
                upsert(connection, table, [row])
            except IntegrityError:
                raise SecondPassError(
                    "That question is no longer on record, so it cannot be judged: it was deleted meanwhile."
                ) from None


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
            trace={},
            answer=row.answer,
            configuration=row.configuration,
            figures=row.figures,
            thumb=thumb_of.get(row.id),
            marks=tuple(marks_of.get(row.id, ())),
        )
        for row in rows
    ]


def _shortened(text: str) -> str:
    words = " ".join(storable(text).split())
    return words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1].rstrip() + "…"
