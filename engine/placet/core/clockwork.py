"""When the timer of a work item has to ring next: its timeout, a reminder or its escalation."""

from __future__ import annotations

from datetime import datetime, timedelta

from placet.core.definition import Approval
from placet.core.records import WorkItem


def later(moment: datetime, by: timedelta) -> datetime:
    """A time ahead; one beyond the calendar's end is the calendar's end."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo, microsecond=999000)


def base(item: WorkItem) -> datetime:
    """The moment that durations count from: its creation, moved on by the time it was held."""
    return later(item.created_at, timedelta(milliseconds=item.held))


def reminder_at(item: WorkItem, approval: Approval) -> datetime | None:
    """When the next reminder is due, None where there is none to come."""
    remind = approval.remind
    if remind is None or (item.reminders and remind.every is None):
        return None
    first = later(base(item), remind.after)
    return first if not item.reminders else later(first, item.reminders * (remind.every or timedelta()))


def escalation_at(item: WorkItem, approval: Approval) -> datetime | None:
    """When the item goes to somebody else, None where it does not or has done so."""
    if approval.escalate is None or item.escalated:
        return None
    return later(base(item), approval.escalate.after)


def next_ring(item: WorkItem, approval: Approval) -> datetime | None:
    """The earliest of what is still to come, or None."""
    if item.returned:
        return None
    times = (item.expires_at, reminder_at(item, approval), escalation_at(item, approval))
    return min((time for time in times if time is not None), default=None)
