"""Loading a file of people: checked as a whole first, then written in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from placet.directory.database import Database
from placet.directory.file import DirectoryFile, read_directory_file
from placet.directory.merge import Rows, merge
from placet.directory.passwords import hash_password
from placet.store import directory
from placet.store.directory import Transaction, UserRow


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a file changed, and `notes` on what it has that was not stored."""

    users_added: int
    users_changed: int
    groups_added: int
    groups_changed: int
    notes: tuple[str, ...]


async def load_directory_file(database: Database, path: Path | str, *, keep_passwords: bool = False) -> LoadSummary:
    """Add the users and groups of a JSON or YAML file, or change those that are there; all of them or none.

    What the file does not mention stays. With `keep_passwords` its plain passwords are only for users who have none
    yet, which spares a repeated load their hashing. Raises `InvalidDirectory` with all faults of the file.
    """
    file = await asyncio.to_thread(read_directory_file, path)
    # Once before the passwords, so that nobody waits for argon2 to hear of a fault, and again when it counts.
    users = await database.read(lambda tx: _check(tx, file))
    hashes = await _hash_passwords(file, users, keep_passwords)
    return await database.write(lambda tx: _write(tx, file, hashes))


def _check(tx: Transaction, file: DirectoryFile) -> Rows[UserRow]:
    users = Rows(directory.users(tx))
    merge(file, users, Rows(directory.groups(tx)), {})
    return users


async def _hash_passwords(file: DirectoryFile, users: Rows[UserRow], keep: bool) -> dict[int, str]:
    """The hashes of the file's plain passwords by the index of the user."""
    wanted: dict[int, str] = {}
    for index, entry in enumerate(file.users):
        stored = users.of(entry)
        if entry.password is not None and not (keep and stored is not None and stored.password_hash is not None):
            wanted[index] = entry.password
    made = await asyncio.gather(*(hash_password(password) for password in wanted.values()))
    return dict(zip(wanted, made, strict=True))


def _write(tx: Transaction, file: DirectoryFile, hashes: Mapping[int, str]) -> LoadSummary:
    users, groups = Rows(directory.users(tx)), Rows(directory.groups(tx))
    merged = merge(file, users, groups, hashes)
    changed_users = [row for row in merged.users if _differs(row, users.by_id.get(row.id))]
    changed_groups = [row for row in merged.groups if row != groups.by_id.get(row.id)]
    directory.upsert_groups(tx, changed_groups)
    directory.upsert_users(tx, changed_users)
    directory.set_members(tx, merged.groups_of)
    users_added = sum(row.id not in users.by_id for row in changed_users)
    groups_added = sum(row.id not in groups.by_id for row in changed_groups)
    return LoadSummary(
        users_added=users_added,
        users_changed=len(changed_users) - users_added,
        groups_added=groups_added,
        groups_changed=len(changed_groups) - groups_added,
        notes=tuple(merged.notes),
    )


def _differs(row: UserRow, stored: UserRow | None) -> bool:
    return stored is None or row != replace(stored, password_hash=None)  # a row with a hash brings a new one
