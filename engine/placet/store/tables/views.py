"""Queries that people have saved."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text

from placet.store.tables.base import metadata
from placet.store.types import HexId, Moment

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("owner", HexId, nullable=False),  # a user's id
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Index("uq_saved_view_owner_folded", "owner", "folded", unique=True),  # somebody's own, by name
    Index(  # what others share
        "ix_saved_view_shared",
        "folded",
        sqlite_where=text("shared"),
        postgresql_where=text("shared"),
    ),
    sqlite_with_rowid=False,
)
