"""What a database says of how it will run a statement: which indexes it uses, and what it reads whole or sorts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from placet.store.prepared import Prepared
from placet.store.tables import metadata

#: Fewer rows than this are read whole as quickly as by an index, so that PostgreSQL does not look at one.
_FEW = 10_000

_PARTIAL = {
    index.name
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
_NOT_COUNTED = {"name", "counter"}  # tables that are looked up in passing


@dataclass(frozen=True, slots=True)
class Plan:
    """How a statement is run: in the database's own words, with the indexes it uses.

    `scanned` are the tables of which every row is read until enough are found, `sorted` tells whether all that is found
    is sorted before the first row comes.
    """

    lines: tuple[str, ...]
    indexes: tuple[str, ...]
    scanned: tuple[str, ...]
    sorted: bool


def plan_of(tx: Connection, statement: Prepared) -> Plan:
    """How a statement would be run now; it is not run."""
    return _on_postgresql(tx, statement) if tx.dialect.name == "postgresql" else _on_sqlite(tx, statement)


def _explained(tx: Connection, how: str, statement: Prepared) -> Sequence[Any]:
    return tx.exec_driver_sql(f"{how} {statement.sql}", tuple(statement.values({}))).all()


# -- SQLite ----------------------------------------------------------------------------------------

_STEP = re.compile(r"(?P<how>SCAN|SEARCH) (?P<table>\w+?)(?:_\d+)?\b(?: USING (?P<using>.*))?")
_INDEX = re.compile(r"(?:COVERING )?INDEX (\w+)")


def _on_sqlite(tx: Connection, statement: Prepared) -> Plan:
    rows = _explained(tx, "EXPLAIN QUERY PLAN", statement)
    depths: dict[int, int] = {0: -1}
    for number, parent, *_ in rows:
        depths[number] = depths.get(parent, -1) + 1
    lines = [f"{'  ' * depths[row[0]]}{row[-1]}" for row in rows]
    indexes: list[str] = []
    scanned: list[str] = []
    for found in filter(None, (_STEP.match(row[-1]) for row in rows)):
        table, using = found["table"], found["using"] or ""
        index = _INDEX.match(using)
        if table not in metadata.tables or table in _NOT_COUNTED:
            continue
        if index is not None:
            indexes.append(index[1])
        elif using.startswith(("PRIMARY KEY", "INTEGER PRIMARY KEY")) or found["how"] == "SCAN":
            indexes.append(f"primary key of {table}")
        is_whole = found["how"] == "SCAN" and not (index and index[1] in _PARTIAL)
        if is_whole or using.startswith("AUTOMATIC"):  # this one is built for the statement alone, from the whole table
            scanned.append(table)
    is_sorted = any(row[-1] == "USE TEMP B-TREE FOR ORDER BY" for row in rows)
    return Plan(tuple(lines), _distinct(indexes), _distinct(scanned), is_sorted)


# -- PostgreSQL ------------------------------------------------------------------------------------


def _on_postgresql(tx: Connection, statement: Prepared) -> Plan:
    nodes = list(_nodes(tx, statement))
    if any(node["Node Type"] == "Seq Scan" and _is_small(tx, node["Relation Name"]) for node in nodes):
        tx.execute(text("SET LOCAL enable_seqscan = off"))  # what it would do with more rows
        nodes = list(_nodes(tx, statement))
    lines = tuple(row[0] for row in _explained(tx, "EXPLAIN (COSTS OFF)", statement))
    tx.execute(text("SET LOCAL enable_seqscan = on"))
    indexes = [_index_name(node["Index Name"]) for node in nodes if "Index Name" in node]
    scanned = [node["Relation Name"] for node in nodes if _reads_all(tx, node)]
    is_sorted = any(node["Node Type"] == "Sort" for node in nodes)
    return Plan(lines, _distinct(indexes), _distinct(each for each in scanned if each not in _NOT_COUNTED), is_sorted)


def _nodes(tx: Connection, statement: Prepared) -> Iterator[Mapping[str, Any]]:
    [[told]] = _explained(tx, "EXPLAIN (FORMAT JSON)", statement)
    waiting = [(json.loads(told) if isinstance(told, str) else told)[0]["Plan"]]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting += node.get("Plans", [])


def _reads_all(tx: Connection, node: Mapping[str, Any]) -> bool:
    """Whether rows are read until enough fit; a join that goes through a small table in order is no fault."""
    if node["Node Type"] == "Seq Scan":
        return True
    is_scan = node["Node Type"] in ("Index Scan", "Index Only Scan")
    if not is_scan or "Index Cond" in node or node["Index Name"] in _PARTIAL:
        return False
    return "Filter" in node or not _is_small(tx, node["Relation Name"])


def _is_small(tx: Connection, table: str) -> bool:
    count = tx.execute(text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)"), {"name": table}).scalar()
    return count is not None and count < _FEW


def _index_name(name: str) -> str:
    return f"primary key of {name.removesuffix('_pkey')}" if name.endswith("_pkey") else name


def _distinct(names: Iterator[str] | Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
