"""What can be done with a work item, and why something cannot: the one table of rules for offering and for deciding."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from placet.core.access import Act, Asked, inactive, is_addressed, is_for, is_same, may_act, may_see_item, permits
from placet.core.definition import Approval, Definition
from placet.core.flow import voters_of
from placet.core.names import fold_dn
from placet.core.people import Directory
from placet.core.permissions import Permission
from placet.core.records import Process, WorkItem
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
    definition: Definition
    actor: str | None
    directory: Directory
    now: datetime

    @property
    def approval(self) -> Approval:
        approval = self.definition.activities[self.item.activity]
        assert isinstance(approval, Approval)
        return approval

    @property
    def voters(self) -> Collection[str]:
        """The folded DNs of who has answered in this round."""
        return voters_of(self.process.flow, self.item.token)

    @property
    def stands_in(self) -> bool:
        """Whether the actor can only act because he stands in for whom the item asks."""
        if self.actor is None or is_same(self.actor, self.item.addressee):
            return False
        return is_for(self.asked(self.actor), self.definition, self.item)

    @property
    def voter(self) -> str:
        """The DN of whose vote it is that the actor gives."""
        if self.item.proxy_for is not None:
            return self.item.proxy_for
        return self.item.addressee if self.actor is None or self.stands_in else self.actor

    def asked(self, actor: str) -> Asked:
        return Asked(self.directory, actor, self.now)

    def permits(self, act: Act) -> bool:
        """Whether the actor's role lets him do something wherever he sees it."""
        return permits(self.directory, self.actor, act)


def actions_for(case: Case) -> list[Action]:
    """What an actor can do with an item now, in order of the codes: what `decide` takes, given the rest is right."""
    if not case.item.status.is_open or not all(holds(case) for holds, _ in _OF_THE_ITEM):
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
    return case.actor is None or may_see_item(case.asked(case.actor), case.definition, case.item)


def _unseen(case: Case) -> PlacetError:
    return NotFound(f"There is no work item {case.item.id}.")


def _is_no_self_approval(case: Case) -> bool:
    """Whether it is not forbidden; no permission lifts that, for many hold one that lets them act for others."""
    return case.actor is None or case.item.returned or may_decide(case.process, case.approval, case.actor)


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


def _goes_on(case: Case) -> bool:
    return case.process.life is not Life.STOPPED


def _is_stopped(case: Case) -> PlacetError:
    return Conflict("The process is stopped: it has been paused, and has to be resumed first.")


# -- what has to hold for one action ---------------------------------------------------------------


def _is_addressed(case: Case, action: Action) -> bool:
    """Whether it asks the actor, or he may act for others; whom it asks may not hand it on by himself."""
    if case.actor is None or action is Action.REASSIGN:
        return case.permits(Act.REASSIGN)
    return case.permits(Act.ACT_FOR_OTHERS) or is_addressed(case.asked(case.actor), case.definition, case.item)


def _addressed_to_others(case: Case, action: Action) -> PlacetError:
    if action is Action.REASSIGN:
        return NotAllowed(f"To reassign a work item takes the permission {Permission.REASSIGN}.")
    return NotAllowed(
        "This work item is addressed to somebody else; only its addressee may act on it, "
        f"or who has the permission {Permission.SUPERVISE}."
    )


def _is_not_held_by_another(case: Case, action: Action) -> bool:
    if case.item.status is not WorkItemStatus.CLAIMED or is_same(case.actor, case.item.owner):
        return True
    if case.permits(Act.REASSIGN if action is Action.REASSIGN else Act.ACT_FOR_OTHERS):
        return True
    if is_same(case.actor, case.item.addressee):  # what a delegate has claimed stays his
        return not permits(case.directory, case.item.owner, Act.ACT_FOR_OTHERS)
    return is_same(case.item.owner, case.item.addressee) and case.stands_in


def _held_by_another(case: Case, action: Action) -> PlacetError:
    owner = case.directory.display_name(case.item.owner or "")
    return Conflict(f"{owner} has claimed this work item; it can be acted on by others once it is released.")


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
    offered = actions_for(case)
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
    asked, voters = case.item.proxy_for or case.item.addressee, case.voters
    if fold_dn(case.voter) not in voters:
        return True
    return not has_free_voter(case.directory, case.process, case.approval, voters, asked)


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


def _always(holds: Callable[[Case], bool], reason: Callable[[Case], PlacetError]) -> ActionRule:
    """A rule whose reason is told behind one that depends on the action."""
    return lambda case, action: holds(case), lambda case, action: reason(case)


#: In the order in which a reason is told: who may not see an item learns nothing else of it.
_OF_THE_ITEM: tuple[ItemRule, ...] = (
    (_is_active, _inactive),
    (_can_be_seen, _unseen),
    (_is_no_self_approval, _self_approval),
)
_OF_THE_ACTION: tuple[ActionRule, ...] = (
    (_is_addressed, _addressed_to_others),
    _always(_is_open, _has_ended),
    (_is_not_held_by_another, _held_by_another),
    _always(_goes_on, _is_stopped),
    (_fits_the_item, _does_not_fit_the_item),
    (_names_who_claims, _claimed_by_nobody),
    (_answers_once, _answers_twice),
    (_returns_to_somebody, _returns_to_nobody),
)
