"""The workbench of one decision: copies of the records, and what the decision adds to them.

A decision that raises is thrown away with its draft, so nothing it was given ever changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from placet.commands import Command
from placet.core import data_items
from placet.core.definition import Definition
from placet.core.events import DONE_BY_NOBODY
from placet.core.flow import Flow, Token
from placet.core.machine import PROCESS, WORK_ITEM, move
from placet.core.people import Directory
from placet.core.records import TRACE, Comment, Event, Incident, Job, Process, Snapshot, WorkItem, copied, work_item_id
from placet.core.statuses import Action
from placet.errors import InvalidInput, NotFound

#: What four hex digits of a work item id can count.
MOST_WORK_ITEMS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision may know of the world: the time, the people, and where new ids come from."""

    now: datetime
    directory: Directory
    engine_id: str
    new_id: Callable[[datetime], str]
    public_url: str | None = None  # where people reach the console, empty where nobody said; without it, no notices


@dataclass(slots=True)
class Decision:
    """What a command did: the process as it now is, and which rows are new or changed."""

    snapshot: Snapshot
    is_new: bool = False
    changed_items: set[int] = field(default_factory=set)
    changed_jobs: set[int] = field(default_factory=set)
    ended_jobs: set[int] = field(default_factory=set)
    changed_incidents: set[int] = field(default_factory=set)
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    data_changed: bool = False

    @property
    def process(self) -> Process:
        """The process as it now is."""
        return self.snapshot.process


class Draft:
    """One decision in the making."""

    def __init__(
        self, definition: Definition, snapshot: Snapshot, command: Command, facts: Facts, *, is_new: bool = False
    ) -> None:
        self.definition = definition
        self.command = command
        self.facts = facts
        self.process = snapshot.process if is_new else copied(snapshot.process)
        self.flow = Flow() if is_new else Flow.load(snapshot.process.flow)
        self.items = dict(snapshot.items)
        self.jobs = dict(snapshot.jobs)
        self.incidents = dict(snapshot.incidents)
        self.decision = Decision(snapshot, is_new, data_changed=is_new)

    @property
    def now(self) -> datetime:
        """The time of the decision, the same for all that it does."""
        return self.facts.now

    @property
    def directory(self) -> Directory:
        """The people and groups that the decision is made with."""
        return self.facts.directory

    def finish(self) -> Decision:
        """The decision, with the next revision of the process."""
        process = self.process
        process.flow = {} if process.life.is_over else self.flow.dump()
        process.revision += 1
        process.engine_id = self.facts.engine_id
        self.decision.snapshot = Snapshot(process, self.items, self.jobs, self.incidents)
        return self.decision

    # -- records ---------------------------------------------------------------------------------

    def item(self, number: int) -> WorkItem:
        """A work item that a command names; raises NotFound where there is none."""
        found = self.items.get(number)
        if found is None:
            raise NotFound(f"There is no work item {work_item_id(self.process.id, number)}.")
        return found

    def change_item(self, item: WorkItem, trigger: str | None = None, **changes: Any) -> WorkItem:
        """Put a changed copy of an item in its place, moved by `trigger` first."""
        changed = copied(item)
        if trigger is not None:
            move(WORK_ITEM, changed, trigger)
        for name, value in changes.items():
            setattr(changed, name, value)
        self.items[changed.number] = changed
        self.decision.changed_items.add(changed.number)
        return changed

    def require_room(self, items: int) -> None:
        """Refuse more items than ids can count, before the first of them is made."""
        if self.process.item_count + items > MOST_WORK_ITEMS:
            raise InvalidInput(
                f"a process can have {MOST_WORK_ITEMS} work items in its life, and this one has had "
                f"{self.process.item_count}"
            )

    def add_item(self, item: WorkItem) -> WorkItem:
        """Take in an item that was just made, and give it its number."""
        self.require_room(1)
        self.process.item_count += 1
        item.number = self.process.item_count
        self.items[item.number] = item
        self.decision.changed_items.add(item.number)
        return item

    def open_items(self, token: int | None = None) -> list[WorkItem]:
        """The items that still wait, of one token or of all, oldest first."""
        waiting = [item for item in self.items.values() if item.status.is_open]
        return sorted((item for item in waiting if token in (None, item.token)), key=lambda item: item.number)

    def add_job(
        self, kind: str, token: int = 0, at: datetime | None = None, *, lane: str | None = None, **payload: Any
    ) -> Job:
        """Ask for something to be done at a time, or as soon as the decision is saved; `lane` is of what leaves."""
        self.process.job_count += 1
        if self.command.trace is not None:
            payload[TRACE] = self.command.trace
        job = Job(self.process.id, self.process.job_count, kind, at or self.now, token, payload, lane=lane)
        self.jobs[job.number] = job
        self.decision.changed_jobs.add(job.number)
        return job

    def change_job(self, job: Job, **changes: Any) -> None:
        """Put a changed copy of a job in its place, with the next timer number."""
        self.jobs[job.number] = replace(job, timer=job.timer + 1, **changes)
        self.decision.changed_jobs.add(job.number)

    def end_job(self, job: Job) -> None:
        """Drop a job, done or not."""
        del self.jobs[job.number]
        self.decision.changed_jobs.discard(job.number)
        self.decision.ended_jobs.add(job.number)

    def add_incident(self, incident: Incident) -> None:
        """Take in an incident that was just made, and give it its number."""
        self.process.incident_count += 1
        incident.number = self.process.incident_count
        self.incidents[incident.number] = incident
        self.decision.changed_incidents.add(incident.number)

    def close_incident(self, incident: Incident, resolution: str) -> None:
        """Put a resolved copy of an incident in its place."""
        self.incidents[incident.number] = replace(
            incident, resolved_at=self.now, resolution=resolution, actor=self.command.actor
        )
        self.decision.changed_incidents.add(incident.number)

    def set_data(self, values: Mapping[str, Any]) -> None:
        """Take over checked values of data items; None empties one."""
        if values:
            merged = {**self.process.data, **values}
            self.process.data = {name: value for name, value in merged.items() if value is not None}
            self.decision.data_changed = True

    # -- the trail -------------------------------------------------------------------------------

    def record(
        self,
        kind: str,
        *,
        activity: str | None = None,
        item: int | None = None,
        actor: str | None = None,
        **detail: Any,
    ) -> None:
        """Add an event, by whoever sent the command unless nobody did it; the first one carries the command's id."""
        self.process.event_count += 1
        command_id = None if self.decision.events else self.command.id
        by = None if kind in DONE_BY_NOBODY else actor or self.command.actor
        event = Event(
            self.process.id, self.process.event_count, kind, self.now, by, activity, item, detail or None, command_id
        )
        self.decision.events.append(event)

    def comment(self, text: str, *, activity: str | None = None, user: str | None = None) -> None:
        """Add a comment: a user's, or without one the engine's own."""
        self.process.comment_count += 1
        comment = Comment(self.process.id, self.process.comment_count, self.now, text, user, activity, user is None)
        self.decision.comments.append(comment)

    # -- expressions -----------------------------------------------------------------------------

    def expression_facts(self, response: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What an expression of the definition may see of the process now, and of the answer of a connector."""
        return expression_facts(self.definition, self.process, self.directory, self.now, response)

    # -- endings ---------------------------------------------------------------------------------

    def token(self, number: int) -> Token:
        """One of the points where the process stands."""
        return self.flow.tokens[number]

    def end(self, trigger: str, event: str, *, item_reason: str, **detail: Any) -> None:
        """Bring the process to an end: statuses, open items, waiting jobs, children, and word to a parent."""
        move(PROCESS, self.process, trigger)
        self.process.completed_at = self.now
        for item in self.open_items():
            cancel(self, item, item_reason)
        for job in list(self.jobs.values()):
            waits = job.kind == "wait" or (job.lane is not None and job.token)
            if waits or (job.kind == "start_child" and job.payload["parent"] is not None):
                self.end_job(job)  # a child or a mail that nobody waits for is started or sent all the same
        for token in self.flow.tokens.values():
            if token.child:
                self.add_job("stop_child", child=token.child)
        for incident in list(self.incidents.values()):
            if incident.token and incident.resolved_at is None:
                self.close_incident(incident, "ended")
                self.record("incident.closed", activity=incident.activity, incident=incident.number)
        way: dict[str, Any] = {"way": self.flow.way} if self.flow.way else {}
        self.record(event, approval=self.process.approval_status.label, **way, **detail)
        if self.process.parent:
            outcome = self.process.approval_status.label.lower()
            self.add_job("tell_parent", parent=self.process.parent, outcome=outcome, reason=detail.get("reason"))


def expression_facts(
    definition: Definition,
    process: Process,
    directory: Directory,
    now: datetime,
    response: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What an expression of a definition may see of a process as it is."""
    return {
        "data": data_items.for_expressions(definition, process.data),
        "process": {
            "id": process.id,
            "name": definition.name,
            "correlation_id": process.correlation_id or "",
            "created_at": process.created_at,
        },
        "initiator": directory.facts(process.initiator),
        "recipient": directory.facts(process.recipient),
        "now": now,
        "response": response or {},
    }


def cancel(draft: Draft, item: WorkItem, reason: str) -> None:
    """Take back an item that is no longer asked for."""
    draft.change_item(item, "cancel", completed_at=draft.now, timer_at=None, timer=item.timer + 1)
    draft.record("work_item.cancelled", activity=item.activity, item=item.number, reason=reason)


def complete(draft: Draft, item: WorkItem, action: Action, event: str) -> None:
    """End an item with the answer of whoever sent the command."""
    draft.change_item(
        item,
        "complete",
        completed_at=draft.now,
        actor=draft.command.actor,
        outcome=int(action),
        timer_at=None,
        timer=item.timer + 1,
    )
    detail = {"proxy_for": item.proxy_for} if item.proxy_for else {}
    draft.record(event, activity=item.activity, item=item.number, **detail)
