"""Who may still answer an approval, and who must not because it is about himself."""

from __future__ import annotations

from collections.abc import Collection

from placet.core.definition import Approval
from placet.core.names import fold_dn
from placet.core.people import Directory
from placet.core.records import Process


def actors(directory: Directory, addressee: str) -> list[str]:
    """The DNs of who can act for an addressee: the active members of a group, else itself."""
    group = directory.group(addressee)
    return [addressee] if group is None else [person.dn for person in directory.active_members(group)]


def is_principal(process: Process, dn: str) -> bool:
    """Whether somebody is the initiator or the recipient of this process."""
    return fold_dn(dn) in (fold_dn(process.initiator), fold_dn(process.recipient))


def may_decide(process: Process, approval: Approval, dn: str) -> bool:
    """Whether `self_approval` lets somebody decide here."""
    return approval.self_approval or not is_principal(process, dn)


def has_free_voter(
    directory: Directory, process: Process, approval: Approval, voters: Collection[str], addressee: str
) -> bool:
    """Whether an addressee, or one of a group, may answer and is not among the `voters`, who have (folded DNs)."""
    free = (actor for actor in actors(directory, addressee) if fold_dn(actor) not in voters)
    return any(may_decide(process, approval, actor) for actor in free)
