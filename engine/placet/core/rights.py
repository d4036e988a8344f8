"""Who may do what with a process: one table of questions, each answered by one function.

The engine itself (`actor` None) may do everything. Issue-wide permissions come on top of these with roles.
"""

from __future__ import annotations

from placet.core.names import fold_dn
from placet.core.people import Directory
from placet.core.records import Process, WorkItem
from placet.errors import NotAllowed


def is_same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and fold_dn(one) == fold_dn(other)


def administers(directory: Directory, actor: str | None) -> bool:
    """Whether an actor may see, act on, reassign, pause and terminate everything."""
    return actor is None or directory.is_administrator(actor)


def is_addressed(directory: Directory, actor: str, item: WorkItem) -> bool:
    """Whether an item asks this actor, himself or as a member of a group."""
    if is_same(actor, item.addressee) or is_same(actor, item.owner):
        return True
    group = directory.group(item.addressee)
    return group is not None and group.active and fold_dn(actor) in group.members


def require_administrator(directory: Directory, actor: str | None, what: str) -> None:
    if not administers(directory, actor):
        raise NotAllowed(f"Only an administrator may {what}.")


def require_owner(directory: Directory, actor: str | None, process: Process, what: str) -> None:
    """Refuse whoever is neither the initiator nor an administrator."""
    if not administers(directory, actor) and not is_same(actor, process.initiator):
        raise NotAllowed(f"Only the initiator of a process or an administrator may {what} it.")
