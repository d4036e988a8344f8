"""Roles and permissions, applications and tokens, sessions, absences, proxies, and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from placet.store.types import Document, Folded, HexId, Moment, Serial
from placet.store.words import words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_process_proxy",
        "process",
        ["proxy", "id"],
        unique=False,
        sqlite_where=sa.text("proxy IS NOT NULL"),
        postgresql_where=sa.text("proxy IS NOT NULL"),
    )
    with op.batch_alter_table("user_account", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.add_column(sa.Column("words", Folded, server_default="", nullable=False))
        table.add_column(sa.Column("role", HexId(), nullable=True))
        table.add_column(sa.Column("due_on", sa.Text(), nullable=True))
        table.add_column(sa.Column("profile", Document, nullable=True))
        table.add_column(sa.Column("created_at", Moment(), nullable=True))
        table.add_column(sa.Column("updated_at", Moment(), nullable=True))
        table.add_column(sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    _fill_words()
    op.create_index("ix_user_account_changed", "user_account", ["changed"], unique=False)
    op.create_index("ix_user_account_role_words", "user_account", ["role", "words"], unique=False)
    op.create_index("ix_user_account_words", "user_account", ["words", "id"], unique=False)

    with op.batch_alter_table("user_group", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.add_column(sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_index("ix_user_group_changed", "user_group", ["changed"], unique=False)
    op.create_index("ix_group_member_user_id", "group_member", ["user_id"], unique=False)

    op.create_table(
        "former_name",
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("user_id", HexId(), nullable=False),
        sa.PrimaryKeyConstraint("folded"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "role",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_role_changed", "role", ["changed"], unique=False)
    op.create_index("uq_role_folded", "role", ["folded"], unique=True)

    op.create_table(
        "permission",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_permission_code", "permission", ["code"], unique=True)

    op.create_table(
        "role_permission",
        sa.Column("role_id", HexId(), nullable=False),
        sa.Column("permission_id", HexId(), nullable=False),
        sa.PrimaryKeyConstraint("role_id", "permission_id"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "application",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("web_site", sa.Text(), server_default="", nullable=False),
        sa.Column("redirect_uris", Document, nullable=False),
        sa.Column("owner", HexId(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "token",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("user_id", HexId(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("issued_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("origin", sa.LargeBinary(32), nullable=False),
        sa.Column("detail", Document, nullable=True),
        sa.PrimaryKeyConstraint("hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_token_application", "token", ["application"], unique=False)
    op.create_index("ix_token_expires_at", "token", ["expires_at"], unique=False)
    op.create_index("ix_token_origin", "token", ["origin"], unique=False)
    op.create_index("ix_token_user_id", "token", ["user_id"], unique=False)

    op.create_table(
        "session",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", HexId(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"], unique=False)
    op.create_index("ix_session_user_id", "session", ["user_id"], unique=False)

    op.create_table(
        "absence",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("user_id", HexId(), nullable=False),
        sa.Column("delegate_id", HexId(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("definition", sa.Text(), nullable=True),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_absence_to_at", "absence", ["to_at"], unique=False)
    op.create_index("ix_absence_user_id", "absence", ["user_id"], unique=False)

    op.create_table(
        "proxy_grant",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("user_id", HexId(), nullable=False),
        sa.Column("proxy_id", HexId(), nullable=False),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_proxy_grant_user_id", "proxy_grant", ["user_id"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", Serial, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.Column("before", Document, nullable=True),
        sa.Column("after", Document, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_at", "audit", ["at", "id"], unique=False)
    op.create_index("ix_audit_actor", "audit", ["actor", "at", "id"], unique=False)
    op.create_index("ix_audit_kind", "audit", ["kind", "at", "id"], unique=False)
    op.create_index("ix_audit_target", "audit", ["target", "at", "id"], unique=False)
    _refuse_changes_of_audit()


def _refuse_changes_of_audit() -> None:
    """Let the database itself see to it that entries are only ever added."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of audit are only ever added'; END $$"
        )
        op.execute(
            "CREATE TRIGGER tr_audit BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            "CREATE TRIGGER tr_audit_truncate BEFORE TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER tr_audit_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'rows of audit are only ever added'); END"
        )
    op.execute(  # what replaces a row deletes the old one without asking the trigger of deletions
        "CREATE TRIGGER tr_audit_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'rows of audit are only ever added'); END"
    )


def _fill_words() -> None:
    """Make what users are listed by of the names that they have."""
    columns = ("id", "user_name", "first_name", "last_name", "words")
    users = sa.table("user_account", *(sa.column(name) for name in columns))
    connection = op.get_bind()
    for row in connection.execute(sa.select(users)).all():
        listed = words(row.user_name, row.first_name, row.last_name)
        connection.execute(sa.update(users).where(users.c.id == row.id).values(words=listed))
