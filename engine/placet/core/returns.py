"""Return for changes: a request goes back to its initiator, who sends it again or withdraws it."""

from __future__ import annotations

from placet.commands import ActOnWorkItem
from placet.core import walk
from placet.core.approvals import ask
from placet.core.definition import Approval
from placet.core.draft import Draft, cancel, complete
from placet.core.records import WorkItem
from placet.core.statuses import Action
from placet.errors import ExpressionError, InvalidInput


def give_back(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    """End a round without a vote, and ask the initiator for changes."""
    complete(draft, item, Action.RETURN, "work_item.returned")
    for other in draft.open_items(item.token):
        cancel(draft, other, "the request was returned for changes")
    draft.token(item.token).votes = None
    _ask_for_changes(draft, item.token, approval)


def _ask_for_changes(draft: Draft, token: int, approval: Approval) -> None:
    """Send the request back to its initiator, as a work item of his."""
    initiator = draft.process.initiator
    item = WorkItem(
        process_id=draft.process.id,
        number=0,
        activity=approval.id,
        token=token,
        addressee=initiator,
        created_at=draft.now,
        returned=True,
    )
    number = draft.add_item(item).number
    draft.record("work_item.assigned", activity=approval.id, item=number, addressee=initiator, returned=True)


def answer_return(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    """The initiator answers a request that came back: it is withdrawn, or goes on.

    It goes over `returned` where that is drawn, so that conditions see what he has changed; else it comes back to the
    same approval.
    """
    if command.action is Action.DENY:
        complete(draft, item, command.action, "work_item.denied")
        draft.end("terminate", "process.terminated", item_reason="the request was withdrawn", withdrawn=True)
        return
    complete(draft, item, command.action, "work_item.resubmitted")
    if "returned" in approval.paths:
        walk.leave(draft, item.token, "returned")
        return
    try:
        ask(draft, item.token, approval)
    except (ExpressionError, InvalidInput) as failure:
        walk.fail(draft, item.token, failure.message)
