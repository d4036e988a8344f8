"""What is done with a process as a whole: terminate, pause, resume, change its data and comment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from placet.commands import AddComment, ChangeData, PauseProcess, ResumeProcess, TerminateProcess
from placet.core import data_items
from placet.core.access import Act, Row, require_act
from placet.core.children import child_ended
from placet.core.clockwork import later, next_ring
from placet.core.definition import Approval
from placet.core.draft import Draft
from placet.core.machine import PROCESS, move
from placet.core.outcomes import end_held_jobs
from placet.core.records import WorkItem
from placet.core.stranded import find_others
from placet.errors import Conflict, InvalidInput

_EPOCH_MS = timedelta(milliseconds=1)


def terminate(draft: Draft, command: TerminateProcess) -> None:
    """End a process as Terminated + Retracted, or with `error` as Terminated + Error."""
    _require(draft, Act.END_IN_ERROR if command.error else Act.TERMINATE)
    if draft.process.life.is_over:
        move(PROCESS, draft.process, "terminate")  # refuses, and says what the process is
    detail = {"reason": command.reason} if command.reason else {}
    if command.reason:
        draft.comment(command.reason, user=command.actor)
    trigger = "fail" if command.error else "terminate"
    draft.end(trigger, "process.terminated", item_reason="the process was terminated", **detail)


def pause(draft: Draft, command: PauseProcess) -> None:
    """Stop a process: items can be read but not acted on, and no timer rings."""
    _require(draft, Act.PAUSE)
    move(PROCESS, draft.process, "pause")
    draft.flow.paused_at = round(draft.now.timestamp() * 1000)
    for item in draft.open_items():
        draft.change_item(item, timer_at=None, timer=item.timer + 1)
    for job in list(draft.jobs.values()):
        if job.kind == "wait" and job.timer_at is not None:
            left = max(0, (job.timer_at - draft.now) // _EPOCH_MS)
            draft.change_job(job, timer_at=None, payload={**job.payload, "left": left})
    draft.record("process.paused")


def resume(draft: Draft, command: ResumeProcess) -> None:
    """Let a stopped process go on: every timer has as long to go as it had when it was stopped."""
    _require(draft, Act.RESUME)
    move(PROCESS, draft.process, "resume")
    assert draft.flow.paused_at is not None
    held = round(draft.now.timestamp() * 1000) - draft.flow.paused_at
    draft.flow.paused_at = None
    for item in draft.open_items():
        _resume_item(draft, item, held)
    for job in list(draft.jobs.values()):
        if job.kind == "wait" and job.timer_at is None:
            at = later(draft.now, timedelta(milliseconds=job.payload["left"]))
            draft.change_job(job, timer_at=at, payload={})
    draft.record("process.resumed")
    find_others(draft)  # who became inactive meanwhile was left alone
    outcomes, draft.flow.held = draft.flow.held, []
    for outcome in outcomes:
        child_ended(draft, **outcome)
    end_held_jobs(draft)


def _require(draft: Draft, act: Act) -> None:
    """Refuse who may not do this to the process; the engine has seen to it that he may read it."""
    require_act(draft.directory, draft.command.actor, act, Row(draft.process, draft.definition), now=draft.now)


def _resume_item(draft: Draft, item: WorkItem, held: int) -> None:
    by = timedelta(milliseconds=held)
    approval = draft.definition.activities[item.activity]
    assert isinstance(approval, Approval)
    moved = replace(
        item,
        held=item.held + held,
        expires_at=later(item.expires_at, by) if item.expires_at else None,
        due_at=later(item.due_at, by) if item.due_at else None,
    )
    draft.change_item(moved, timer_at=next_ring(moved, approval), timer=item.timer + 1)


def change_data(draft: Draft, command: ChangeData) -> None:
    """Change data items of a process that waits; what it has asked and decided by them stays as it is."""
    _require(draft, Act.CHANGE_DATA)
    if draft.process.life.is_over:
        label = draft.process.approval_status.label
        raise Conflict(f"The process has ended ({label}); its data can be changed no more.")
    changes = data_items.check_change(draft.definition, command.data, None, draft.process.data)
    if not changes:
        raise InvalidInput("Nothing would change: give a data item with another value than it has.")
    draft.set_data(changes)
    if command.reason:
        draft.comment(command.reason, user=command.actor)
    draft.record("process.data_changed", items=sorted(changes))


def comment(draft: Draft, command: AddComment) -> None:
    """Add a comment to a process, or to the step of one of its items."""
    activity = None if command.number is None else draft.item(command.number).activity
    draft.comment(command.text, activity=activity, user=command.actor)
    draft.record("process.commented", activity=activity, item=command.number)
