"""What a file of people means for the stored ones: a row for each entry, or all in which the two disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from placet.core.defaults import ADMINISTRATOR_ROLE, OPERATOR_ROLE
from placet.core.names import dn_guid, fold_dn, fold_user_name, group_dn, is_dn, user_dn
from placet.core.people import ADMINISTRATOR
from placet.directory.administrator import USER_NAME, is_administrator
from placet.directory.file import DirectoryFile, FileGroup, FileUser
from placet.directory.merge_roles import Roles, merge_roles
from placet.errors import InvalidDirectory
from placet.store.groups import GroupRow
from placet.store.people import UserRow

Row = TypeVar("Row", UserRow, GroupRow)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored when a file is laid over it, at one version of the directory."""

    users: Rows[UserRow]
    groups: Rows[GroupRow]
    roles: Roles
    members: frozenset[tuple[str, str]] = frozenset()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """A row for each user and group of the file, in its order; `groups_of` has ids by the id of a user."""

    users: list[UserRow]
    groups: list[GroupRow]
    groups_of: dict[str, list[str]]
    roles: Roles
    notes: list[str]


class Rows(Generic[Row]):
    """Stored rows, found again by what a file says of them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_id: dict[str, Row] = {row.id: row for row in rows}
        self._by_dn: dict[str, list[Row]] = {}
        self._by_name: dict[str, list[Row]] = {}
        for row in self.by_id.values():
            self._by_dn.setdefault(fold_dn(row.dn), []).append(row)
            if row.name:  # who was deleted has none
                self._by_name.setdefault(fold_user_name(row.name), []).append(row)

    def named(self, text: str) -> Row | None:
        """The row of a name or a DN."""
        found = self._by_name.get(fold_user_name(text)) or self._by_dn.get(fold_dn(text))
        return found[0] if found else None

    def of(self, entry: FileUser | FileGroup) -> Row | None:
        """The row that an entry is about: that of its uid, else of its name, else of its DN."""
        found = self.by_id.get(entry.uid) if entry.uid else None
        return found or self.named(entry.name) or (self.named(entry.dn) if entry.dn else None)

    def sharing(self, row: Row) -> Row | None:
        """Another row that has the same name or the same DN."""
        same = [*self._by_name.get(fold_user_name(row.name), ()), *self._by_dn.get(fold_dn(row.dn), ())]
        return next((other for other in same if other.id != row.id), None)

    def overlaid(self, rows: Iterable[Row]) -> Rows[Row]:
        """These rows as they will be once those are written."""
        return Rows((self.by_id | {row.id: row for row in rows}).values())


def merge(file: DirectoryFile, stored: Stored, hashes: Mapping[int, str], now: datetime) -> Merged:
    """Lay a file over what is stored; `hashes` has the hashes of plain passwords by the index of the user.

    A user's row has a password hash only where the file brings a new one. Raises `InvalidDirectory` with all faults.
    """
    faults: list[str] = []
    notes: list[str] = []
    roles = merge_roles(file, stored.roles, now, faults, notes)
    users, groups = stored.users, stored.groups
    group_rows = [_group_row(entry, groups.of(entry)) for entry in file.groups]
    faults += _clashes(file, "groups", file.groups, group_rows, groups)
    user_rows = [
        _user_row(entry, users.of(entry), hashes.get(index) or entry.password_hash)
        for index, entry in enumerate(file.users)
    ]
    faults += _clashes(file, "users", file.users, user_rows, users)
    user_rows = _with_roles(file, user_rows, users, roles, faults)
    after = users.overlaid(user_rows)
    user_rows = _with_managers(file, user_rows, after, faults, notes)
    groups_of = _groups_of(file, user_rows, groups.overlaid(group_rows), faults)
    if faults:
        raise InvalidDirectory(faults)
    return Merged(user_rows, group_rows, groups_of, roles, notes)


def _group_row(entry: FileGroup, stored: GroupRow | None) -> GroupRow:
    dn = entry.dn or group_dn(entry.name)
    row = stored or GroupRow(id=entry.uid or dn_guid(dn), dn=dn, title=entry.name)
    return replace(row, title=entry.name, status=entry.status or row.status)


def _user_row(entry: FileUser, stored: UserRow | None, password_hash: str | None) -> UserRow:
    dn = entry.dn or user_dn(entry.name)
    row = stored or UserRow(id=entry.uid or dn_guid(dn), dn=dn, user_name=entry.name)
    if password_hash == row.password_hash:
        password_hash = None
    said = {name: getattr(entry, name) for name in ("first_name", "last_name", "email", "status", "due_on")}
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if entry.profile:
        given["profile"] = {**(row.profile or {}), **entry.profile}
    return replace(row, user_name=entry.name, password_hash=password_hash, **given)


def _clashes(
    file: DirectoryFile, section: str, entries: Sequence[FileUser | FileGroup], rows: Sequence[Row], stored: Rows[Row]
) -> Iterator[str]:
    """Where an entry would change what is fixed at creation, or take what belongs to another row."""
    first_of: dict[str, int] = {}
    after = stored.overlaid(rows)
    for index, (entry, row) in enumerate(zip(entries, rows, strict=True)):
        if entry.uid is not None and entry.uid != row.id:
            place = file.place(section, index)
            yield f"{place}: has the uid {row.id} already, not {entry.uid}; give that one or leave it out"
        if entry.dn is not None and fold_dn(entry.dn) != fold_dn(row.dn):
            place = file.place(section, index)
            yield f"{place}: has the dn {row.dn} already, not {entry.dn}; give that one or leave it out"
        if first_of.setdefault(row.id, index) != index:
            yield f"{file.place(section, index)}: is the same as entry {first_of[row.id] + 1}; leave one of them out"
        elif (other := after.sharing(row)) is not None:
            place = file.place(section, index)
            yield f"{place}: {other.name} ({other.dn}, uid {other.id}) has that name or dn; choose another"
        if isinstance(row, UserRow) and _is_false_administrator(row):
            yield (
                f"{file.place(section, index)}: this user name is kept for the administrator; "
                f"give the dn {ADMINISTRATOR} or another name"
            )


def _is_false_administrator(row: UserRow) -> bool:
    return fold_user_name(row.user_name) == USER_NAME and not is_administrator(row)


def _with_roles(
    file: DirectoryFile, rows: Sequence[UserRow], stored: Rows[UserRow], roles: Roles, faults: list[str]
) -> list[UserRow]:
    """The rows with their roles: the file's, else what is stored, else of the new the operator's."""
    given = list(rows)
    for index, (entry, row) in enumerate(zip(file.users, rows, strict=True)):
        role_id = OPERATOR_ROLE if row.id not in stored.by_id else row.role
        if entry.says_role:
            named = entry.role or entry.role_code
            found = None if named is None else roles.roles.named(named)
            if named is not None and found is None:
                faults.append(
                    f"{file.place('users', index)}, role: there is no role {named!a}; "
                    "give the uid or code of one, or add it to the roles"
                )
            role_id = None if found is None else found.id
        if is_administrator(row):
            if entry.says_role and role_id != ADMINISTRATOR_ROLE:
                faults.append(
                    f"{file.place('users', index)}, role: the administrator always has PROCESSMAKER_ADMIN; "
                    "give that one or leave it out"
                )
            role_id = ADMINISTRATOR_ROLE
        given[index] = replace(row, role=role_id) if role_id != row.role else row
    return given


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
