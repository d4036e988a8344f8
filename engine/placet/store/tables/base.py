"""What every other table refers to: names, definitions, and the counters of what is held in memory."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, text

from placet.store.types import Folded, HexId, Moment, Serial

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
    Column("folded", Folded, nullable=False),
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
