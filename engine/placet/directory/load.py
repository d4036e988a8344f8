"""Loading a file of people: checked as a whole first, then written in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path

from placet.clock import Clock, SystemClock
from placet.directory.changes import Changes, Progress, changes_of
from placet.directory.collecting import without_full_collections
from placet.directory.database import Database
from placet.directory.file import DirectoryFile, read_directory_file
from placet.directory.merge import Merged, Rows, Stored, merge
from placet.directory.merge_roles import Coded, Roles
from placet.directory.passwords import hash_password, verify_password
from placet.errors import Conflict
from placet.store import groups, people, roles
from placet.store.database import aside
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
    with without_full_collections():
        return await _load(database, path, keep_passwords, clock or SystemClock(), actor, progress)


async def _load(
    database: Database, path: Path | str, keep_passwords: bool, clock: Clock, actor: str | None, progress: Progress
) -> LoadSummary:
    progress("Reading the file", 0, 0)
    file = await asyncio.to_thread(read_directory_file, path)
    progress("Comparing", 0, 0)
    compared = _Comparison(file, await database.read(_stored), clock.now())
    del file
    # Before the passwords, so that nobody waits for argon2 to hear of a fault.
    await asyncio.to_thread(compared.lay_over)
    compared.hashes = await _hash_passwords(compared.file, compared.stored.users, keep_passwords, progress)
    if compared.hashes:
        await asyncio.to_thread(compared.lay_over)
    for _ in range(_TRIES):
        await asyncio.to_thread(compared.find_changes)
        if not compared.changes or await database.write(partial(compared.write, actor, progress), aside=True):
            summary = _summary(compared.changes, compared.merged.notes)
            await asyncio.to_thread(compared.let_go)
            return summary
        compared.stored = await database.read(_stored)
        await asyncio.to_thread(compared.lay_over)
    raise Conflict("Others changed people while the file was compared with them; nothing was loaded, try again.")


class _Comparison:
    """A file beside what is stored, and what it changes; all of it may be very much."""

    merged: Merged
    changes: Changes

    def __init__(self, file: DirectoryFile, stored: Stored, now: datetime) -> None:
        self.file, self.stored, self.now = file, stored, now
        self.hashes: Mapping[int, str] = {}

    def lay_over(self) -> None:
        self.merged = merge(self.file, self.stored, self.hashes, self.now)

    def find_changes(self) -> None:
        self.changes = changes_of(self.merged, self.stored, self.now)

    def write(self, actor: str | None, progress: Progress, tx: Transaction) -> bool:
        return self.changes.write(tx, at=self.now, actor=actor, file_name=self.file.file_name, progress=progress)

    def let_go(self) -> None:
        """Free everything in a thread, one part after the other: it takes so long that the loop would stand still."""
        del self.changes
        del self.merged
        del self.stored
        del self.file


def _stored(tx: Transaction) -> Stored:
    known = version(tx)  # first: what changes after it makes the comparison old, never wrong
    users, members, grants = people.all_users(tx), groups.memberships(tx), roles.grants(tx)
    every_group, every_role, every_permission = groups.groups(tx), roles.roles(tx), roles.permissions(tx)
    return aside(
        tx,
        lambda: Stored(
            users=Rows(users),
            groups=Rows(every_group),
            members=frozenset(members),
            roles=Roles(Coded(every_role), Coded(every_permission), frozenset(grants)),
            version=known,
        ),
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
