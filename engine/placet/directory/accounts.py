"""What an administrator changes about one user."""

from __future__ import annotations

from placet.directory.database import Database
from placet.directory.passwords import hash_password
from placet.errors import NotFound
from placet.store import directory


async def set_password(database: Database, user: str, password: str) -> None:
    """Give a user (user name or DN) another password; raises `NotFound`, and `InvalidInput` for what cannot be one."""
    account = await database.read(lambda tx: directory.find_user(tx, user))
    if account is None:
        raise NotFound(f"There is no user {user[:100]!r}; give a user name or a DN of the directory.")
    password_hash = await hash_password(password)
    await database.write(lambda tx: directory.set_password(tx, account.id, password_hash))
