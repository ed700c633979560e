"""A chunk keeps its blocks, a document the kind of error that ended it"""

import sqlalchemy as sa
from alembic import op

revision = "blocks"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chunks", sa.Column("blocks", sa.Text(), nullable=False, server_default=""))
    op.add_column("documents", sa.Column("error", sa.String(length=32), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("chunks") as batch_op:
        batch_op.drop_column("blocks")
    with op.batch_alter_table("documents") as batch_op:
        batch_op.drop_column("error")
