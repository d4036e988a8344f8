"""Who asks for a change of people or rights, or wants to know of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from placet.core.access import is_same, require, require_active
from placet.core.people import Directory, Person
from placet.core.permissions import Permission
from placet.store import people, roles
from placet.store.directory_version import Transaction, bump


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, when and from where, with the people as they are known then.

    `actor` None is the engine itself, or whoever holds the database: he may do everything.
    """

    actor: Person | None
    directory: Directory
    at: datetime
    address: str = ""

    @property
    def dn(self) -> str | None:
        return None if self.actor is None else self.actor.dn

    def require_active(self) -> None:
        """Refuse whoever is inactive; raises `NotAllowed`."""
        require_active(self.directory, self.dn)

    def require(self, permission: Permission) -> None:
        """Refuse whoever lacks a permission; raises `NotAllowed`."""
        require(self.directory, self.dn, permission)

    def has(self, permission: Permission) -> bool:
        return self.dn is None or self.directory.allows(self.dn, permission)

    def is_(self, dn: str) -> bool:
        """Whether this is who asks."""
        return is_same(self.dn, dn)

    def as_stored(self, tx: Transaction) -> Caller:
        """The same caller as he is stored, and nobody else: what is held in memory may be older than a change."""
        if self.actor is None:
            return self
        user = people.user_by_id(tx, self.actor.id)
        role = None if user is None else roles.role_of(tx, user)
        actor = replace(self.actor, active=False) if user is None else user.person(role, self.at.date())
        return replace(self, actor=actor, directory=Directory([actor], roles=[] if role is None else [role]))


def in_force(tx: Transaction, caller: Caller, permission: Permission) -> Caller:
    """The caller with the rights that he has in a transaction, before it changes anything about people.

    Whoever else does so waits until it ends, so that what is read now still holds then. Raises `NotAllowed` without the
    permission.
    """
    bump(tx)
    stored = caller.as_stored(tx)
    stored.require(permission)
    return stored
