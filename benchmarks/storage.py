"""What a completed process costs on the disk: one approval, three data items, 200 bytes of data."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from pathlib import Path

import asyncpg
from bars import Result
from machine import ROOT
from population import prepare
from workspace import Workspace, python

COUNT = 10_000


def run(space: Workspace) -> None:
    count = COUNT // 10 if space.quick else COUNT
    with space.scratch() as folder:
        file, url = folder / "placet.db", f"sqlite:///{folder}/placet.db"
        prepare(url, folder)
        _complete(url, count)
        stored = _vacuumed(file)
        space.report.add(
            Result("stored per completed process, SQLite", [stored / count], "bytes", 1500, note="the whole file"),
            Result("  events of it", [_table_bytes(file, "event") / count], "bytes"),
            Result("  process row and its indexes", [_table_bytes(file, "process") / count], "bytes"),
            Result("  work item and its indexes", [_table_bytes(file, "work_item") / count], "bytes"),
        )
        _on_postgres(space, folder, count)


def _complete(url: str, count: int) -> None:
    done = json.loads(python("unit_placet.py", url, 0, 64, count))
    assert done["units"] == count


def _vacuumed(file: Path) -> int:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return sum(each.stat().st_size for each in file.parent.glob(file.name + "*"))


def _table_bytes(file: Path, table: str) -> float:
    """A table with its indexes; not a number where this SQLite cannot tell."""
    connection = sqlite3.connect(file)
    try:
        sql = "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = ?)"
        size: float = connection.execute(sql, (table,)).fetchone()[0]
    except sqlite3.OperationalError:
        return float("nan")
    finally:
        connection.close()
    return size


def _on_postgres(space: Workspace, folder: Path, count: int) -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from postgres import ProgramsMissing, Server  # the tests' own server, started and ended here

    try:
        server = Server()
    except ProgramsMissing as missing:
        space.report.remark(f"PostgreSQL is not measured: {missing}")
        return
    try:
        url = f"{server.address}/postgres"
        prepare(url, folder)
        _complete(url, count)
        stored = asyncio.run(_vacuumed_postgres(url))
    finally:
        server.stop()
    note = "all tables and indexes after VACUUM FULL"
    space.report.add(Result("stored per completed process, PostgreSQL", [stored / count], "bytes", note=note))


async def _vacuumed_postgres(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM FULL")
        tables = "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        return int(await connection.fetchval(f"SELECT sum(pg_total_relation_size(oid)) {tables}"))
    finally:
        await connection.close()
