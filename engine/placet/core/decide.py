"""The one door: what a command does to a process, as a pure function over data.

`decide` never changes what it is given and does no I/O; what it gives back is saved by the store as it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from placet.commands import (
    ActOnWorkItem,
    AddComment,
    ChildEnded,
    Command,
    FireItemTimer,
    FireJob,
    PauseProcess,
    ResumeProcess,
    StartProcess,
    TerminateProcess,
)
from placet.core import data_items, walk
from placet.core.acting import act
from placet.core.clockwork import later, next_ring
from placet.core.definition import Approval, Definition
from placet.core.draft import Decision, Draft, Facts
from placet.core.machine import PROCESS, move
from placet.core.names import is_dn
from placet.core.people import Directory
from placet.core.records import Process, Snapshot, work_item_id
from placet.core.rights import administers, is_same, require_administrator, require_owner
from placet.core.statuses import Life
from placet.core.timers import ring
from placet.errors import Conflict, InvalidInput, NotAllowed, NotFound, RevisionMismatch

__all__ = ["Decision", "Facts", "decide"]

_EPOCH_MS = timedelta(milliseconds=1)


def decide(definition: Definition, snapshot: Snapshot | None, command: Command, facts: Facts) -> Decision | None:
    """What `command` does to a process, or None where it has been overtaken and changes nothing.

    `snapshot` is the process as it is stored, None where there is none. Raises an error of `placet.errors` when the
    command is refused; nothing has changed then.
    """
    if isinstance(command, StartProcess):
        return None if snapshot is not None else _start(definition, command, facts)
    if snapshot is None:
        raise NotFound(f"There is no process {command.process_id}.")
    draft = Draft(definition, snapshot, command, facts)
    if not _apply(draft, command):
        return None
    return draft.finish()


def _apply(draft: Draft, command: Command) -> bool:
    """Do what a command says to the draft; False where there is nothing left to do."""
    match command:
        case ActOnWorkItem():
            item = draft.items.get(command.number)
            if item is None:
                raise NotFound(f"There is no work item {work_item_id(command.process_id, command.number)}.")
            _require_revision(draft, command.revision)
            act(draft, item, command)
        case TerminateProcess():
            _require_revision(draft, command.revision)
            _terminate(draft, command)
        case PauseProcess():
            _require_revision(draft, command.revision)
            _pause(draft, command)
        case ResumeProcess():
            _require_revision(draft, command.revision)
            _resume(draft, command)
        case AddComment():
            _comment(draft, command)
        case FireItemTimer():
            return _fire_item(draft, command)
        case FireJob():
            return _fire_job(draft, command)
        case ChildEnded():
            return _child_ended(draft, command.token, command.child, command.outcome, command.reason)
        case _:
            raise AssertionError(command)
    return True


# -- starting ------------------------------------------------------------------------------------


def _start(definition: Definition, command: StartProcess, facts: Facts) -> Decision:
    if definition.retired:
        raise Conflict(f"Definition {definition.dn} is retired; it starts no more processes.")
    initiator = command.initiator or command.actor
    if initiator is None:
        raise InvalidInput("A start needs an initiator: the DN or user name of who asks.")
    directory = facts.directory
    if command.proxy and not administers(directory, command.actor):
        raise NotAllowed("Only an administrator may start a process as a proxy.")
    initiator = _known(directory, initiator, "initiator")
    if not (administers(directory, command.actor) or is_same(command.actor, initiator)):
        raise NotAllowed("Only an administrator may start a process in the name of somebody else.")
    process = Process(
        id=command.process_id,
        definition=definition.row,
        initiator=initiator,
        recipient=_known(directory, command.recipient, "recipient") if command.recipient else initiator,
        life=Life.RUNNING,
        created_at=facts.now,
        correlation_id=command.correlation_id,
        proxy=_known(directory, command.proxy, "proxy") if command.proxy else None,
        parent=command.parent,
        engine_id=facts.engine_id,
        data=data_items.check_start(definition, command.data),
    )
    draft = Draft(definition, Snapshot(process), command, facts, is_new=True)
    draft.record("process.started", actor=command.actor or initiator)
    draft.flow.depth = command.depth
    walk.begin(draft)
    return draft.finish()


def _known(directory: Directory, given: str, role: str) -> str:
    """The DN of a user name or DN; any well-formed DN will do, an unknown bare word will not."""
    person = directory.person(given)
    if person is not None:
        return person.dn
    group = directory.group(given)
    if group is not None:
        return group.dn
    if is_dn(given):
        return given.strip()
    raise InvalidInput(
        f"The {role} {given[:100]!r} is neither a user name that is known nor a DN such as cn=name,o=placet."
    )


# -- the life of a process -----------------------------------------------------------------------


def _require_revision(draft: Draft, expected: int | None) -> None:
    if expected is not None and expected != draft.process.revision:
        raise RevisionMismatch(
            f"The process is at revision {draft.process.revision}, not {expected}; read it again and decide anew."
        )


def _terminate(draft: Draft, command: TerminateProcess) -> None:
    require_owner(draft.directory, command.actor, draft.process, "terminate")
    if command.error:
        require_administrator(draft.directory, command.actor, "end a process in error")
    if draft.process.life.is_over:
        move(PROCESS, draft.process, "terminate")  # refuses, and says what the process is
    detail = {"reason": command.reason} if command.reason else {}
    if command.reason:
        draft.comment(command.reason, user=command.actor)
    trigger = "fail" if command.error else "terminate"
    draft.end(trigger, "process.terminated", item_reason="the process was terminated", **detail)


def _pause(draft: Draft, command: PauseProcess) -> None:
    """Stop a process: items can be read but not acted on, and no timer rings."""
    require_administrator(draft.directory, command.actor, "pause a process")
    move(PROCESS, draft.process, "pause")
    draft.flow.paused_at = round(draft.now.timestamp() * 1000)
    for item in draft.open_items():
        draft.change_item(item, timer_at=None, timer=item.timer + 1)
    for job in list(draft.jobs.values()):
        if job.kind == "wait" and job.timer_at is not None:
            left = max(0, (job.timer_at - draft.now) // _EPOCH_MS)
            draft.change_job(job, timer_at=None, payload={**job.payload, "left": left})
    draft.record("process.paused")


def _resume(draft: Draft, command: ResumeProcess) -> None:
    """Let a stopped process go on: every timer has as long to go as it had when it was stopped."""
    require_administrator(draft.directory, command.actor, "resume a process")
    move(PROCESS, draft.process, "resume")
    assert draft.flow.paused_at is not None
    held = round(draft.now.timestamp() * 1000) - draft.flow.paused_at
    draft.flow.paused_at = None
    for item in draft.open_items():
        _resume_item(draft, item.number, held)
    for job in list(draft.jobs.values()):
        if job.kind == "wait" and job.timer_at is None:
            at = later(draft.now, timedelta(milliseconds=job.payload["left"]))
            draft.change_job(job, timer_at=at, payload={})
    draft.record("process.resumed")
    outcomes, draft.flow.held = draft.flow.held, []
    for outcome in outcomes:
        _child_ended(draft, **outcome)


def _resume_item(draft: Draft, number: int, held: int) -> None:
    item, by = draft.items[number], timedelta(milliseconds=held)
    approval = draft.definition.activities[item.activity]
    assert isinstance(approval, Approval)
    moved = replace(
        item,
        held=item.held + held,
        expires_at=later(item.expires_at, by) if item.expires_at else None,
        due_at=later(item.due_at, by) if item.due_at else None,
    )
    draft.change_item(moved, timer_at=next_ring(moved, approval), timer=item.timer + 1)


def _comment(draft: Draft, command: AddComment) -> None:
    activity = None
    if command.number is not None:
        item = draft.items.get(command.number)
        if item is None:
            raise NotFound(f"There is no work item {work_item_id(command.process_id, command.number)}.")
        activity = item.activity
    draft.comment(command.text, activity=activity, user=command.actor)
    draft.record("process.commented", activity=activity, item=command.number)


# -- what comes due ------------------------------------------------------------------------------


def _fire_item(draft: Draft, command: FireItemTimer) -> bool:
    item = draft.items.get(command.number)
    if item is None or item.timer != command.timer or not item.status.is_open or item.timer_at is None:
        return False
    if item.timer_at > draft.now:  # rung by another machine's clock
        return False
    ring(draft, item)
    return True


def _fire_job(draft: Draft, command: FireJob) -> bool:
    """End a wait whose time has come."""
    job = draft.jobs.get(command.number)
    if job is None or job.kind != "wait" or job.timer != command.timer:
        return False
    if job.timer_at is None or job.timer_at > draft.now or draft.process.life.is_over:
        return False
    draft.end_job(job)
    draft.record("activity.left", activity=draft.token(job.token).at)
    walk.leave(draft, job.token, "next")
    return True


def _note_failed_child(draft: Draft, child: str, outcome: str, reason: str | None) -> bool:
    """Nobody waits for a child that was only started; that it failed is worth a comment all the same."""
    if outcome != "error":
        return False
    draft.comment(f"Process {child}, which this one started, failed" + (f": {reason}" if reason else "."))
    draft.record("process.child_ended", child=child, outcome=outcome)
    return True


def _child_ended(draft: Draft, token: int, child: str, outcome: str, reason: str | None) -> bool:
    """Go on from the activity that waited for a child, unless the process has moved on since."""
    standing = draft.flow.tokens.get(token)
    if draft.process.life.is_over:
        return False
    if standing is None or standing.child != child:
        return _note_failed_child(draft, child, outcome, reason)
    if draft.flow.paused_at is not None:
        draft.flow.held.append({"token": token, "child": child, "outcome": outcome, "reason": reason})
        return True
    draft.record("process.child_ended", activity=standing.at, child=child, outcome=outcome)
    if outcome == "error":
        walk.fail(draft, token, f"process {child} failed" + (f": {reason}" if reason else ""))
    else:
        walk.leave(draft, token, "approved" if outcome == "approved" else "denied")
    return True
