"""The SQL tables, as Alembic builds them. SQL is the only truth; every index can be rebuilt from these."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy import DateTime as NaiveDateTime

from ingest.store.sql.packed_json import PackedJson


class DateTime(TypeDecorator[datetime]):
    """A moment with its zone in Python, UTC without a zone in SQL (SQLite has no zones)."""

    impl = NaiveDateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


metadata = MetaData()

# A collection's key never changes, its name may: documents and indexes hold the key, so renaming is one update.
collections = Table(
    "collections",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", DateTime, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("collection_key", ForeignKey("collections.key"), nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False, default=""),
    Column("sha256", String(64), nullable=False),
    Column("bytes", Integer, nullable=False),
    # What the document is (to be) built with. A ready document with another pipeline or embedder is stale.
    Column("pipeline", String(64), nullable=False, default=""),
    Column("embedder", String(64), nullable=False, default=""),
    Column("replaces", String(32), nullable=False, default=""),
    # Once it is ready, every document of the same name that was added before it goes.
    Column("replace_same_name", Boolean, nullable=False, default=False, server_default=false()),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("error", String(32), nullable=False, default="", server_default=""),  # the class of ingest/errors.py
    Column("pages", Integer, nullable=False, default=0),
    Column("chunks", Integer, nullable=False, default=0),
    Column("pages_done", Integer, nullable=False, default=0),
    Column("chunks_done", Integer, nullable=False, default=0),
    # How often the reader died on it (for one that is being deleted: how often that failed).
    Column("attempts", Integer, nullable=False, default=0),
    Column("added_at", DateTime, nullable=False),
    # Its place in the queue, and who has claimed it until when; nobody: "" and no date.
    Column("queued_at", DateTime),
    Column("owner", String(120), nullable=False, default="", server_default=""),
    Column("lease_until", DateTime),
    Column("deleting_since", DateTime),
    Column("seconds", Float, nullable=False, default=0.0),
)
# The same bytes built the same way are one document, also when two sessions add them at once. A document that is
# being deleted no longer counts, so the same file can be added again at once.
Index(
    "one_document_per_file",
    documents.c.collection_key,
    documents.c.sha256,
    documents.c.pipeline,
    documents.c.embedder,
    unique=True,
    sqlite_where=text("status != 'deleting'"),
    postgresql_where=text("status != 'deleting'"),
)
Index("documents_by_status", documents.c.status, documents.c.queued_at)

# One row: see changes.py.
library_changes = Table(
    "library_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("section", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("boxes", Text, nullable=False),  # JSON: [[page, left, top, right, bottom], …] in points
    Column("blocks", Text, nullable=False, server_default=""),  # JSON: see ingest/block_json.py; "" in old rows
    UniqueConstraint("document_id", "position"),
)

# Dense vectors of one document, one row of little-endian float32 per chunk in order of position. Token vectors are not
# here: they are thirty times as large and are re-encoded from `chunks.text` when their file is lost.
vectors = Table(
    "vectors",
    metadata,
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("dimensions", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False, default=""),
    Column("started_at", DateTime, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("asked_at", DateTime, nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("total_ms", Float, nullable=False),
    Column("packed_trace", PackedJson),  # null: not kept
    Column("answer", JSON, nullable=False),
    Column("configuration", JSON, nullable=False),
    Column("figures", JSON, nullable=False, server_default="{}"),
)


def _question() -> Column[str]:
    return Column("question_id", ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True)


thumbs = Table(
    "thumbs",
    metadata,
    _question(),
    Column("value", Integer, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", DateTime, nullable=False),
)

# No foreign key to chunks: a mark outlives a re-index, by the document's name and page.
marks = Table(
    "marks",
    metadata,
    _question(),
    Column("chunk_id", String(48), primary_key=True),
    Column("relevant", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("at", DateTime, nullable=False),
)

signals = Table(
    "signals",
    metadata,
    _question(),
    Column("kind", String(16), primary_key=True),
    Column("chunk_id", String(48), primary_key=True),
    Column("at", DateTime, nullable=False),
)

scores = Table(
    "scores",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("score", Float, nullable=False),
    Column("at", DateTime, nullable=False, index=True),
)

model_versions = Table(
    "model_versions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # "fusion" or "precise"
    Column("created_at", DateTime, nullable=False),
    Column("weights", JSON, nullable=False),  # the weights themselves, or {"path": …}
    Column("scores", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # "candidate", "current", "kept aside" or "retired"
    Column("reason", Text, nullable=False),
    Column("promoted_at", DateTime),
)
Index(
    "one_current_version",
    model_versions.c.kind,
    unique=True,
    sqlite_where=text("state = 'current'"),
    postgresql_where=text("state = 'current'"),
)
