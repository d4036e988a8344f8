"""Who asks for a change of people or rights, or wants to know of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from placet.core.access import is_same, require
from placet.core.people import Directory, Person
from placet.core.permissions import Permission


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

    def require(self, permission: Permission) -> None:
        """Refuse whoever lacks a permission; raises `NotAllowed`."""
        require(self.directory, self.dn, permission)

    def has(self, permission: Permission) -> bool:
        return self.dn is None or self.directory.allows(self.dn, permission)

    def is_(self, dn: str) -> bool:
        """Whether this is who asks."""
        return is_same(self.dn, dn)
