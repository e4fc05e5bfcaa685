"""The access tokens of users are kept in each worker's memory, not in a table."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_table("user_token")


def downgrade():
    op.create_table(
        "user_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("access_token", sa.Text()),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_user_token"),
        sa.UniqueConstraint("fingerprint", name="uq_user_token_fingerprint"),
    )
    for column in ("client_key", "expires_at"):
        op.create_index(f"ix_user_token_{column}", "user_token", [column])
