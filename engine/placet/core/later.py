"""Activities that wait for a time or for another process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from placet.core import data_items
from placet.core.approvals import resolve
from placet.core.clockwork import later
from placet.core.definition import SubProcess, Wait
from placet.core.draft import Draft
from placet.errors import ExpressionError, InvalidInput

#: How many processes may stand above one another.
DEEPEST = 20


def begin_wait(draft: Draft, number: int, wait: Wait) -> str | None:
    """Wait for a duration or until a time; a time that has passed is no wait."""
    if wait.duration is not None:
        until = later(draft.now, wait.duration)
    else:
        assert wait.until is not None
        given = wait.until.evaluate(draft.expression_facts())
        if not isinstance(given, datetime):
            raise ExpressionError(f"{wait.until.source!r} gave {given!r}; it has to give a timestamp")
        until = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    if until <= draft.now:
        return "next"
    draft.add_job("wait", number, until)
    draft.record("activity.entered", activity=wait.id, until=until.isoformat())
    return None


def begin_child(draft: Draft, number: int, activity: SubProcess) -> str | None:
    """Ask for another process to be started, once this decision is saved."""
    if draft.flow.depth >= DEEPEST:
        raise InvalidInput(f"{DEEPEST} processes stand above this one already; one that starts itself has no end")
    data, recipient = _child_data(draft, activity), _child_recipient(draft, activity)
    child = draft.facts.new_id(draft.now)
    draft.add_job(
        "start_child",
        number,
        child=child,
        definition=activity.definition,
        recipient=recipient,
        initiator=draft.process.initiator,
        data=data,
        correlation_id=draft.process.correlation_id,
        depth=draft.flow.depth + 1,
        parent=f"{draft.process.id}:{number}" if activity.wait else None,
    )
    draft.record("process.child_started", activity=activity.id, child=child, definition=activity.definition)
    if not activity.wait:
        return "next"
    draft.token(number).child = child
    return None


def _child_recipient(draft: Draft, activity: SubProcess) -> str:
    if activity.recipient is None:
        return draft.process.recipient
    found = resolve(draft, activity.recipient)
    if len(found) != 1:
        raise InvalidInput(f"the recipient of {activity.definition!r} has to be one person, not {len(found)}")
    return found[0]


def _child_data(draft: Draft, activity: SubProcess) -> Mapping[str, Any]:
    """The data to start a child with; what no outbox row could hold is refused, and the child checks the types."""
    return data_items.computed(activity.data, draft.expression_facts(), f"the data for {activity.definition!r}")
