"""What is shown of each kind of thing: the columns of its lists, and one process in full."""

from __future__ import annotations

import json
from typing import Any

from placet_api.cli.output import (
    Cell,
    Column,
    day,
    heading,
    moment,
    print_fields,
    print_table,
    status,
)
from placet_api.cli.views import DefinitionView, EventView, Named, ProcessDetails, ProcessView, WorkItemView

PROCESS_COLUMNS = [
    Column("ID"),
    Column("Definition", flexible=True),
    Column("Status"),
    Column("Initiator", flexible=True),
    Column("Started"),
    Column("Recipient", spare=True),
    Column("Ended", spare=True),
]
WORK_ITEM_COLUMNS = [
    Column("ID"),
    Column("Asks for", flexible=True),
    Column("Initiator", flexible=True),
    Column("Addressee", spare=True),
    Column("Since", spare=True),
    Column("Expires", spare=True),
    Column("Status", spare=True),
]
DEFINITION_COLUMNS = [
    Column("Name"),
    Column("Version", right=True),
    Column("Category"),
    Column("Description", flexible=True),
]
_WAITING = [
    Column("Work item"),
    Column("Activity", flexible=True),
    Column("Addressee", flexible=True),
    Column("Status"),
]
_TIMELINE = [
    Column("At"),
    Column("What", flexible=True),
    Column("Activity", flexible=True),
    Column("By", flexible=True),
]
_COMMENTS = [Column("At"), Column("By"), Column("Comment", wraps=True)]
_STEPS = ("activity.entered", "activity.left")  # every step of the way: for programs


def process_row(process: ProcessView) -> list[Cell]:
    return [
        process.id,
        process.definition.name,
        status(process.status),
        process.initiator.name,
        day(process.created_at),
        process.recipient.name,
        day(process.completed_at),
    ]


def work_item_row(item: WorkItemView) -> list[Cell]:
    return [
        item.id,
        f"{item.definition.name}: {item.activity_name}",
        item.initiator.name,
        item.addressee.name,
        day(item.created_at),
        day(item.expires_at),
        status(item.status),
    ]


def definition_row(definition: DefinitionView) -> list[Cell]:
    return [
        definition.name,
        "" if definition.version is None else str(definition.version),
        definition.category,
        "(retired) " * definition.retired + definition.description,
    ]


def print_process(details: ProcessDetails) -> None:
    """One process: what it is, its data, what waits, what happened, what was said."""
    _print_head(details.process)
    if details.data:
        heading("Data")
        print_fields([(name, _value(value)) for name, value in details.data.items()])
    if details.work_items:
        heading("Waits for")
        print_table(
            _WAITING,
            [[item.id, item.activity_name, item.addressee.name, status(item.status)] for item in details.work_items],
        )
    if details.timeline:
        heading("Timeline")
        print_table(_TIMELINE, [_event_row(event) for event in details.timeline if event.kind not in _STEPS])
    if details.comments:
        heading("Comments")
        print_table(_COMMENTS, [[moment(each.at), _by(each.user), each.text] for each in details.comments])


def _print_head(process: ProcessView) -> None:
    print_fields(
        [
            ("Process", process.id),
            ("Definition", f"{process.definition.name}, version {process.version}"),
            ("Status", status(process.status)),
            ("Initiator", process.initiator.name),
            ("Recipient", process.recipient.name),
            ("Started", moment(process.created_at)),
            ("Ended", moment(process.completed_at)),
            ("Correlation id", process.correlation_id or ""),
            ("Engine", process.engine_id),
        ]
    )


def _event_row(event: EventView) -> list[Cell]:
    thing, _, happened = event.kind.partition(".")
    words = happened.replace("_", " ")
    what = words if thing == "work_item" else f"{thing} {words}"
    what += f" to {event.addressee.name}" if event.addressee else ""
    return [moment(event.at), what, event.activity_name or "", _by(event.actor)]


def _by(who: Named | None) -> str:
    return who.name if who else ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
