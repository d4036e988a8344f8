"""The example queries as somebody would write them who knows the tables: the yardstick of their times.

A page is cut first and its names are looked up afterwards, as a careful hand would do it for SQLite.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import column

from placet.store.tables import is_rare

_PROCESSES = """
SELECT d.dn, hex(p.id), e.dn, r.dn, i.dn, x.dn, p.approval_status, p.process_status, p.created_at, p.completed_at,
    p.correlation_id
FROM (SELECT * FROM process WHERE {} LIMIT 100) p CROSS JOIN definition d ON d.id = p.definition
    CROSS JOIN name e ON e.id = p.engine_id CROSS JOIN name r ON r.id = p.recipient
    CROSS JOIN name i ON i.id = p.initiator LEFT JOIN name x ON x.id = p.proxy"""
_ITEMS = """
SELECT hex(w.process_id), w.number, d.dn, r.dn, i.dn, a.dn, o.dn, f.dn, c.dn, w.activity, w.status, w.priority,
    w.created_at, w.due_at, w.expires_at, w.completed_at
FROM (SELECT * FROM work_item WHERE {} LIMIT 100) w CROSS JOIN process p ON p.id = w.process_id
    CROSS JOIN definition d ON d.id = p.definition CROSS JOIN name r ON r.id = p.recipient
    CROSS JOIN name i ON i.id = p.initiator CROSS JOIN name a ON a.id = w.addressee
    LEFT JOIN name o ON o.id = w.owner LEFT JOIN name f ON f.id = w.proxy_for LEFT JOIN name c ON c.id = w.actor"""
_EVENTS = """
SELECT v.kind, hex(v.process_id), v.at, a.dn, v.activity, v.item
FROM (SELECT * FROM event WHERE {} LIMIT 100) v LEFT JOIN name a ON a.id = v.actor"""
_INCIDENTS = """
SELECT hex(n.process_id), n.number, n.kind, n.activity, n.opened_at, n.reason, n.resolved_at, n.resolution, a.dn
FROM (SELECT * FROM incident WHERE {} LIMIT 100) n LEFT JOIN name a ON a.id = n.actor"""
_GROUPS = """
SELECT key, count(*), avg(CASE WHEN nth * 2 >= many AND nth * 2 <= many + 2 THEN took END) FROM (
    SELECT {key} AS key, completed_at - created_at AS took,
        row_number() OVER (PARTITION BY {part} ORDER BY completed_at - created_at NULLS LAST) AS nth,
        count(completed_at) OVER (PARTITION BY {part}) AS many
    FROM process WHERE {where}) GROUP BY key"""

_ANNA = "(SELECT id FROM name WHERE folded = :anna)"
_ME = "(SELECT id FROM name WHERE folded = :me)"
_RUNS = "process_status = 0 AND completed_at IS NULL"
_NEWEST = "ORDER BY id DESC"
_RARE = f"({is_rare(column('kind'))})"
_CENTRE = "id IN (SELECT process_id FROM data_value WHERE item = 'cost_centre' AND text_value = 'cc-017')"
_AMOUNT = "id IN (SELECT process_id FROM data_value WHERE item = 'amount' AND number_value > 4990)"
_HOUR = "completed_at - completed_at % 3600000"

SQL: Mapping[int, str] = {
    1: _PROCESSES.format(f"{_RUNS} {_NEWEST}"),
    2: _PROCESSES.format(f"initiator = {_ME} {_NEWEST}"),
    3: _PROCESSES.format(f"recipient = {_ANNA} AND approval_status = 2 ORDER BY created_at DESC, id DESC"),
    4: _PROCESSES.format(f"definition = 1 AND created_at >= :week {_NEWEST}"),
    5: _PROCESSES.format(f"approval_status IN (3, 4) AND process_status = 2 {_NEWEST}"),
    6: _PROCESSES.format("completed_at >= :week AND approval_status = 1 ORDER BY completed_at DESC, id DESC"),
    7: _PROCESSES.format(f"initiator = {_ANNA} OR recipient = {_ANNA} OR proxy = {_ANNA} {_NEWEST}"),
    8: _PROCESSES.format(f"{_RUNS} AND definition <> 1 {_NEWEST}"),
    9: _PROCESSES.format(f"initiator <> recipient AND {_RUNS} {_NEWEST}"),
    10: _PROCESSES.format(f"correlation_id = 'order-4711' {_NEWEST}"),
    11: _PROCESSES.format(f"{_CENTRE} AND {_RUNS} {_NEWEST}"),
    12: _PROCESSES.format(f"{_AMOUNT} ORDER BY created_at DESC, id DESC"),
    13: _PROCESSES.format(f"instr(lower(json_extract(data, '$.reason')), 'laptop') > 0 {_NEWEST}"),
    14: _PROCESSES.format(
        f"id IN (SELECT process_id FROM work_item WHERE addressee = {_ANNA} AND status < 2 AND status = 0) {_NEWEST}"
    ),
    15: _PROCESSES.format(
        f"id IN (SELECT process_id FROM event WHERE kind = 41 AND {_RARE}) AND {_RUNS} {_NEWEST}"
    ),
    16: _ITEMS.format(f"addressee = {_ME} AND status < 2 ORDER BY due_at NULLS LAST, process_id, number"),
    17: _EVENTS.format(f"kind = 60 AND {_RARE} AND at >= :week ORDER BY at DESC, position DESC"),
    18: _INCIDENTS.format("resolved_at IS NULL ORDER BY opened_at, process_id, number"),
    19: _GROUPS.format(key="definition", part="+definition", where="created_at >= :days") + " ORDER BY 2 DESC",
    20: _GROUPS.format(key=_HOUR, part=_HOUR, where="completed_at >= :day") + " ORDER BY 1",
}  # fmt: skip


def milliseconds_by_hand(connection: sqlite3.Connection, number: int, values: dict[str, Any], seconds: float) -> float:
    """How long the statement of an example takes with all its rows fetched: the median of a while."""
    sql, times, until = SQL[number], [], time.perf_counter() + seconds
    connection.execute(sql, values).fetchall()
    while not times or time.perf_counter() < until:
        begin = time.perf_counter()
        connection.execute(sql, values).fetchall()
        times.append(time.perf_counter() - begin)
    return 1000 * sorted(times)[len(times) // 2]
