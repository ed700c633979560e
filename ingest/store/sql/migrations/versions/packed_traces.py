"""A question's trace is compressed, or not kept; what is counted of it stands beside it"""

import json
import lzma
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "packed_traces"
down_revision = "queue"
branch_labels = None
depends_on = None

AT_ONCE = 100  # traces in memory


def upgrade() -> None:
    # No batch_alter_table: it drops the table that thumbs and marks refer to, and they would go with it.
    op.add_column("questions", sa.Column("packed_trace", sa.LargeBinary(), nullable=True))
    op.add_column("questions", sa.Column("figures", sa.JSON(), nullable=False, server_default="{}"))
    connection = op.get_bind()
    questions = sa.table(
        "questions",
        sa.column("id", sa.String),
        sa.column("trace", sa.JSON),
        sa.column("packed_trace", sa.LargeBinary),
        sa.column("figures", sa.JSON),
    )
    last = ""
    query = sa.select(questions.c.id, questions.c.trace).order_by(questions.c.id).limit(AT_ONCE)
    while rows := connection.execute(query.where(questions.c.id > last)).all():
        for row in rows:
            values = {"figures": _figures(row.trace), "packed_trace": _packed(row.trace)}
            connection.execute(sa.update(questions).where(questions.c.id == row.id).values(values))
        last = rows[-1].id
    op.drop_column("questions", "trace")


def _packed(trace: dict[str, Any]) -> bytes | None:
    return lzma.compress(json.dumps(trace, separators=(",", ":")).encode(), preset=1) if trace else None


def _figures(trace: dict[str, Any]) -> dict[str, Any]:
    """What `figures_of` in rag/tracing.py made of a trace when traces were packed."""
    stages = [row for row in trace.get("stages", ()) if row.get("ranking")]
    old_kinds = {"bm25": "retrieval", "dense": "retrieval", "hybrid": "fusion"}
    places = {
        row.get("kind", old_kinds.get(row["name"], "rerank")): {
            place["chunk_id"]: place["rank"] for place in row["ranking"]
        }
        for row in stages
    }
    before, after = places.get("fusion"), places.get("rerank")
    ms = {row["name"]: row["ms"] for row in trace.get("steps") or trace.get("stages", ()) if "ms" in row}
    figures: dict[str, Any] = {"ms": ms}
    if before and after:
        figures["lifts"] = [before[i] - after[i] for i in trace.get("evidence", ()) if i in before and i in after]
        figures["new_first"] = min(before, key=before.__getitem__) != min(after, key=after.__getitem__)
    return figures


def downgrade() -> None:
    op.add_column("questions", sa.Column("trace", sa.JSON(), nullable=False, server_default="{}"))
    connection = op.get_bind()
    questions = sa.table(
        "questions",
        sa.column("id", sa.String),
        sa.column("trace", sa.JSON),
        sa.column("packed_trace", sa.LargeBinary),
    )
    for question_id in connection.execute(sa.select(questions.c.id)).scalars().all():
        this = questions.c.id == question_id
        packed = connection.execute(sa.select(questions.c.packed_trace).where(this)).scalar_one()
        trace = json.loads(lzma.decompress(packed)) if packed else {}
        connection.execute(sa.update(questions).where(this).values(trace=trace))
    op.drop_column("questions", "packed_trace")
    op.drop_column("questions", "figures")
