"""One batch: read what its commands need, decide them in order of arrival, write what changed.

The number of statements does not depend on the number of commands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from placet.commands import ActOnWorkItem, AddComment, Command, ResolveIncident, StartProcess
from placet.core.decide import decide
from placet.core.definition import Definition
from placet.core.draft import Decision, Facts
from placet.core.records import Comment, Event, Incident, Job, Process, Snapshot, WorkItem
from placet.errors import Conflict, NotFound, PlacetError
from placet.log import get_logger
from placet.store import data_values, former, incidents, jobs, processes, start_keys, trail, work_items
from placet.store.bulk import Inserts
from placet.store.database import HasMoved
from placet.store.names import Names
from placet.store.world import World

log = get_logger("placet.store")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command: the process and, for an action, the work item as they now are.

    `process` is None for a start whose idempotency key had been used before (`repeated`), and for a command that
    had been overtaken.
    """

    process_id: str
    process: Process | None = None
    item: WorkItem | None = None
    definition: Definition | None = None
    repeated: bool = False


@dataclass(slots=True)
class Changes:
    """What a batch has to write, collected over its decisions."""

    added: dict[str, Process] = field(default_factory=dict)
    saved: dict[str, tuple[Process, int]] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    new_items: dict[tuple[str, int], WorkItem] = field(default_factory=dict)
    changed_items: dict[tuple[str, int], WorkItem] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    new_jobs: dict[tuple[str, int], Job] = field(default_factory=dict)
    changed_jobs: dict[tuple[str, int], Job] = field(default_factory=dict)
    ended_jobs: set[tuple[str, int]] = field(default_factory=set)
    new_incidents: dict[tuple[str, int], Incident] = field(default_factory=dict)
    changed_incidents: dict[tuple[str, int], Incident] = field(default_factory=dict)
    former: set[tuple[str, str]] = field(default_factory=set)  # process ids and who had an item of theirs
    with_new_data: set[str] = field(default_factory=set)
    keys: list[tuple[bytes, bytes, str, datetime]] = field(default_factory=list)
    is_late: bool = False  # whether it changes a process that had ended
    due_at: datetime | None = None  # the earliest timer that this batch sets
    leaves_at: datetime | None = None  # when the earliest of its jobs that leave the house is due


class Batch:
    """The state of one transaction."""

    def __init__(
        self,
        tx: Connection,
        world: World,
        engine_id: str,
        new_id: Callable[[datetime], str],
        *,
        optimistic: bool = False,
    ) -> None:
        """An optimistic one is decided by the world as it is in memory; its `last` sees whether that still holds."""
        self.tx = tx
        self.optimistic = optimistic
        #: What is left to be written, as the last of the transaction; raises `HasMoved` where optimism was wrong.
        self.last: Callable[[Connection], None] | None = None
        self.world = world
        self.names = Names(world.names)
        self.changes = Changes()
        self._engine_id, self._new_id = engine_id, new_id
        self._snapshots: dict[str, Snapshot] = {}
        self._keys: dict[bytes, tuple[bytes, str]] = {}
        self.seconds = 0.0  # that deciding took
        self._jobs: set[tuple[str, int]] = set()

    def run(self, commands: Sequence[Command], now: datetime) -> list[Outcome | Exception]:
        """Decide commands one after the other; each gets its answer, in their order."""
        self._read(commands)
        facts = Facts(now, self.world.directory, self._engine_id, self._new_id, self.world.public_url)
        answers: list[Outcome | Exception] = []
        began, watched = time.perf_counter(), self.world.watched
        for command in commands:
            try:
                answers.append(self._answer(command, facts))
            except Exception as failure:
                if self.optimistic:
                    raise HasMoved from None  # nobody is refused by what may have changed
                if not isinstance(failure, PlacetError):  # a bug is that command's own answer, and the batch goes on
                    log.exception("decision failed", command=type(command).__name__, process_id=command.process_id)
                answers.append(failure)
        self.seconds = time.perf_counter() - began
        inserts = self._write()
        if self.optimistic:
            self.last = lambda tx: inserts.run(watched)
        else:
            inserts.run()
        return answers

    # -- reading ---------------------------------------------------------------------------------

    def _read(self, commands: Sequence[Command]) -> None:
        tx, names = self.tx, self.names
        if not self.optimistic:
            self.world.refresh(tx, in_a_batch=True)
        ids = {command.process_id for command in commands if _needs_reading(command)}
        for process in processes.load(tx, ids, names, lock=True):
            self._snapshots[process.id] = Snapshot(process)
        acting = (command for command in commands if isinstance(command, (ActOnWorkItem, AddComment)))
        numbers = {command.number for command in acting if command.number is not None}
        known = self._snapshots.keys()
        for item in work_items.load(tx, known, numbers, names):
            self._snapshots[item.process_id].items[item.number] = item
        for job in jobs.load(tx, {id_ for id_, snapshot in self._snapshots.items() if snapshot.process.job_count}):
            self._snapshots[job.process_id].jobs[job.number] = job
        resolving = {command.number for command in commands if isinstance(command, ResolveIncident)}
        with_incidents = {id_ for id_, snapshot in self._snapshots.items() if snapshot.process.incident_count}
        for incident in incidents.load(tx, with_incidents, resolving, names):
            self._snapshots[incident.process_id].incidents[incident.number] = incident
        self._jobs = jobs.existing(tx, {command.job for command in commands if command.job})
        keys = (start_keys.key_of(command) for command in commands if isinstance(command, StartProcess))
        self._keys = start_keys.load(tx, {key for key in keys if key})

    # -- deciding --------------------------------------------------------------------------------

    def _answer(self, command: Command, facts: Facts) -> Outcome:
        if command.job is not None and command.job not in self._jobs:
            return Outcome(command.process_id)  # its outbox row is gone: it has been answered before
        if isinstance(command, StartProcess) and (repeated := self._repeated(command)):
            return repeated
        definition = self._definition(command)
        decision = decide(definition, self._snapshots.get(command.process_id), command, facts)
        if command.job is not None:
            self._jobs.discard(command.job)
            self.changes.ended_jobs.add(command.job)
        if decision is None:
            return Outcome(command.process_id)
        if isinstance(command, StartProcess):
            self._remember_key(command, facts.now)
        self._collect(definition, decision)
        self._snapshots[command.process_id] = decision.snapshot  # the next command for this process sees it
        item = decision.snapshot.items.get(command.number) if isinstance(command, ActOnWorkItem) else None
        return Outcome(command.process_id, decision.process, item, definition)

    def _repeated(self, command: StartProcess) -> Outcome | None:
        """The first answer to an idempotency key, if it has been used before."""
        key = start_keys.key_of(command)
        used = None if key is None else self._keys.get(key)
        if used is None:
            return None
        if used[0] != start_keys.digest(command.fingerprint):
            raise Conflict(
                f"Idempotency key {command.idempotency_key!r} was used for another request before; "
                "send a new key with a new request, or the same request again."
            )
        return Outcome(used[1], repeated=True)

    def _remember_key(self, command: StartProcess, now: datetime) -> None:
        """Keep an idempotency key with the process that it started; a refused start leaves its key unused."""
        key = start_keys.key_of(command)
        if key is not None:
            self._keys[key] = start_keys.digest(command.fingerprint), command.process_id
            self.changes.keys.append((key, *self._keys[key], now))

    def _definition(self, command: Command) -> Definition:
        catalog = self.world.catalog
        if isinstance(command, StartProcess):
            return catalog.get(self.tx, catalog.find(command.definition).row)
        snapshot = self._snapshots.get(command.process_id)
        if snapshot is None:
            raise NotFound(f"There is no process {command.process_id}.")
        return catalog.get(self.tx, snapshot.process.definition)

    def _collect(self, definition: Definition, decision: Decision) -> None:
        changes, process = self.changes, decision.process
        changes.definitions[process.id] = definition
        if decision.is_new or process.id in changes.added:
            changes.added[process.id] = process
        else:
            before = changes.saved.get(process.id)
            changes.saved[process.id] = (process, before[1] if before else process.revision - 1)
        stored = self._snapshots.get(process.id)
        changes.is_late |= stored is not None and stored.process.life.is_over
        self._collect_items(decision, stored)
        self._collect_jobs(decision, stored)
        self._collect_incidents(decision, stored)
        changes.comments.extend(decision.comments)
        changes.events.extend(decision.events)
        if decision.data_changed:
            changes.with_new_data.add(process.id)

    def _collect_items(self, decision: Decision, before: Snapshot | None) -> None:
        changes = self.changes
        for number in decision.changed_items:
            item = decision.snapshot.items[number]
            key = (item.process_id, number)
            was = None if before is None else before.items.get(number)
            is_new = was is None or key in changes.new_items
            (changes.new_items if is_new else changes.changed_items)[key] = item
            if was is not None and was.addressee != item.addressee:
                changes.former.add((item.process_id, was.addressee))
            known = (item.addressee, None if was is None else was.proxy_for)
            if item.proxy_for is not None and item.proxy_for not in known:
                changes.former.add((item.process_id, item.proxy_for))  # he may read what his delegate is asked
            self._note_due(item.timer_at)

    def _collect_jobs(self, decision: Decision, before: Snapshot | None) -> None:
        changes, process_id = self.changes, decision.process.id
        for number in decision.changed_jobs:
            job, key = decision.snapshot.jobs[number], (process_id, number)
            is_new = before is None or number not in before.jobs or key in changes.new_jobs
            (changes.new_jobs if is_new else changes.changed_jobs)[key] = job
            if job.lane is None:
                self._note_due(job.timer_at)
            elif job.timer_at is not None:
                changes.leaves_at = min(changes.leaves_at or job.timer_at, job.timer_at)
        for number in decision.ended_jobs:
            key = (process_id, number)
            changes.changed_jobs.pop(key, None)
            if changes.new_jobs.pop(key, None) is None:
                changes.ended_jobs.add(key)

    def _collect_incidents(self, decision: Decision, before: Snapshot | None) -> None:
        changes = self.changes
        for number in decision.changed_incidents:
            key = (decision.process.id, number)
            is_new = before is None or number not in before.incidents or key in changes.new_incidents
            (changes.new_incidents if is_new else changes.changed_incidents)[key] = decision.snapshot.incidents[number]

    def _note_due(self, at: datetime | None) -> None:
        if at is not None and (self.changes.due_at is None or at < self.changes.due_at):
            self.changes.due_at = at

    # -- writing ---------------------------------------------------------------------------------

    def _write(self) -> Inserts:
        """Write what has changed, and collect what is new."""
        tx, names, changes, inserts = self.tx, self.names, self.changes, Inserts(self.tx)
        touched = [*changes.added.values(), *(process for process, _ in changes.saved.values())]
        items = [*changes.new_items.values(), *changes.changed_items.values()]
        opened, resolved = list(changes.new_incidents.values()), list(changes.changed_incidents.values())
        people = processes.names_in(touched) + work_items.names_in(items) + incidents.names_in(opened + resolved)
        former_dns = [dn for _, dn in changes.former]
        names.intern(tx, people + former_dns + trail.names_in(changes.comments, changes.events))
        processes.add(inserts, list(changes.added.values()), names)
        processes.save(tx, list(changes.saved.values()), names)
        if changes.is_late:
            processes.note_late_change(tx)
        work_items.add(inserts, list(changes.new_items.values()), names)
        work_items.save(tx, list(changes.changed_items.values()), names)
        former.add(tx, changes.former, names)
        trail.add(inserts, changes.comments, changes.events, names)
        jobs.add(inserts, list(changes.new_jobs.values()))
        jobs.save(tx, list(changes.changed_jobs.values()))
        jobs.end(tx, changes.ended_jobs)
        incidents.add(inserts, opened, names)
        incidents.save(tx, resolved, names)
        start_keys.add(inserts, changes.keys)
        new_data = [process for process in touched if process.id in changes.with_new_data]
        data_values.replace(tx, inserts, [(changes.definitions[p.id], p, p.id in changes.added) for p in new_data])
        return inserts


def _needs_reading(command: Command) -> bool:
    """A start comes with an id of its own; only one that was asked for by a job may be there already."""
    return not isinstance(command, StartProcess) or command.job is not None
