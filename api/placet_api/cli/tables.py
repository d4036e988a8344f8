"""What is shown of each kind of thing: the columns of its lists, and one process in full."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from placet.core.events import in_words
from placet_api.cli.columns import Column
from placet_api.cli.options import Rows
from placet_api.cli.output import (
    Cell,
    day,
    heading,
    moment,
    note,
    print_fields,
    print_json_array,
    print_table,
    status,
)
from placet_api.cli.views import DefinitionView, EventView, Named, ProcessDetails, ProcessView, WaitView, WorkItemView

T = TypeVar("T")

PROCESS_COLUMNS = [
    Column("ID"),
    Column("Definition", least=12),
    Column("Status", rank=1),
    Column("Initiator", least=10, rank=1),
    Column("Started", rank=1),
    Column("Recipient", rank=2),
    Column("Ended", rank=2),
]
_WORK_ITEM_COLUMNS = [
    Column("ID"),
    Column("Asks for", least=16),
    Column("Initiator", least=10, rank=1),
    Column("Addressee", rank=2),
    Column("Since", rank=2),
    Column("Expires", rank=2),
    Column("Status", rank=2),
]
DEFINITION_COLUMNS = [
    Column("Name", least=12),
    Column("Version", right=True, rank=1),
    Column("Category", rank=1),
    Column("Description", least=30),
]
_WAITING = [
    Column("Work item"),
    Column("Activity", least=14),
    Column("Addressee", least=10, rank=1),
    Column("Status", rank=1),
]
_FAILED = [Column("Incident"), Column("Activity", least=12), Column("Reason", least=24, wraps=True)]
_TIMELINE = [
    Column("At"),
    Column("What", least=16),
    Column("By", least=10),
    Column("Activity", least=12, rank=1),
]
_COMMENTS = [Column("At"), Column("By", least=10), Column("Comment", least=20, wraps=True)]
_STEPS = ("activity.entered", "activity.left")  # every step of the way: for programs


async def print_work_items(found: AsyncIterator[WorkItemView], rows: Rows) -> None:
    await print_list(found, _WORK_ITEM_COLUMNS, _work_item_row, rows)


async def print_list(
    found: AsyncIterator[T], columns: Sequence[Column], row: Callable[[T], Sequence[Cell]], rows: Rows
) -> None:
    """Everything found as one array, or as a table with a `row` of cells for each."""
    if rows.form == "json":
        await print_json_array(found)
        return
    cells = [row(each) async for each in found]
    if not cells:
        note("There are none.")
        return
    print_table(columns, cells)
    if len(cells) == rows.at_most:
        note(f"Shown are {len(cells)}; there may be more: --limit 0 shows all.")


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


def _work_item_row(item: WorkItemView) -> list[Cell]:
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
    if details.waiting:
        heading("Why it waits")
        print_fields([row for each in details.waiting for row in _wait_rows(each)])
    if details.work_items:
        heading("Waits for")
        print_table(
            _WAITING,
            [[item.id, item.activity_name, item.addressee.name, status(item.status)] for item in details.work_items],
        )
    if details.incidents:
        heading("Could not be done")
        print_table(_FAILED, [[each.id, each.activity_name or each.kind, each.reason] for each in details.incidents])
    if details.timeline:
        heading("Timeline")
        print_table(_TIMELINE, [_event_row(event) for event in details.timeline if event.kind not in _STEPS])
    if details.comments:
        heading("Comments")
        print_table(_COMMENTS, [[moment(each.at), _by(each.user), each.text] for each in details.comments])


def _wait_rows(wait: WaitView) -> list[tuple[str, Cell]]:
    first, *others = wait.words
    return [(wait.activity_name or "Paused", first), *(("", each) for each in others)]


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
    what = in_words(event.kind, event.addressee.name if event.addressee else None)
    return [moment(event.at), what, _by(event.actor), event.activity_name or ""]


def _by(who: Named | None) -> str:
    return who.name if who else ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
