"""What comes due: the end of a wait, and of a work item a timeout, an escalation or a reminder."""

from __future__ import annotations

from placet.commands import FireItemTimer, FireJob
from placet.core import walk
from placet.core.acting import settle
from placet.core.approvals import can_answer, resolve
from placet.core.clockwork import base, escalation_at, later, next_ring, reminder_at
from placet.core.definition import Approval
from placet.core.draft import Draft
from placet.core.names import fold_dn
from placet.core.records import WorkItem
from placet.errors import ExpressionError, InvalidInput


def fire_item(draft: Draft, command: FireItemTimer) -> bool:
    """Do what is due for the item that a command names; False where that has been overtaken."""
    item = draft.items.get(command.number)
    if item is None or item.timer != command.timer or not item.status.is_open or item.timer_at is None:
        return False
    if item.timer_at > draft.now:  # rung by another machine's clock
        return False
    _ring(draft, item)
    return True


def fire_job(draft: Draft, command: FireJob) -> bool:
    """End a wait whose time has come; False where that has been overtaken."""
    job = draft.jobs.get(command.number)
    if job is None or job.kind != "wait" or job.timer != command.timer:
        return False
    if job.timer_at is None or job.timer_at > draft.now or draft.process.life.is_over:
        return False
    draft.end_job(job)
    draft.record("activity.left", activity=draft.token(job.token).at)
    walk.leave(draft, job.token, "next")
    return True


def _ring(draft: Draft, item: WorkItem) -> None:
    """Do what is due for an open item; what came due several times while nobody looked happens once."""
    approval = draft.definition.activities[item.activity]
    assert isinstance(approval, Approval)
    if item.expires_at is not None and item.expires_at <= draft.now:
        _time_out(draft, item)
        return
    escalate_at, remind_at = escalation_at(item, approval), reminder_at(item, approval)
    if escalate_at is not None and escalate_at <= draft.now:
        item = _escalate(draft, item, approval)
    if remind_at is not None and remind_at <= draft.now:
        item = _remind(draft, item, approval)
    draft.change_item(item, timer_at=next_ring(item, approval), timer=item.timer + 1)


def _time_out(draft: Draft, item: WorkItem) -> None:
    """Nobody answered in time: all that the round still asks time out with it."""
    for waiting in draft.open_items(item.token):
        draft.change_item(waiting, "time_out", completed_at=draft.now, timer_at=None, timer=waiting.timer + 1)
        draft.record("work_item.timed_out", activity=waiting.activity, item=waiting.number)
    settle(draft, item.token, "timedout")


def _remind(draft: Draft, item: WorkItem, approval: Approval) -> WorkItem:
    draft.record("work_item.reminded", activity=item.activity, item=item.number, addressee=item.addressee)
    return draft.change_item(item, reminders=_reminders_due(draft, item, approval))


def _reminders_due(draft: Draft, item: WorkItem, approval: Approval) -> int:
    """How many reminders had come due by now, so that missed ones are not sent one after the other."""
    remind = approval.remind
    assert remind is not None
    if remind.every is None:
        return 1
    return 1 + (draft.now - later(base(item), remind.after)) // remind.every


def _escalate(draft: Draft, item: WorkItem, approval: Approval) -> WorkItem:
    """Hand an item to whoever the definition names; when nobody is found it stays, and a comment says so."""
    assert approval.escalate is not None
    try:
        found = resolve(draft, approval.escalate.to)
        reason = "nobody else who may answer could be found"
    except (ExpressionError, InvalidInput) as failure:
        found, reason = [], failure.message
    others = [dn for dn in found if fold_dn(dn) != fold_dn(item.addressee) and can_answer(draft, item, approval, dn)]
    item = draft.change_item(item, escalated=True)
    if not others:
        draft.comment(f"{approval.name} could not be escalated: {reason.rstrip('.')}.", activity=item.activity)
        return item
    draft.record(
        "work_item.escalated", activity=item.activity, item=item.number, addressee=others[0], before=item.addressee
    )
    return draft.change_item(item, "reassign", addressee=others[0], owner=None, proxy_for=None)
