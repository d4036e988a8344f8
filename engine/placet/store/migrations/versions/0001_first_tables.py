"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from placet.store.types import Document, HexId, Moment, Serial

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment",
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("user", sa.Integer(), nullable=True),
        sa.Column("activity", sa.Text(), nullable=True),
        sa.Column("system", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("process_id", "number"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "data_value",
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("text_value", sa.Text(), nullable=True),
        sa.Column("number_value", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("process_id", "item", "ordinal"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_data_value_number", "data_value", ["item", "number_value", "process_id"], unique=False)
    op.create_index("ix_data_value_text", "data_value", ["item", "text_value", "process_id"], unique=False)

    op.create_table(
        "definition",
        sa.Column("id", Serial, nullable=False),
        sa.Column("guid", HexId(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dn", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("deployed_at", Moment(), nullable=False),
        sa.Column("retired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_definition_guid_version", "definition", ["guid", "version"], unique=True)

    op.create_table(
        "event",
        sa.Column("position", Serial, nullable=False),
        sa.Column("tx", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.Integer(), nullable=True),
        sa.Column("activity", sa.Text(), nullable=True),
        sa.Column("item", sa.Integer(), nullable=True),
        sa.Column("detail", Document, nullable=True),
        sa.Column("command_id", HexId(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_event_process", "event", ["process_id", "number"], unique=True)

    op.create_table(
        "former_addressee",
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("addressee", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("process_id", "addressee"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_former_addressee_addressee", "former_addressee", ["addressee", "process_id"], unique=False)

    op.create_table(
        "group_member",
        sa.Column("group_id", HexId(), nullable=False),
        sa.Column("user_id", HexId(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "user_id"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "job",
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("timer_at", Moment(), nullable=True),
        sa.Column("timer", sa.Integer(), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.PrimaryKeyConstraint("process_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_job_timer",
        "job",
        ["timer_at"],
        unique=False,
        sqlite_where=sa.text("timer_at IS NOT NULL"),
        postgresql_where=sa.text("timer_at IS NOT NULL"),
    )

    op.create_table(
        "name",
        sa.Column("id", Serial, nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("dn", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_name_folded", "name", ["folded"], unique=True)

    op.create_table(
        "process",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("definition", sa.Integer(), nullable=False),
        sa.Column("initiator", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Integer(), nullable=False),
        sa.Column("process_status", sa.SmallInteger(), nullable=False),
        sa.Column("approval_status", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("completed_at", Moment(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("proxy", sa.Integer(), nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("engine_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("job_count", sa.Integer(), nullable=False),
        sa.Column("data", Document, nullable=False),
        sa.Column("flow", Document, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_process_completed",
        "process",
        ["completed_at", "id"],
        unique=False,
        sqlite_where=sa.text("completed_at IS NOT NULL"),
        postgresql_where=sa.text("completed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_process_correlation",
        "process",
        ["correlation_id"],
        unique=False,
        sqlite_where=sa.text("correlation_id IS NOT NULL"),
        postgresql_where=sa.text("correlation_id IS NOT NULL"),
    )
    op.create_index("ix_process_created", "process", ["created_at", "id"], unique=False)
    op.create_index("ix_process_definition", "process", ["definition", "id"], unique=False)
    op.create_index(
        "ix_process_exception",
        "process",
        ["approval_status", "id"],
        unique=False,
        sqlite_where=sa.text("process_status = 2"),
        postgresql_where=sa.text("process_status = 2"),
    )
    op.create_index("ix_process_initiator", "process", ["initiator", "id"], unique=False)
    op.create_index(
        "ix_process_open",
        "process",
        ["process_status", "id"],
        unique=False,
        sqlite_where=sa.text("completed_at IS NULL"),
        postgresql_where=sa.text("completed_at IS NULL"),
    )
    op.create_index("ix_process_recipient", "process", ["recipient", "id"], unique=False)

    op.create_table(
        "start_key",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_start_key_at", "start_key", ["at"], unique=False)

    op.create_table(
        "user_account",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("dn", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), server_default="", nullable=False),
        sa.Column("last_name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("manager", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_user_account_folded", "user_account", ["folded"], unique=True)
    op.create_index("uq_user_account_folded_name", "user_account", ["folded_name"], unique=True)

    op.create_table(
        "user_group",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("dn", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_user_group_folded", "user_group", ["folded"], unique=True)

    op.create_table(
        "work_item",
        sa.Column("process_id", HexId(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("addressee", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("owner", sa.Integer(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("completed_at", Moment(), nullable=True),
        sa.Column("actor", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.SmallInteger(), nullable=True),
        sa.Column("proxy_for", sa.Integer(), nullable=True),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("timer_at", Moment(), nullable=True),
        sa.Column("timer", sa.Integer(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("process_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_work_item_actor",
        "work_item",
        ["actor", "process_id"],
        unique=False,
        sqlite_where=sa.text("actor <> addressee"),
        postgresql_where=sa.text("actor <> addressee"),
    )
    op.create_index("ix_work_item_addressee", "work_item", ["addressee", "process_id"], unique=False)
    op.create_index(
        "ix_work_item_inbox",
        "work_item",
        ["addressee", "created_at", "process_id", "number"],
        unique=False,
        sqlite_where=sa.text("status < 2"),
        postgresql_where=sa.text("status < 2"),
    )
    op.create_index(
        "ix_work_item_open",
        "work_item",
        ["created_at", "process_id", "number"],
        unique=False,
        sqlite_where=sa.text("status < 2"),
        postgresql_where=sa.text("status < 2"),
    )
    op.create_index(
        "ix_work_item_timer",
        "work_item",
        ["timer_at"],
        unique=False,
        sqlite_where=sa.text("timer_at IS NOT NULL"),
        postgresql_where=sa.text("timer_at IS NOT NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("event", "tx", server_default=sa.text("pg_current_xact_id()::text::bigint"))
        op.create_index("ix_event_resume", "event", ["tx", "position"], unique=False)
