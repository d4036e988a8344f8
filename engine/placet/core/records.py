"""What is stored of a process: the records that decisions are made from and that they change.

Records are plain values. Decisions work on copies (`core.draft`); the store reads and writes them and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from placet.core.statuses import ApprovalStatus, Life, Priority, ProcessStatus, WorkItemStatus

#: In the payload of a job: since when it has not even been begun, for what it takes here is away.
UNABLE_SINCE = "unable_since"
#: In the payload of a job: the W3C traceparent of the command that made it, where somebody collects traces.
TRACE = "trace"


@dataclass(slots=True)
class Process:
    """One running or ended process. People are DNs, times aware UTC, `flow` where it stands (`core.flow`)."""

    id: str
    definition: int  # the row of one definition version
    initiator: str
    recipient: str
    life: Life
    created_at: datetime
    completed_at: datetime | None = None
    correlation_id: str | None = None
    proxy: str | None = None
    parent: str | None = None  # "process id:token" of the activity that waits for this one
    engine_id: str = ""
    revision: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    flow: dict[str, Any] = field(default_factory=dict)
    item_count: int = 0
    comment_count: int = 0
    event_count: int = 0
    job_count: int = 0
    incident_count: int = 0

    @property
    def process_status(self) -> ProcessStatus:
        """Where the process is in its life."""
        return self.life.process_status

    @property
    def approval_status(self) -> ApprovalStatus:
        """What was decided."""
        return self.life.approval_status


@dataclass(slots=True)
class WorkItem:
    """Something that one addressee is asked; `number` counts from 1 within its process."""

    process_id: str
    number: int
    activity: str
    token: int  # the token of the flow that waits here; items of one round share it
    addressee: str
    created_at: datetime
    status: WorkItemStatus = WorkItemStatus.OPEN
    priority: Priority = Priority.MEDIUM
    owner: str | None = None  # who claimed it
    due_at: datetime | None = None  # when it ought to be done; nothing happens then
    expires_at: datetime | None = None  # when it times out
    completed_at: datetime | None = None
    actor: str | None = None  # who ended it
    outcome: int | None = None  # the Action that ended it
    proxy_for: str | None = None
    returned: bool = False  # asks the initiator for changes
    reminders: int = 0
    escalated: bool = False
    timer_at: datetime | None = None  # the next timeout, reminder or escalation
    timer: int = 0  # counts up whenever timer_at changes; a due command for an older one is ignored
    held: int = 0  # milliseconds that its timers stood still because the process was paused

    @property
    def id(self) -> str:
        """The id by which faces know the item, 32 hex digits."""
        return work_item_id(self.process_id, self.number)


@dataclass(slots=True)
class Comment:
    """Something said about a process, or about one `activity` of it; `user` is a DN, None where the engine says it."""

    process_id: str
    number: int
    at: datetime
    text: str
    user: str | None = None
    activity: str | None = None
    system: bool = False


@dataclass(slots=True)
class Event:
    """One thing that happened; the events of a process are its timeline and its audit trail."""

    process_id: str
    number: int
    kind: str  # a name of core.events
    at: datetime
    actor: str | None = None
    activity: str | None = None
    item: int | None = None
    detail: Mapping[str, Any] | None = None
    command_id: str | None = None  # on the first event of each command


@dataclass(slots=True)
class Job:
    """Something to do later: a wait that ends, a child to start, an outcome to tell its parent, a connector to call.

    One with a `lane` leaves the house: the dispatcher runs it, and moves `timer_at` ahead for as long as it does.
    """

    process_id: str
    number: int
    kind: str
    timer_at: datetime | None
    token: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)
    timer: int = 0
    lane: str | None = None


@dataclass(slots=True)
class Incident:
    """What could not be done and waits for a person: the job that failed, its tries, and what came back."""

    process_id: str
    number: int
    kind: str  # connector or mail
    activity: str | None
    token: int  # 0 where nothing waits for it
    opened_at: datetime
    reason: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    resolved_at: datetime | None = None
    resolution: str | None = None  # retried, skipped or ended
    actor: str | None = None  # who resolved it

    @property
    def id(self) -> str:
        """The id by which faces know the incident, in the layout of a work item's."""
        return work_item_id(self.process_id, self.number)


@dataclass(slots=True)
class Snapshot:
    """What a decision needs of one process: it, its open items, jobs and incidents, and those that a command names."""

    process: Process
    items: dict[int, WorkItem] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)


Copied = TypeVar("Copied", Process, WorkItem)

_MEMBERS = {kind: attrgetter(*(each.name for each in fields(kind))) for kind in (Process, WorkItem)}


def copied(record: Copied) -> Copied:
    """A record with the same members; `copy.copy` goes through pickling and takes ten times as long."""
    kind = type(record)
    return kind(*_MEMBERS[kind](record))


def work_item_id(process_id: str, number: int) -> str:
    """The id of the nth work item: the process's first 28 digits and n in hex."""
    return f"{process_id[:28]}{number:04x}"


def split_work_item_id(item_id: str) -> tuple[str, int]:
    """The process id and the number behind a work item id."""
    return item_id[:28] + "0000", int(item_id[28:], 16)
