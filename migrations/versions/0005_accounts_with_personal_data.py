"""The accounts of whom an app keeps personal data."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "personal_data_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(255), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_personal_data_account"),
        sa.UniqueConstraint(
            "client_key", "account_id", name="uq_personal_data_account_once"
        ),
    )
    op.create_index(
        "ix_personal_data_account_due_at", "personal_data_account", ["due_at"]
    )


def downgrade():
    op.drop_table("personal_data_account")
