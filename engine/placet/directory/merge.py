"""What a file of people means for the stored ones: a row for each entry, or all in which the two disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from placet.core.names import dn_guid, fold_dn, group_dn, is_dn, user_dn
from placet.core.people import ADMINISTRATOR
from placet.directory.administrator import USER_NAME
from placet.directory.file import DirectoryFile, FileGroup, FileUser
from placet.errors import InvalidDirectory
from placet.store.directory import GroupRow, UserRow

Row = TypeVar("Row", UserRow, GroupRow)


@dataclass(frozen=True, slots=True)
class Merged:
    """A row for each user and group of the file, in its order; `groups_of` has ids by the id of a user."""

    users: list[UserRow]
    groups: list[GroupRow]
    groups_of: dict[str, list[str]]
    notes: list[str]


class Rows(Generic[Row]):
    """Stored rows, found again by what a file says of them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_id: dict[str, Row] = {row.id: row for row in rows}
        self._by_dn: dict[str, list[Row]] = {}
        self._by_name: dict[str, list[Row]] = {}
        for row in self.by_id.values():
            self._by_dn.setdefault(fold_dn(row.dn), []).append(row)
            self._by_name.setdefault(row.name.casefold(), []).append(row)

    def named(self, text: str) -> Row | None:
        """The row of a name or a DN."""
        found = self._by_name.get(text.casefold()) or self._by_dn.get(fold_dn(text))
        return found[0] if found else None

    def of(self, entry: FileUser | FileGroup) -> Row | None:
        """The row that an entry is about: that of its uid, else of its name, else of its DN."""
        found = self.by_id.get(entry.uid) if entry.uid else None
        return found or self.named(entry.name) or (self.named(entry.dn) if entry.dn else None)

    def sharing(self, row: Row) -> Row | None:
        """Another row that has the same name or the same DN."""
        same = [*self._by_name.get(row.name.casefold(), ()), *self._by_dn.get(fold_dn(row.dn), ())]
        return next((other for other in same if other.id != row.id), None)

    def overlaid(self, rows: Iterable[Row]) -> Rows[Row]:
        """These rows as they will be once those are written."""
        return Rows((self.by_id | {row.id: row for row in rows}).values())


def merge(file: DirectoryFile, users: Rows[UserRow], groups: Rows[GroupRow], hashes: Mapping[int, str]) -> Merged:
    """Lay a file over the stored rows; `hashes` has the hashes of plain passwords by the index of the user.

    A user's row has a password hash only where the file brings a new one. Raises `InvalidDirectory` with all faults.
    """
    faults: list[str] = []
    notes = _left_out(file)
    group_rows = [_group_row(entry, groups.of(entry)) for entry in file.groups]
    faults += _clashes(file, "groups", file.groups, group_rows, groups)
    user_rows = [
        _user_row(entry, users.of(entry), hashes.get(index) or entry.password_hash)
        for index, entry in enumerate(file.users)
    ]
    faults += _clashes(file, "users", file.users, user_rows, users)
    user_rows = _with_managers(file, user_rows, users.overlaid(user_rows), faults, notes)
    groups_of = _groups_of(file, user_rows, groups.overlaid(group_rows), faults)
    if faults:
        raise InvalidDirectory(faults)
    return Merged(user_rows, group_rows, groups_of, notes)


def _group_row(entry: FileGroup, stored: GroupRow | None) -> GroupRow:
    dn = entry.dn or group_dn(entry.name)
    row = stored or GroupRow(id=entry.uid or dn_guid(dn), dn=dn, title=entry.name)
    return replace(row, title=entry.name, status=entry.status or row.status)


def _user_row(entry: FileUser, stored: UserRow | None, password_hash: str | None) -> UserRow:
    dn = entry.dn or user_dn(entry.name)
    row = stored or UserRow(id=entry.uid or dn_guid(dn), dn=dn, user_name=entry.name)
    if password_hash == row.password_hash:
        password_hash = None
    said = entry.model_dump(include={"first_name", "last_name", "email", "status"}, exclude_none=True)
    return replace(row, user_name=entry.name, password_hash=password_hash, **said)


def _clashes(
    file: DirectoryFile, section: str, entries: Sequence[FileUser | FileGroup], rows: Sequence[Row], stored: Rows[Row]
) -> Iterator[str]:
    """Where an entry would change what is fixed at creation, or take what belongs to another row."""
    first_of: dict[str, int] = {}
    after = stored.overlaid(rows)
    for index, (entry, row) in enumerate(zip(entries, rows, strict=True)):
        place = file.place(section, index)
        if entry.uid is not None and entry.uid != row.id:
            yield f"{place}: has the uid {row.id} already, not {entry.uid}; give that one or leave it out"
        if entry.dn is not None and fold_dn(entry.dn) != fold_dn(row.dn):
            yield f"{place}: has the dn {row.dn} already, not {entry.dn}; give that one or leave it out"
        if first_of.setdefault(row.id, index) != index:
            yield f"{place}: is the same as entry {first_of[row.id] + 1}; leave one of them out"
        elif (other := after.sharing(row)) is not None:
            yield f"{place}: {other.name} ({other.dn}, uid {other.id}) has that name or dn; choose another"
        if isinstance(row, UserRow) and _is_false_administrator(row):
            yield f"{place}: this user name is kept for the administrator; give the dn {ADMINISTRATOR} or another name"


def _is_false_administrator(row: UserRow) -> bool:
    return row.user_name.casefold() == USER_NAME and fold_dn(row.dn) != ADMINISTRATOR


def _with_managers(
    file: DirectoryFile, rows: Sequence[UserRow], people: Rows[UserRow], faults: list[str], notes: list[str]
) -> list[UserRow]:
    """The rows with the DNs of their managers; a DN may be of somebody who is loaded later."""
    managed = list(rows)
    for index, entry in enumerate(file.users):
        if entry.manager is None:
            continue
        found = people.named(entry.manager)
        managed[index] = replace(rows[index], manager=found.dn if found is not None else entry.manager)
        if found is None and is_dn(entry.manager):
            notes.append(f"{file.place('users', index)}: the manager {entry.manager} is not known yet")
        elif found is None:
            faults.append(
                f"{file.place('users', index)}, manager: {entry.manager!a} is nobody; "
                "add that user name to the users or give a dn"
            )
    return managed


def _groups_of(
    file: DirectoryFile, rows: Sequence[UserRow], groups: Rows[GroupRow], faults: list[str]
) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for index, (entry, row) in enumerate(zip(file.users, rows, strict=True)):
        if entry.groups is None:
            continue
        found = {title: groups.named(title) for title in entry.groups}
        ids[row.id] = [group.id for group in found.values() if group is not None]
        faults += [
            f"{file.place('users', index)}, groups: there is no group {title!a}; add it to the groups"
            for title, group in found.items()
            if group is None
        ]
    return ids


def _left_out(file: DirectoryFile) -> list[str]:
    """What the file has and this version does not keep: it has people and groups, and no roles yet."""
    parts = [part for part in ("roles", "permissions", "role_permissions") if getattr(file, part)]
    if any(user.role or user.role_code for user in file.users):
        parts.append("the users' roles")
    return (
        [f"{file.file_name}: {', '.join(parts)} were checked and not stored: there are no roles yet"] if parts else []
    )
