"""People and groups."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

from placet.store.tables.base import metadata
from placet.store.types import Document, Folded, HexId, Moment

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
    Column("words", Folded, nullable=False, server_default=""),  # what lists are ordered by and searched in
    Column("role", HexId),  # who has none may do nothing
    Column("due_on", Text),  # YYYY-MM-DD: the last day on which he may sign in
    Column("profile", Document),  # what the users service keeps of him, and nothing here asks for
    Column("created_at", Moment),
    Column("updated_at", Moment),
    Column(
        "changed", BigInteger, nullable=False, server_default=text("0")
    ),  # the directory's version since which it is so
    Column("folded_manager", Text),
    Index("ix_user_account_changed", "changed"),  # what a picture in memory has to read again
    Index("ix_user_account_role_words", "role", "words"),  # who has a role, a page of them
    Index("ix_user_account_words", "words", "id"),  # a page of everybody
    Index("uq_user_account_folded", "folded", unique=True),
    Index("uq_user_account_folded_name", "folded_name", unique=True),
    sqlite_with_rowid=False,
)

# User names that were given up; they stay with who had them.
former_name = Table(
    "former_name",
    metadata,
    Column("folded", Text, primary_key=True),
    Column("user_id", HexId, nullable=False),
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
    Column("changed", BigInteger, nullable=False, server_default=text("0")),  # itself or its members
    Index("ix_user_group_changed", "changed"),
    Index("uq_user_group_folded", "folded", unique=True),
    sqlite_with_rowid=False,
)

group_member = Table(
    "group_member",
    metadata,
    Column("group_id", HexId, primary_key=True),
    Column("user_id", HexId, primary_key=True),
    Index("ix_group_member_user_id", "user_id"),  # of whoever is deleted
    sqlite_with_rowid=False,
)
