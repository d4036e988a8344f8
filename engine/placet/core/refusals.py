"""What can be done with a work item, and why something cannot: the one table of rules for offering and for deciding."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from placet.core.definition import Approval
from placet.core.flow import voters_of
from placet.core.names import fold_dn
from placet.core.people import Directory
from placet.core.records import Process, WorkItem
from placet.core.rights import administers, inactive, is_addressed, is_same, may_act, may_see
from placet.core.statuses import Action, Life, WorkItemStatus
from placet.core.voters import has_free_voter, may_decide
from placet.errors import Conflict, InvalidInput, NotAllowed, NotFound, PlacetError, TransitionNotAllowed

_ANSWERS = frozenset({Action.APPROVE, Action.DENY, Action.REFUSE})
_ENDED_BY = {
    Action.APPROVE: "approved",
    Action.DENY: "denied",
    Action.REFUSE: "refused",
    Action.RETURN: "returned for changes",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A work item as it stands, and who wants to do something with it; `actor` None is the engine itself."""

    process: Process
    item: WorkItem
    approval: Approval
    actor: str | None
    directory: Directory

    @property
    def is_everybodys(self) -> bool:
        """Whether the actor may act for everybody."""
        return administers(self.directory, self.actor)

    @property
    def voters(self) -> Collection[str]:
        """The folded DNs of who has answered in this round."""
        return voters_of(self.process.flow, self.item.token)


def actions_for(
    process: Process, item: WorkItem, approval: Approval, actor: str | None, directory: Directory
) -> list[Action]:
    """What an actor can do with an item now, in order of the codes: what `decide` takes, given the rest is right."""
    case = Case(process, item, approval, actor, directory)
    if not all(holds(case) for holds, _ in _OF_THE_ITEM):
        return []
    return [action for action in Action if all(holds(case, action) for holds, _ in _OF_THE_ACTION)]


def require_possible(case: Case, action: Action) -> None:
    """Refuse an action that `actions_for` does not offer, with the first reason that there is."""
    for holds, refusal in _OF_THE_ITEM:
        if not holds(case):
            raise refusal(case)
    for may_be_done, reason in _OF_THE_ACTION:
        if not may_be_done(case, action):
            raise reason(case, action)


# -- what has to hold of the item and who acts, whatever is done -----------------------------------


def _is_active(case: Case) -> bool:
    return may_act(case.directory, case.actor)


def _inactive(case: Case) -> PlacetError:
    return inactive(case.actor or "")


def _can_be_seen(case: Case) -> bool:
    return may_see(case.directory, case.actor, case.item)


def _unseen(case: Case) -> PlacetError:
    return NotFound(f"There is no work item {case.item.id}.")


def _is_addressed(case: Case) -> bool:
    return case.actor is None or case.is_everybodys or is_addressed(case.directory, case.actor, case.item)


def _addressed_to_others(case: Case) -> PlacetError:
    return NotAllowed("This work item is addressed to somebody else; only its addressee may act on it.")


def _is_no_self_approval(case: Case) -> bool:
    if case.actor is None or case.item.returned or case.is_everybodys:
        return True
    return may_decide(case.process, case.approval, case.actor)


def _self_approval(case: Case) -> PlacetError:
    return NotAllowed(f"{case.approval.name!r} forbids self-approval: who asked or receives may not act on it.")


def _is_open(case: Case) -> bool:
    return case.item.status.is_open


def _has_ended(case: Case) -> PlacetError:
    """Who ended the item, how and when."""
    item = case.item
    when = f"{item.completed_at:%Y-%m-%d %H:%M:%S UTC}"
    if item.status is WorkItemStatus.TIMED_OUT:
        return Conflict(f"This work item timed out at {when}; nothing more can be done with it.")
    if item.outcome is None:
        return Conflict(
            f"This work item was cancelled at {when}, because its approval was settled or its process ended without it."
        )
    who = case.directory.display_name(item.actor) if item.actor else "the system"
    how = _ENDED_BY[Action(item.outcome)]
    return Conflict(f"This work item was {how} by {who} at {when}; it cannot be acted on twice.")


def _is_not_held_by_another(case: Case) -> bool:
    held = case.item.status is WorkItemStatus.CLAIMED
    return not held or case.is_everybodys or is_same(case.actor, case.item.owner)


def _held_by_another(case: Case) -> PlacetError:
    owner = case.directory.display_name(case.item.owner or "")
    return Conflict(f"{owner} has claimed this work item; it can be acted on by others once it is released.")


def _goes_on(case: Case) -> bool:
    return case.process.life is not Life.STOPPED


def _is_stopped(case: Case) -> PlacetError:
    return Conflict("The process is stopped: an administrator has paused it, and it has to be resumed first.")


# -- what has to hold for one action ---------------------------------------------------------------


def _may_reassign(case: Case, action: Action) -> bool:
    return action is not Action.REASSIGN or case.is_everybodys


def _reassigns_without_right(case: Case, action: Action) -> PlacetError:
    return NotAllowed("Only an administrator may reassign a work item.")


def _fits_the_item(case: Case, action: Action) -> bool:
    match action:
        case Action.CLAIM:
            return case.item.status is WorkItemStatus.OPEN
        case Action.RELEASE:
            return case.item.status is WorkItemStatus.CLAIMED
        case Action.REFUSE | Action.RETURN:
            return not case.item.returned
        case _:
            return True


def _does_not_fit_the_item(case: Case, action: Action) -> PlacetError:
    offered = actions_for(case.process, case.item, case.approval, case.actor, case.directory)
    status = case.item.status.name.lower()
    return TransitionNotAllowed("work item", action.label.lower(), status, [each.label for each in offered])


def _names_who_claims(case: Case, action: Action) -> bool:
    return action is not Action.CLAIM or case.actor is not None


def _claimed_by_nobody(case: Case, action: Action) -> PlacetError:
    return InvalidInput("To claim a work item, say who claims it.")


def _answers_once(case: Case, action: Action) -> bool:
    """Who has answered does so again only for an item that would wait for ever otherwise."""
    if action not in _ANSWERS or case.item.returned:
        return True
    addressee, voters = case.item.addressee, case.voters
    if fold_dn(case.actor or addressee) not in voters:
        return True
    return not has_free_voter(case.directory, case.process, case.approval, voters, addressee)


def _answers_twice(case: Case, action: Action) -> PlacetError:
    return Conflict("You have answered this approval already; another of its group has to act on this item.")


def _returns_to_somebody(case: Case, action: Action) -> bool:
    """A request is not sent back where nobody would ever answer."""
    if action is not Action.RETURN:
        return True
    initiator = case.directory.person(case.process.initiator)
    return initiator is not None and initiator.active


def _returns_to_nobody(case: Case, action: Action) -> PlacetError:
    return Conflict(
        f"This request cannot be returned: its initiator {case.process.initiator} is no active user; "
        "approve or deny it, or reassign it."
    )


ItemRule: TypeAlias = tuple[Callable[[Case], bool], Callable[[Case], PlacetError]]
ActionRule: TypeAlias = tuple[Callable[[Case, Action], bool], Callable[[Case, Action], PlacetError]]

#: In the order in which a reason is told: who may not see an item learns nothing else of it.
_OF_THE_ITEM: tuple[ItemRule, ...] = (
    (_is_active, _inactive),
    (_can_be_seen, _unseen),
    (_is_addressed, _addressed_to_others),
    (_is_no_self_approval, _self_approval),
    (_is_open, _has_ended),
    (_is_not_held_by_another, _held_by_another),
    (_goes_on, _is_stopped),
)
_OF_THE_ACTION: tuple[ActionRule, ...] = (
    (_may_reassign, _reassigns_without_right),
    (_fits_the_item, _does_not_fit_the_item),
    (_names_who_claims, _claimed_by_nobody),
    (_answers_once, _answers_twice),
    (_returns_to_somebody, _returns_to_nobody),
)
