"""The engine nodes of a database, and what their lanes have written last."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from placet.store.tables.base import metadata
from placet.store.types import HexId, Moment

# One row per engine id, of whoever has it now or had it last. All times are the database's own.
engine_node = Table(
    "engine_node",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", HexId, nullable=False),  # which of those that have had this id it is
    Column("address", Text),  # where it answers; none: it is part of another program
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("running_since", Moment),
    Column("beat_at", Moment, nullable=False),
    Column("draining_since", Moment),
    Column("drained_at", Moment),  # nothing of it runs any more
    Column("ended_at", Moment),
    sqlite_with_rowid=False,
)

# One row per lane of a node, that is per writing connection, on databases whose COMMIT may happen without an answer.
lane_mark = Table(
    "lane_mark",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("mark", BigInteger, nullable=False),  # goes up with each administrative transaction of the lane
    Column("marked_at", Moment, nullable=False),  # of the database's own time
    sqlite_with_rowid=False,
)
