"""The tenants and their audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(255), nullable=False),
        sa.Column("base_url", sa.String(255), nullable=False),
        sa.Column("display_url", sa.String(255), nullable=False),
        sa.Column("product_type", sa.String(255), nullable=False),
        sa.Column("shared_secret", sa.Text(), nullable=False),
        sa.Column("secret_used_at", sa.DateTime(timezone=True)),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("previous_secret_until", sa.DateTime(timezone=True)),
        sa.Column("token_issued_at", sa.Double(), nullable=False),
        sa.Column("oauth_client_id", sa.String(255)),
        sa.Column("installation_id", sa.String(255)),
        sa.Column("cloud_id", sa.String(255)),
        sa.Column("entitlement_id", sa.String(255)),
        sa.Column("entitlement_number", sa.String(255)),
        sa.Column("service_entitlement_number", sa.String(255)),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uninstalled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
        sa.UniqueConstraint("client_key", name="uq_tenant_client_key"),
        sa.UniqueConstraint("cloud_id", "product_type", name="uq_tenant_cloud_id"),
        sa.UniqueConstraint("installation_id", name="uq_tenant_installation_id"),
    )
    op.create_index("ix_tenant_uninstalled_at", "tenant", ["uninstalled_at"])
    op.create_table(
        "tenant_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(255), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenant_event"),
    )
    op.create_index("ix_tenant_event_client_key", "tenant_event", ["client_key"])


def downgrade():
    op.drop_table("tenant_event")
    op.drop_table("tenant")
