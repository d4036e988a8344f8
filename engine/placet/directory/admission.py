"""Whether somebody may still be let in: asked in the very transaction that stores what he is given."""

from __future__ import annotations

from datetime import datetime

from placet.core.permissions import Permission
from placet.directory.passwords import stamp_of
from placet.store import people, roles
from placet.store.directory_version import Transaction


def is_admitted(tx: Transaction, user_id: str, at: datetime, stamp: str | None = None) -> bool:
    """Whether a user, as he is stored, may sign in, with the password of that stamp where one is given.

    He stays so until the transaction ends. He is read before anything is written, as by whoever changes a password: so
    they never wait for each other.
    """
    user = people.user_by_id(tx, user_id, hold=True)
    if user is None or (stamp is not None and stamp != stamp_of(user.password_hash)):
        return False
    person = user.person(roles.role_of(tx, user), at.date())
    return person.active and Permission.LOGIN in person.permissions
