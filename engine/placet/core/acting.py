"""What people do with work items: every action is one function, found by its code."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from placet.commands import ActOnWorkItem
from placet.core import data_items, walk
from placet.core.approvals import ask, ask_for_changes, can_answer, has_free_voter, is_principal
from placet.core.definition import Approval
from placet.core.draft import Draft, cancel
from placet.core.names import fold_dn
from placet.core.people import Group
from placet.core.records import WorkItem
from placet.core.rights import administers, is_addressed, is_same, require_administrator
from placet.core.statuses import Action, WorkItemStatus
from placet.core.votes import outcome
from placet.errors import Conflict, ExpressionError, InvalidInput, NotAllowed, TransitionNotAllowed

Act: TypeAlias = Callable[[Draft, WorkItem, Approval, ActOnWorkItem], None]

_DONE = {
    Action.APPROVE: "approved",
    Action.DENY: "denied",
    Action.REFUSE: "refused",
    Action.RETURN: "returned for changes",
}

_CHANGING = frozenset({Action.APPROVE, Action.DENY, Action.RETURN})


def _actions(status: WorkItemStatus, returned: bool) -> list[Action]:
    actions = [Action.APPROVE, Action.DENY, Action.REASSIGN, Action.COMMENT]
    if not returned:
        actions += [Action.REFUSE, Action.RETURN]
    actions.append(Action.RELEASE if status is WorkItemStatus.CLAIMED else Action.CLAIM)
    return sorted(actions)


_AVAILABLE = {
    (status, returned): _actions(status, returned) if status.is_open else []
    for status in WorkItemStatus
    for returned in (False, True)
}


def available_actions(item: WorkItem) -> list[Action]:
    """What can be done with an item as it stands, by somebody who may; in order of their codes."""
    return list(_AVAILABLE[item.status, item.returned])


def act(draft: Draft, item: WorkItem, command: ActOnWorkItem) -> None:
    """Check that this actor may do this to this item now, then do it."""
    approval = draft.definition.activities[item.activity]
    assert isinstance(approval, Approval)
    _require_right(draft, item, approval, command)
    _require_actionable(draft, item)
    if command.action not in available_actions(item):
        raise _not_available(item, command.action)
    draft.set_data(_changes(draft, item, approval, command))
    if command.comment and command.comment.strip():
        draft.comment(command.comment, activity=item.activity, user=command.actor)
    ACTIONS[command.action](draft, item, approval, command)


def _require_right(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    actor = command.actor
    if command.action is Action.REASSIGN:
        require_administrator(draft.directory, actor, "reassign a work item")
        return
    if actor is None or administers(draft.directory, actor):
        return
    if not is_addressed(draft.directory, actor, item):
        raise NotAllowed("This work item is addressed to somebody else; only its addressee may act on it.")
    if not approval.self_approval and not item.returned and is_principal(draft, actor):
        raise NotAllowed(f"{approval.name!r} forbids self-approval: who asked or receives may not act on it.")
    if item.status is WorkItemStatus.CLAIMED and not is_same(actor, item.owner):
        owner = draft.directory.display_name(item.owner or "")
        raise Conflict(f"{owner} has claimed this work item; it can be acted on by others once it is released.")


def _require_actionable(draft: Draft, item: WorkItem) -> None:
    if not item.status.is_open:
        raise Conflict(_what_happened(draft, item))
    if draft.flow.paused_at is not None:
        raise Conflict("The process is stopped: an administrator has paused it, and it has to be resumed first.")


def _what_happened(draft: Draft, item: WorkItem) -> str:
    """Who ended an item, how and when."""
    when = (item.completed_at or draft.now).strftime("%Y-%m-%d %H:%M:%S UTC")
    if item.status is WorkItemStatus.TIMED_OUT:
        return f"This work item timed out at {when}; nothing more can be done with it."
    if item.outcome is None:
        return (
            f"This work item was cancelled at {when}, because its approval was settled or its process ended without it."
        )
    who = draft.directory.display_name(item.actor) if item.actor else "the system"
    return f"This work item was {_DONE[Action(item.outcome)]} by {who} at {when}; it cannot be acted on twice."


def _not_available(item: WorkItem, action: Action) -> TransitionNotAllowed:
    accepted = [known.label for known in available_actions(item)]
    return TransitionNotAllowed("work item", action.label.lower(), item.status.name.lower(), accepted)


def _changes(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> dict[str, Any]:
    """The data items that really change; clients send back the whole item, so equal ones are no change."""
    writable: Collection[str] = ()
    if command.action in _CHANGING:
        writable = draft.definition.data.keys() if item.returned else approval.writes
    return data_items.check_change(draft.definition, command.data, writable, draft.process.data)


# -- the actions ---------------------------------------------------------------------------------


def _complete(draft: Draft, item: WorkItem, action: Action, event: str) -> None:
    draft.change_item(
        item,
        "complete",
        completed_at=draft.now,
        actor=draft.command.actor,
        outcome=int(action),
        timer_at=None,
        timer=item.timer + 1,
    )
    draft.record(event, activity=item.activity, item=item.number)


def _vote(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    """Count a yes, a no or a refusal, and go on if that settles the approval."""
    if item.returned:
        _answer_return(draft, item, approval, command)
        return
    votes = draft.token(item.token).votes
    assert votes is not None
    voter = command.actor or item.addressee
    # who has answered does so again only for an item that would wait for ever otherwise
    if fold_dn(voter) in votes.voters and has_free_voter(draft, item, approval, item.addressee):
        raise Conflict("You have answered this approval already; another of its group has to act on this item.")
    votes.voters.append(fold_dn(voter))
    match command.action:
        case Action.APPROVE:
            votes.yes += 1
            _complete(draft, item, command.action, "work_item.approved")
        case Action.DENY:
            votes.no += 1
            _complete(draft, item, command.action, "work_item.denied")
        case _:
            votes.refused += 1
            _complete(draft, item, command.action, "work_item.refused")
    path = outcome(approval.settle, votes)
    if path is not None:
        settle(draft, item.token, path)


def settle(draft: Draft, token: int, path: str, reason: str = "its approval is settled") -> None:
    """Take back the other items of a round and go on over `path`."""
    for other in draft.open_items(token):
        cancel(draft, other, reason)
    walk.leave(draft, token, path)


def _answer_return(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    """The initiator answers a request that came back: it is withdrawn, or goes on.

    It goes over `returned` where that is drawn, so that conditions see what he has changed; else it comes back to the
    same approval.
    """
    if command.action is Action.DENY:
        _complete(draft, item, command.action, "work_item.denied")
        draft.end("terminate", "process.terminated", item_reason="the request was withdrawn", withdrawn=True)
        return
    _complete(draft, item, command.action, "work_item.resubmitted")
    if "returned" in approval.paths:
        walk.leave(draft, item.token, "returned")
        return
    try:
        ask(draft, item.token, approval)
    except (ExpressionError, InvalidInput) as failure:
        walk.fail(draft, item.token, failure.message)


def _return(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    _require_somebody_to_return_to(draft)
    _complete(draft, item, Action.RETURN, "work_item.returned")
    for other in draft.open_items(item.token):
        cancel(draft, other, "the request was returned for changes")
    draft.token(item.token).votes = None
    ask_for_changes(draft, item.token, approval)


def _require_somebody_to_return_to(draft: Draft) -> None:
    """Refuse to send a request back where nobody would ever answer."""
    initiator = draft.directory.person(draft.process.initiator)
    if initiator is None or not initiator.active:
        raise Conflict(
            f"This request cannot be returned: its initiator {draft.process.initiator} is no active user; "
            "approve or deny it, or reassign it."
        )


def _claim(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    if command.actor is None:
        raise InvalidInput("To claim a work item, say who claims it.")
    draft.change_item(item, "claim", owner=command.actor)
    draft.record("work_item.claimed", activity=item.activity, item=item.number)


def _release(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    draft.change_item(item, "release", owner=None)
    draft.record("work_item.released", activity=item.activity, item=item.number)


def _reassign(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    to = _new_addressee(draft, command.to)
    if not approval.self_approval and not item.returned and is_principal(draft, to):
        raise Conflict(f"{approval.name!r} forbids self-approval, so it cannot be reassigned to who asked or receives.")
    if not can_answer(draft, item, approval, to):
        raise Conflict(
            f"{draft.directory.display_name(to)} cannot answer {approval.name!r} any more: whoever could has answered "
            "or is asked already, or may not approve himself; name somebody else."
        )
    draft.change_item(item, "reassign", addressee=to, owner=None)
    draft.record("work_item.reassigned", activity=item.activity, item=item.number, addressee=to, before=item.addressee)


def _new_addressee(draft: Draft, to: str | None) -> str:
    if not to:
        raise InvalidInput(
            "To reassign a work item, name its new addressee: the DN or user name of a user, or a group."
        )
    directory = draft.directory
    found = directory.person(to) or directory.group(to)
    if found is None:
        raise InvalidInput(f"There is no user or group {to!r} to reassign this work item to.")
    if not found.active:
        raise InvalidInput(f"{found.dn} is inactive and cannot be asked; name an active user or group.")
    if isinstance(found, Group) and not directory.active_members(found):
        raise InvalidInput(f"{found.dn} has no active member who could be asked; name a user or another group.")
    return found.dn


def _comment(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    if not (command.comment and command.comment.strip()):
        raise InvalidInput("To comment on a work item, send the text as Comment.")
    draft.record("work_item.commented", activity=item.activity, item=item.number)


ACTIONS: dict[Action, Act] = {
    Action.APPROVE: _vote,
    Action.DENY: _vote,
    Action.REFUSE: _vote,
    Action.CLAIM: _claim,
    Action.RELEASE: _release,
    Action.REASSIGN: _reassign,
    Action.COMMENT: _comment,
    Action.RETURN: _return,
}
