"""Processes, their data and their work."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, Table, Text, text

from placet.store.tables.base import metadata
from placet.store.types import Document, Folded, HexId, Moment, Small

process = Table(
    "process",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("definition", Integer, nullable=False),
    Column("initiator", Integer, nullable=False),
    Column("recipient", Integer, nullable=False),
    Column("process_status", Small, nullable=False),
    Column("approval_status", Small, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("completed_at", Moment),
    Column("correlation_id", Folded),
    Column("proxy", Integer),
    Column("parent", Text),
    Column("engine_id", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("item_count", Integer, nullable=False),
    Column("comment_count", Integer, nullable=False),
    Column("event_count", Integer, nullable=False),
    Column("job_count", Integer, nullable=False),
    Column("data", Document, nullable=False),
    Column("flow", Document),
    Column("incident_count", Integer, nullable=False, server_default=text("0")),
    Index("ix_process_recipient", "recipient", "id"),  # processes of a recipient, newest first
    Index("ix_process_initiator", "initiator", "id"),  # my requests
    Index("ix_process_definition", "definition", "id"),  # processes of a definition
    Index("ix_process_created", "created_at", "id"),  # CreationTime ranges
    Index(  # CompletionTime ranges
        "ix_process_completed",
        "completed_at",
        "id",
        sqlite_where=text("completed_at IS NOT NULL"),
        postgresql_where=text("completed_at IS NOT NULL"),
    ),
    Index(  # what still runs
        "ix_process_open",
        "process_status",
        "id",
        sqlite_where=text("completed_at IS NULL"),
        postgresql_where=text("completed_at IS NULL"),
    ),
    Index(  # requests that did not simply complete
        "ix_process_exception",
        "approval_status",
        "id",
        sqlite_where=text("process_status = 2"),
        postgresql_where=text("process_status = 2"),
    ),
    Index(  # what somebody started as a proxy
        "ix_process_proxy",
        "proxy",
        "id",
        sqlite_where=text("proxy IS NOT NULL"),
        postgresql_where=text("proxy IS NOT NULL"),
    ),
    Index(
        "ix_process_correlation",
        "correlation_id",
        sqlite_where=text("correlation_id IS NOT NULL"),
        postgresql_where=text("correlation_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

# Values of data items that a definition marks as indexed.
data_value = Table(
    "data_value",
    metadata,
    Column("process_id", HexId, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("ordinal", Small, primary_key=True),
    Column("text_value", Folded),
    Column("number_value", Double),
    Index("ix_data_value_text", "item", "text_value", "process_id"),
    Index("ix_data_value_number", "item", "number_value", "process_id"),
    sqlite_with_rowid=False,
)

work_item = Table(
    "work_item",
    metadata,
    Column("process_id", HexId, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("activity", Text, nullable=False),
    Column("token", Integer, nullable=False),
    Column("addressee", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("status", Small, nullable=False),
    Column("priority", Small, nullable=False),
    Column("owner", Integer),
    Column("due_at", Moment),
    Column("expires_at", Moment),
    Column("completed_at", Moment),
    Column("actor", Integer),
    Column("outcome", Small),
    Column("proxy_for", Integer),
    Column("returned", Boolean, nullable=False),
    Column("reminders", Integer, nullable=False),
    Column("escalated", Boolean, nullable=False),
    Column("timer_at", Moment),
    Column("timer", Integer, nullable=False),
    Column("held", BigInteger, nullable=False),
    Index("ix_work_item_addressee", "addressee", "process_id"),  # processes of whoever has or had an item
    Index(  # inboxes, oldest first
        "ix_work_item_inbox",
        "addressee",
        "created_at",
        "process_id",
        "number",
        sqlite_where=text("status < 2"),
        postgresql_where=text("status < 2"),
    ),
    Index(  # all open items, oldest first
        "ix_work_item_open",
        "created_at",
        "process_id",
        "number",
        sqlite_where=text("status < 2"),
        postgresql_where=text("status < 2"),
    ),
    Index(  # who acted for a group, or in another's place
        "ix_work_item_actor",
        "actor",
        "process_id",
        sqlite_where=text("actor <> addressee"),
        postgresql_where=text("actor <> addressee"),
    ),
    Index(
        "ix_work_item_timer",
        "timer_at",
        sqlite_where=text("timer_at IS NOT NULL"),
        postgresql_where=text("timer_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

# Whoever had an item that was reassigned or escalated may go on reading its process.
former_addressee = Table(
    "former_addressee",
    metadata,
    Column("process_id", HexId, primary_key=True),
    Column("addressee", Integer, primary_key=True),
    Index("ix_former_addressee_addressee", "addressee", "process_id"),
    sqlite_with_rowid=False,
)

job = Table(
    "job",
    metadata,
    Column("process_id", HexId, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("token", Integer, nullable=False),
    Column("timer_at", Moment),
    Column("timer", Integer, nullable=False),
    Column("payload", Document, nullable=False),
    Column("lane", Text),  # of what leaves the house; none: the engine's own
    Index(  # the engine's own jobs that are due
        "ix_job_timer",
        "timer_at",
        sqlite_where=text("timer_at IS NOT NULL AND lane IS NULL"),
        postgresql_where=text("timer_at IS NOT NULL AND lane IS NULL"),
    ),
    Index(  # what is due of a lane, and which lanes there are
        "ix_job_lane",
        "lane",
        "timer_at",
        sqlite_where=text("timer_at IS NOT NULL AND lane IS NOT NULL"),
        postgresql_where=text("timer_at IS NOT NULL AND lane IS NOT NULL"),
    ),
    Index(  # what may run now, where there is a queue for it
        "ix_job_queued",
        "process_id",
        "number",
        sqlite_where=text("timer_at IS NULL AND lane IS NOT NULL"),
        postgresql_where=text("timer_at IS NULL AND lane IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

# Idempotency keys of starts, one per caller and key.
start_key = Table(
    "start_key",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("process_id", HexId, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_start_key_at", "at"),
    sqlite_with_rowid=False,
)
