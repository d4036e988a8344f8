"""Indexed data items as rows of their own, so that queries about them need not read every document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert

from placet.core.definition import DataItem, DataType, Definition
from placet.core.records import Process
from placet.query.folding import fold_text
from placet.store.bulk import Bulk, Inserts
from placet.store.tables import data_value

_INSERT = Bulk(insert(data_value), data_value.c.keys())
_NUMBERS = (DataType.INTEGER, DataType.DECIMAL)
#: So much of a text is indexed; an index has no use for more than its head.
LONGEST = 500


def replace(tx: Connection, inserts: Inserts, changed: Sequence[tuple[Definition, Process, bool]]) -> None:
    """Write the rows of processes whose data changed; the flag tells that a process is new and has none yet."""
    rows: list[dict[str, Any]] = []
    for definition, process, is_new in changed:
        indexed = [item for item in definition.data.values() if item.indexed]
        if indexed and not is_new:
            tx.execute(delete(data_value).where(data_value.c.process_id == process.id))
        for item in indexed:
            rows.extend(_rows(item, process))
    inserts.add(_INSERT, rows)


def _rows(item: DataItem, process: Process) -> list[dict[str, Any]]:
    value = process.data.get(item.name)
    if value is None:
        return []
    return [
        {
            "process_id": process.id,
            "item": item.name,
            "ordinal": ordinal,
            "text_value": None if item.type in _NUMBERS else _text(single),
            "number_value": float(single) if item.type in _NUMBERS else None,
        }
        for ordinal, single in enumerate(value if item.multi_valued else [value])
    ]


def _text(value: object) -> str:
    """Folded, since text compares without case."""
    return fold_text("true" if value is True else "false" if value is False else str(value))[:LONGEST]
