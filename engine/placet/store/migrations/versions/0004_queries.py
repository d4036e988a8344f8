"""Saved views, and what queries need: text without case, who had a rare event, the manager of a user."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from placet.core.names import fold_dn
from placet.query.folding import FROM, TO
from placet.store.types import Folded, HexId, Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_IS_RARE = " OR ".join(
    f"kind + 0 BETWEEN {first} AND {last}"
    for first, last in ((3, 7), (12, 12), (32, 33), (35, 45), (52, 52), (55, 55), (60, 63))
)
_FOLD = f"""
CREATE FUNCTION placet_fold(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(given) = char_length(given) THEN lower(given COLLATE "C")
        ELSE translate(given, '{FROM}', '{TO}') END
$$
"""  # translate() looks at every letter of its table, which takes a hundred times as long as lower() of ASCII


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("owner", HexId(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_saved_view_owner_folded", "saved_view", ["owner", "folded"], unique=True)
    op.create_index(
        "ix_saved_view_shared",
        "saved_view",
        ["folded"],
        unique=False,
        sqlite_where=sa.text("shared"),
        postgresql_where=sa.text("shared"),
    )
    op.create_index(
        "ix_event_rare",
        "event",
        ["kind", "process_id"],
        unique=False,
        sqlite_where=sa.text(_IS_RARE),
        postgresql_where=sa.text(_IS_RARE),
    )

    with op.batch_alter_table("user_account", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.add_column(sa.Column("folded_manager", sa.Text(), nullable=True))
    _fold_managers(op.get_bind())

    if op.get_bind().dialect.name == "postgresql":
        for changed, column in (("data_value", "text_value"), ("process", "correlation_id"), ("name", "folded")):
            op.alter_column(changed, column, type_=Folded)  # so that an index has them in the order of their letters
        op.get_bind().exec_driver_sql(_FOLD)


def _fold_managers(tx: sa.Connection) -> None:
    users = sa.table("user_account", sa.column("id", HexId()), sa.column("manager"), sa.column("folded_manager"))
    managed = tx.execute(sa.select(users.c.id, users.c.manager).where(users.c.manager.is_not(None))).all()
    if managed:
        change = (
            sa.update(users).where(users.c.id == sa.bindparam("user")).values(folded_manager=sa.bindparam("folded"))
        )
        tx.execute(change, [{"user": user, "folded": fold_dn(manager)} for user, manager in managed])
