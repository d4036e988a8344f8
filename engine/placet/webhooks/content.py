"""What a receiver is told: the event, and the head of the process that it belongs to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from placet.core.records import Event, work_item_id
from placet.store.search import FoundProcess

PING = "ping"
_QUOTES = "reason"  # words that may quote a data item, or what another service said


def body_of(webhook: str, event: Event, found: FoundProcess) -> bytes:
    """The JSON of a delivery; `process` is as it stands when it is sent; nothing of its data items is told."""
    item = None if event.item is None else work_item_id(event.process_id, event.item)
    told = {
        "kind": event.kind,
        "at": _time(event.at),
        "number": event.number,
        "actor": event.actor,
        "activity": event.activity,
        "work_item": item,
        "detail": {name: value for name, value in (event.detail or {}).items() if name != _QUOTES},
    }
    event_id = f"{event.process_id}-{event.number}"
    return orjson.dumps({"id": event_id, "webhook": webhook, "event": told, "process": _process(found)})


def ping_of(webhook: str, event_id: str, at: datetime) -> bytes:
    """The JSON of a test: an event of no process."""
    told = {"kind": PING, "at": _time(at)}
    return orjson.dumps({"id": event_id, "webhook": webhook, "event": told, "process": None})


def _process(found: FoundProcess) -> dict[str, Any]:
    process, definition = found.process, found.definition
    return {
        "id": process.id,
        "definition": {"name": definition.name, "dn": definition.dn, "version": definition.version},
        "process_status": process.process_status.label,
        "approval_status": process.approval_status.label,
        "initiator": process.initiator,
        "recipient": process.recipient,
        "created_at": _time(process.created_at),
        "completed_at": None if process.completed_at is None else _time(process.completed_at),
        "correlation_id": process.correlation_id,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
