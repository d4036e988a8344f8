"""Who may do what with a process: one table of questions, each answered by one function.

The engine itself (`actor` None) may do everything.
"""

from __future__ import annotations

from placet.core.names import fold_dn
from placet.core.people import Directory
from placet.core.records import Process, WorkItem
from placet.core.statuses import WorkItemStatus
from placet.errors import NotAllowed


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two DNs name the same, however they are spelled; nobody is the same as nobody."""
    return one is not None and other is not None and fold_dn(one) == fold_dn(other)


def may_act(directory: Directory, actor: str | None) -> bool:
    """Whether an actor may ask for anything at all: the inactive may not; a DN that is no user's may."""
    person = None if actor is None else directory.person(actor)
    return person is None or person.active


def administers(directory: Directory, actor: str | None) -> bool:
    """Whether an actor may see, act on, reassign, pause and terminate everything."""
    return actor is None or directory.is_administrator(actor)


def is_member(directory: Directory, actor: str, dn: str) -> bool:
    """Whether a DN names an active group that an actor belongs to."""
    group = directory.group(dn)
    return group is not None and group.active and fold_dn(actor) in group.members


def is_addressed(directory: Directory, actor: str, item: WorkItem) -> bool:
    """Whether an item asks this actor, himself or as a member of a group."""
    return is_same(actor, item.addressee) or is_member(directory, actor, item.addressee)


def may_see(directory: Directory, actor: str | None, item: WorkItem) -> bool:
    """Whether an item is shown to an actor: what `visible_items` of the store asks of the database.

    It is to whoever it asks or who ended it; a group's that is claimed only to who of the group holds it.
    """
    if actor is None or administers(directory, actor) or is_same(actor, item.addressee) or is_same(actor, item.actor):
        return True
    is_held_by_another = item.status is WorkItemStatus.CLAIMED and not is_same(actor, item.owner)
    return not is_held_by_another and is_member(directory, actor, item.addressee)


def inactive(actor: str) -> NotAllowed:
    """The refusal of whatever somebody inactive asks for."""
    return NotAllowed(f"The user {actor} is inactive and may do nothing; an administrator can make him active again.")


def require_active(directory: Directory, actor: str | None) -> None:
    """Refuse whoever is known and inactive."""
    if not may_act(directory, actor):
        raise inactive(actor or "")


def require_administrator(directory: Directory, actor: str | None, what: str) -> None:
    """Refuse whoever is no administrator."""
    if not administers(directory, actor):
        raise NotAllowed(f"Only an administrator may {what}.")


def require_owner(directory: Directory, actor: str | None, process: Process, what: str) -> None:
    """Refuse whoever is neither the initiator nor an administrator."""
    if not administers(directory, actor) and not is_same(actor, process.initiator):
        raise NotAllowed(f"Only the initiator of a process or an administrator may {what} it.")
