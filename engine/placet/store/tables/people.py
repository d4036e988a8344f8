"""People and groups."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from placet.store.tables.base import metadata
from placet.store.types import HexId

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
