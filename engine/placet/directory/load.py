"""Loading a file of people: checked as a whole first, then written in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from placet.clock import Clock, SystemClock
from placet.directory.changes import Changes, Progress, changes_of
from placet.directory.database import Database
from placet.directory.file import DirectoryFile, read_directory_file
from placet.directory.merge import Merged, Rows, Stored, merge
from placet.directory.merge_roles import Coded, Roles
from placet.directory.passwords import hash_password, verify_password
from placet.errors import Conflict
from placet.store import groups, people, roles
from placet.store.directory_version import Transaction, version

_TRIES = 5


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a file changed, and `notes` on what it has that is not as it says."""

    users_added: int
    users_changed: int
    groups_added: int
    groups_changed: int
    roles_added: int
    roles_changed: int
    notes: tuple[str, ...]


async def load_directory_file(
    database: Database,
    path: Path | str,
    *,
    keep_passwords: bool = False,
    clock: Clock | None = None,
    actor: str | None = None,
    progress: Progress = lambda doing, done, of: None,
) -> LoadSummary:
    """Add the people, groups and roles of a JSON or YAML file, or change those that are there; all of them or none.

    What the file does not mention stays. With `keep_passwords` its plain passwords are only for users who have none
    yet, which spares a repeated load their hashing. Raises `InvalidDirectory` with all faults of the file, and
    `Conflict` where others change people all the time.
    """
    clock = clock or SystemClock()
    progress("Reading the file", 0, 0)
    file = await asyncio.to_thread(read_directory_file, path)
    progress("Comparing", 0, 0)
    stored = await database.read(_stored)
    now = clock.now()
    # Before the passwords, so that nobody waits for argon2 to hear of a fault.
    merged: Merged | None = await asyncio.to_thread(merge, file, stored, {}, now)
    hashes = await _hash_passwords(file, stored.users, keep_passwords, progress)
    for _ in range(_TRIES):
        if merged is None or hashes:
            merged = await asyncio.to_thread(merge, file, stored, hashes, now)
        changes = await asyncio.to_thread(changes_of, merged, stored, now)
        if not changes:
            return _summary(changes, merged.notes)
        write = partial(changes.write, at=now, actor=actor, file_name=file.file_name, progress=progress)
        if await database.write(write, aside=True):
            return _summary(changes, merged.notes)
        stored, merged = await database.read(_stored), None
    raise Conflict("Others changed people while the file was compared with them; nothing was loaded, try again.")


def _stored(tx: Transaction) -> Stored:
    known = version(tx)  # first: what changes after it makes the comparison old, never wrong
    return Stored(
        users=Rows(people.all_users(tx)),
        groups=Rows(groups.groups(tx)),
        members=frozenset(groups.memberships(tx)),
        roles=Roles(Coded(roles.roles(tx)), Coded(roles.permissions(tx)), frozenset(roles.grants(tx))),
        version=known,
    )


async def _hash_passwords(
    file: DirectoryFile, users: Rows[people.UserRow], keep: bool, progress: Progress
) -> Mapping[int, str]:
    """The hashes of the file's plain passwords by the index of the user; none where the stored one fits."""
    wanted: dict[int, tuple[str, str | None]] = {}
    for index, entry in enumerate(file.users):
        if entry.password is not None:
            stored = users.of(entry)
            known = None if stored is None else stored.password_hash
            if known is None or not keep:
                wanted[index] = entry.password, known
    hashed: dict[int, str] = {}
    done = count(1)

    async def hash_one(index: int, password: str, known: str | None) -> None:
        if known is None or not await verify_password(known, password):
            hashed[index] = await hash_password(password)
        progress("Hashing passwords", next(done), len(wanted))

    await asyncio.gather(*(hash_one(index, *each) for index, each in wanted.items()))
    return hashed


def _summary(changes: Changes, notes: list[str]) -> LoadSummary:
    return LoadSummary(
        users_added=len(changes.new_users),
        users_changed=len(changes.changed_users),
        groups_added=len(changes.new_groups),
        groups_changed=len(changes.changed_groups),
        roles_added=len(changes.new_roles),
        roles_changed=len(changes.changed_roles),
        notes=tuple(notes),
    )
