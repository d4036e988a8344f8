"""What people do with work items: every action is one function, found by its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from placet.commands import ActOnWorkItem
from placet.core import data_items, walk
from placet.core.approvals import can_answer
from placet.core.definition import Approval
from placet.core.draft import Draft, cancel, complete
from placet.core.form_checks import checked_answer
from placet.core.names import fold_dn
from placet.core.people import Group
from placet.core.records import WorkItem
from placet.core.refusals import Case, require_possible
from placet.core.returns import answer_return, give_back
from placet.core.statuses import Action
from placet.core.voters import may_decide
from placet.core.votes import outcome
from placet.errors import Conflict, InvalidInput

Act: TypeAlias = Callable[[Draft, WorkItem, Approval, ActOnWorkItem], None]

_CHANGING = frozenset({Action.APPROVE, Action.DENY, Action.RETURN})
_ENDING = _CHANGING | {Action.REFUSE}


def act(draft: Draft, item: WorkItem, command: ActOnWorkItem) -> None:
    """Check that this actor may do this to this item now, then do it."""
    case = Case(draft.process, item, draft.definition, command.actor, draft.directory, draft.now)
    require_possible(case, command.action)
    approval = case.approval
    if case.stands_in and command.action in _ENDING:
        item = draft.change_item(item, proxy_for=item.addressee)
    draft.set_data(_changes(draft, item, approval, command))
    if command.comment and command.comment.strip():
        draft.comment(command.comment, activity=item.activity, user=command.actor)
    ACTIONS[command.action](draft, item, approval, command)


def _changes(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> dict[str, Any]:
    """The data items that really change; clients send back the whole item, so equal ones are no change."""
    if command.action in _CHANGING:
        return checked_answer(draft, item, approval, command)
    return data_items.check_change(draft.definition, command.data, (), draft.process.data)


# -- the actions ---------------------------------------------------------------------------------


def _vote(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    """Count a yes, a no or a refusal, and go on if that settles the approval."""
    if item.returned:
        answer_return(draft, item, approval, command)
        return
    votes = draft.token(item.token).votes
    assert votes is not None
    votes.voters.append(fold_dn(item.proxy_for or command.actor or item.addressee))
    match command.action:
        case Action.APPROVE:
            votes.yes += 1
            complete(draft, item, command.action, "work_item.approved")
        case Action.DENY:
            votes.no += 1
            complete(draft, item, command.action, "work_item.denied")
        case _:
            votes.refused += 1
            complete(draft, item, command.action, "work_item.refused")
    path = outcome(approval.settle, votes)
    if path is not None:
        settle(draft, item.token, path)


def settle(draft: Draft, token: int, path: str, reason: str = "its approval is settled") -> None:
    """Take back the other items of a round and go on over `path`."""
    for other in draft.open_items(token):
        cancel(draft, other, reason)
    walk.leave(draft, token, path)


def _claim(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    draft.change_item(item, "claim", owner=command.actor)
    draft.record("work_item.claimed", activity=item.activity, item=item.number)


def _release(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    draft.change_item(item, "release", owner=None)
    draft.record("work_item.released", activity=item.activity, item=item.number)


def _reassign(draft: Draft, item: WorkItem, approval: Approval, command: ActOnWorkItem) -> None:
    to = _new_addressee(draft, command.to)
    if not item.returned and not may_decide(draft.process, approval, to):
        raise Conflict(f"{approval.name!r} forbids self-approval, so it cannot be reassigned to who asked or receives.")
    if not can_answer(draft, item, approval, to):
        raise Conflict(
            f"{draft.directory.display_name(to)} cannot answer {approval.name!r} any more: whoever could has answered "
            "or is asked already, or may not approve himself; name somebody else."
        )
    draft.change_item(item, "reassign", addressee=to, owner=None, proxy_for=None)
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
    Action.RETURN: give_back,
}
