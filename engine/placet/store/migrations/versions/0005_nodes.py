"""Engine nodes, what they have taken by the database's time, and on PostgreSQL the queue of what they run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from placet.store import queueing
from placet.store.types import HexId, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "engine_node",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run", HexId(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("running_since", Moment(), nullable=True),
        sa.Column("beat_at", Moment(), nullable=False),
        sa.Column("draining_since", Moment(), nullable=True),
        sa.Column("drained_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lane_mark",
        sa.Column("id", HexId(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.add_column("webhook_delivery", sa.Column("held_until", Moment(), nullable=True))
    op.create_index(
        "ix_job_queued",
        "job",
        ["process_id", "number"],
        unique=False,
        sqlite_where=sa.text("timer_at IS NULL AND lane IS NOT NULL"),
        postgresql_where=sa.text("timer_at IS NULL AND lane IS NOT NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        queueing.install(op.get_bind())
