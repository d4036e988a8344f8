"""The populations of `fill` on a PostgreSQL server: the rows of the SQLite file, copied as they are."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from machine import ROOT
from sqlalchemy import Boolean, Table
from sqlalchemy.dialects.postgresql import dialect

from placet import Engine
from placet.store.tables import metadata

sys.path.insert(0, str(ROOT / "tests"))
import postgres  # the tests' own server, started and ended here

_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_COUNT_ON = "SELECT setval(pg_get_serial_sequence($1, $2), max({column})) FROM {table}"
_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}


@contextmanager
def postgresql(folder: Path, **settings: str) -> Iterator[str]:
    """The address of a server that syncs each commit to the disk of this folder; raises where there are no programs."""
    postgres.ALWAYS |= _SETTINGS | settings
    server = postgres.Server(folder, durable=True)
    try:
        yield server.address
    finally:
        server.stop()


def shell() -> str:
    """PostgreSQL's own."""
    return str(postgres.find_programs() / "psql")


def copy_to(source: Path, url: str) -> None:
    """Fill an empty database with all that a SQLite file of this release has."""
    asyncio.run(_copy(source, url))


async def _copy(source: Path, url: str) -> None:
    async with Engine(url, run_jobs=False):
        """Makes the tables."""
    rows = sqlite3.connect(source)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")  # no order among the tables
        for table in metadata.sorted_tables:
            await _copy_table(rows, connection, table)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
        rows.close()


async def _copy_table(rows: sqlite3.Connection, connection: asyncpg.Connection, table: Table) -> None:
    name = dialect().identifier_preparer.quote(table.name)
    columns = [column.name for column in table.c]
    truths = [place for place, column in enumerate(table.c) if isinstance(column.type, Boolean)]
    await connection.execute(f"TRUNCATE {name} CASCADE")
    indexes = await connection.fetch(_INDEXES, name)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    quoted = ", ".join(f'"{each}"' for each in columns)
    found = rows.execute(f'SELECT {quoted} FROM "{table.name}"')
    await connection.copy_records_to_table(table.name, records=_records(found, truths), columns=columns)
    for index in indexes:
        await connection.execute(index["made"])
    for column in table.c:
        if await connection.fetchval("SELECT pg_get_serial_sequence($1, $2)", name, column.name):
            await connection.execute(_COUNT_ON.format(column=column.name, table=name), name, column.name)


def _records(found: sqlite3.Cursor, truths: list[int]) -> Iterator[tuple[Any, ...]]:
    for row in found:
        if not truths:
            yield row
            continue
        values = list(row)
        for place in truths:
            values[place] = None if values[place] is None else bool(values[place])
        yield tuple(values)
