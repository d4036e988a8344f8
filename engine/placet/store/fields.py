"""Which column stands behind which public field; the only place that knows both names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement

from placet.store.tables import process, work_item

#: Public name to column. What a column holds (an interned name, a definition's row, …) follows from the field.
PROCESS_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "Definition": process.c.definition,
    "ProcessId": process.c.id,
    "EngineId": process.c.engine_id,
    "Recipient": process.c.recipient,
    "Initiator": process.c.initiator,
    "ApprovalStatus": process.c.approval_status,
    "ProcessStatus": process.c.process_status,
    "CreationTime": process.c.created_at,
    "CompletionTime": process.c.completed_at,
    "CorrelationId": process.c.correlation_id,
}

WORK_ITEM_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "WorkId": work_item.c.process_id,  # the number is the rest of a work item's id
    "ProcessId": work_item.c.process_id,
    "Definition": process.c.definition,
    "Recipient": process.c.recipient,
    "Initiator": process.c.initiator,
    "Addressee": work_item.c.addressee,
    "Owner": work_item.c.owner,
    "ProxyFor": work_item.c.proxy_for,
    "ActivityId": work_item.c.activity,
    "Status": work_item.c.status,
    "Priority": work_item.c.priority,
    "CreationTime": work_item.c.created_at,
    "ExpTime": work_item.c.expires_at,
    "CompletionTime": work_item.c.completed_at,
}
