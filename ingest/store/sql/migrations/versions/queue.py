"""The queue: claims with leases, replacing by name, and a number for what changed; scores by age"""

import sqlalchemy as sa
from alembic import op

revision = "queue"
down_revision = "blocks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("queued_at", sa.DateTime(), nullable=True))
    op.add_column("documents", sa.Column("owner", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("documents", sa.Column("lease_until", sa.DateTime(), nullable=True))
    op.add_column("documents", sa.Column("deleting_since", sa.DateTime(), nullable=True))
    op.add_column("documents", sa.Column("replace_same_name", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE documents SET queued_at = added_at")
    op.drop_index("documents_by_status", table_name="documents")
    op.create_index("documents_by_status", "documents", ["status", "queued_at"])
    op.create_index("ix_scores_at", "scores", ["at"])
    changes = op.create_table(
        "library_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(changes, [{"id": 1, "number": 0}])


def downgrade() -> None:
    op.drop_table("library_changes")
    op.drop_index("ix_scores_at", table_name="scores")
    op.drop_index("documents_by_status", table_name="documents")
    op.create_index("documents_by_status", "documents", ["status", "added_at"])
    with op.batch_alter_table("documents") as batch:
        for column in ("queued_at", "owner", "lease_until", "deleting_since", "replace_same_name"):
            batch.drop_column(column)
