"""When a tenant's last request was seen, to the day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    # No default, so that the table is not rewritten.
    op.add_column("tenant", sa.Column("last_seen_at", sa.DateTime(timezone=True)))


def downgrade():
    op.drop_column("tenant", "last_seen_at")
