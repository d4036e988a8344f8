"""The tables. Every key begins with the process id, so that processes can be spread over databases.

People and engines are interned: a row holds the number of a `name`. Every index is asked for by a query that is
named beside it. Migrations make these tables; a test holds both equal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from placet.store.types import Document, HexId, Moment, Serial, Small

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

# Numbers that go up whenever something held in memory has to be read again: 'directory', 'definitions'.
counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

name = Table(
    "name",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("folded", Text, nullable=False),
    Column("dn", Text, nullable=False),
    Index("uq_name_folded", "folded", unique=True),
)

definition = Table(
    "definition",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("guid", HexId, nullable=False),
    Column("version", Integer, nullable=False),
    Column("dn", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("deployed_at", Moment, nullable=False),
    Column("retired", Boolean, nullable=False, server_default=text("false")),
    Index("uq_definition_guid_version", "guid", "version", unique=True),
)

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
    Column("correlation_id", Text),
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
    Index(
        "ix_process_correlation",
        "correlation_id",
        sqlite_where=text("correlation_id IS NOT NULL"),
        postgresql_where=text("correlation_id IS NOT NULL"),
    ),
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

comment = Table(
    "comment",
    metadata,
    Column("process_id", HexId, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("user", Integer),
    Column("activity", Text),
    Column("system", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Append-only. On PostgreSQL `tx` is the writing transaction: a reader that resumes by (tx, position) and stops
# before transactions that still run misses nothing. On SQLite there is one writer, and `tx` stays 0.
event = Table(
    "event",
    metadata,
    Column("position", Serial, primary_key=True),
    Column("tx", BigInteger, nullable=False, server_default=text("0")),
    Column("process_id", HexId, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Small, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Integer),
    Column("activity", Text),
    Column("item", Integer),
    Column("detail", Document),
    Column("command_id", HexId),
    Index("uq_event_process", "process_id", "number", unique=True),  # the timeline of a process
    Index("ix_event_resume", "tx", "position").ddl_if(dialect="postgresql"),  # subscriptions
    sqlite_autoincrement=True,
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
    Index(
        "ix_job_timer",
        "timer_at",
        sqlite_where=text("timer_at IS NOT NULL"),
        postgresql_where=text("timer_at IS NOT NULL"),
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
    Column("text_value", Text),
    Column("number_value", Double),
    Index("ix_data_value_text", "item", "text_value", "process_id"),
    Index("ix_data_value_number", "item", "number_value", "process_id"),
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

user_account = Table(
    "user_account",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("dn", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("first_name", Text, nullable=False, server_default=""),
    Column("last_name", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("manager", Text),  # a DN
    Column("status", Text, nullable=False, server_default="ACTIVE"),
    Column("password_hash", Text),
    Index("uq_user_account_folded", "folded", unique=True),
    Index("uq_user_account_folded_name", "folded_name", unique=True),
    sqlite_with_rowid=False,
)

user_group = Table(
    "user_group",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("dn", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="ACTIVE"),
    Index("uq_user_group_folded", "folded", unique=True),
    sqlite_with_rowid=False,
)

group_member = Table(
    "group_member",
    metadata,
    Column("group_id", HexId, primary_key=True),
    Column("user_id", HexId, primary_key=True),
    sqlite_with_rowid=False,
)
