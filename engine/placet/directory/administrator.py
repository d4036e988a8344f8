"""The administrator: the one person who is there from the start."""

from __future__ import annotations

import secrets
from dataclasses import replace

from placet.core.defaults import ADMINISTRATOR_ROLE
from placet.core.names import dn_guid, fold_dn
from placet.core.people import ADMINISTRATOR
from placet.directory.database import Database
from placet.directory.passwords import hash_password
from placet.errors import Conflict
from placet.store import people
from placet.store.directory_version import Transaction
from placet.store.people import UserRow

USER_NAME = "admin"
# The uid that imported directories give their administrator, so that such a file changes this person and adds none.
_UIDS = (f"{1:032x}", dn_guid(ADMINISTRATOR))


def is_administrator(user: UserRow) -> bool:
    """Whether a stored user is the administrator, whatever he is called."""
    return fold_dn(user.dn) == fold_dn(ADMINISTRATOR)


async def ensure_administrator(database: Database, password: str | None) -> str | None:
    """Give an administrator who is missing or has no password the given one, or a random one and return that.

    A password that is set is never changed; None is returned then, and also when the given one was used. Raises
    `InvalidInput` for a password that cannot be one.
    """
    administrator = await database.read(lambda tx: people.find_user(tx, ADMINISTRATOR))
    if administrator is not None and administrator.password_hash is not None:
        return None
    made = secrets.token_urlsafe(12) if password is None else None
    password_hash = await hash_password(made or password or "")
    return made if await database.write(lambda tx: _set_up(tx, password_hash)) else None


def _set_up(tx: Transaction, password_hash: str) -> bool:
    """Store the administrator with this hash, or return False where somebody else has done so meanwhile."""
    row = UserRow(
        id=_UIDS[0],
        dn=ADMINISTRATOR,
        user_name=USER_NAME,
        first_name="Administrator",
        password_hash=password_hash,
        role=ADMINISTRATOR_ROLE,
    )
    if any(people.add_user(tx, replace(row, id=uid)) for uid in _UIDS):
        return True
    stored = people.find_user(tx, ADMINISTRATOR)
    if stored is None:
        raise Conflict(f"The user name {USER_NAME} belongs to somebody else; rename him, {ADMINISTRATOR} needs it.")
    return people.replace_password(tx, stored.id, None, password_hash)
