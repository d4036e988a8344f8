"""Connectors and how they sign in, incidents, webhooks, and choices of mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from placet.store.types import Document, HexId, Moment, Serial

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("process", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.add_column(sa.Column("incident_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.drop_index("ix_job_timer", "job")
    with op.batch_alter_table("job", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.add_column(sa.Column("lane", sa.Text(), nullable=True))
    op.create_index(
        "ix_job_timer",
        "job",
        ["timer_at"],
        unique=False,
        sqlite_where=sa.text("timer_at IS NOT NULL AND lane IS NULL"),
        postgresql_where=sa.text("timer_at IS NOT NULL AND lane IS NULL"),
    )
    op.create_index(
        "ix_job_lane",
        "job",
        ["lane", "timer_at"],
        unique=False,
        sqlite_where=sa.text("timer_at IS NOT NULL AND lane IS NOT NULL"),
        postgresql_where=sa.text("timer_at IS NOT NULL AND lane IS NOT NULL"),
    )

    op.create_table(
        "auth_configuration",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", Document, nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_auth_configuration_folded", "auth_configuration", ["folded"], unique=True)

    op.create_table(
        "outbound_token",
        sa.Column("configuration_id", HexId(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("renewing_until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("configuration_id"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "service",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), server_default="", nullable=False),
        sa.Column("product_version", sa.Text(), server_default="", nullable=False),
        sa.Column("api_version", sa.Text(), server_default="", nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("image_type", sa.Text(), nullable=True),
        sa.Column("configuration_id", HexId(), nullable=True),
        sa.Column("limits", Document, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_service_folded", "service", ["folded"], unique=True)
    op.create_index("ix_service_configuration_id", "service", ["configuration_id"], unique=False)

    op.create_table(
        "connector",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("service_id", HexId(), nullable=False),
        sa.Column("content", Document, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_connector_folded", "connector", ["folded"], unique=True)
    op.create_index("ix_connector_service_id", "connector", ["service_id"], unique=False)

    op.create_table(
        "incident",
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.Column("resolved_at", Moment(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("actor", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("process_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_incident_open",
        "incident",
        ["opened_at", "process_id", "number"],
        unique=False,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )

    op.create_table(
        "mail_choice",
        sa.Column("user_id", HexId(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "webhook",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", Document, nullable=False),
        sa.Column("filter", sa.Text(), server_default="", nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_webhook_folded", "webhook", ["folded"], unique=True)

    op.create_table(
        "webhook_delivery",
        sa.Column("id", Serial, nullable=False),
        sa.Column("webhook_id", HexId(), nullable=False),
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("dead_at", Moment(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_webhook_delivery_event", "webhook_delivery", ["webhook_id", "process_id", "event_number"], unique=True
    )
    op.create_index(
        "ix_webhook_delivery_next_at",
        "webhook_delivery",
        ["webhook_id", "next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_webhook_delivery_dead",
        "webhook_delivery",
        ["webhook_id", "id"],
        unique=False,
        sqlite_where=sa.text("dead_at IS NOT NULL"),
        postgresql_where=sa.text("dead_at IS NOT NULL"),
    )
