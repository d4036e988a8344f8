"""What a file of people says of roles and permissions, laid over those that are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

from placet.core.defaults import ADMINISTRATOR_ROLE
from placet.core.names import dn_guid
from placet.core.permissions import SYSTEM_ROLES
from placet.directory.file import DirectoryFile, FilePermission, FileRole
from placet.store.people import ACTIVE
from placet.store.roles import PermissionRow, RoleRow

Grant = tuple[str, str]  # the uid of a role and that of a permission
Row = TypeVar("Row", RoleRow, PermissionRow)


class Coded(Generic[Row]):
    """Roles or permissions, found by uid or code."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.by_id: dict[str, Row] = {row.id: row for row in rows}
        self.by_code: dict[str, Row] = {}
        for row in self.by_id.values():
            self.by_code.setdefault(row.code.casefold(), row)

    def named(self, text: str) -> Row | None:
        """The one of a uid or a code."""
        return self.by_id.get(text.lower()) or self.by_code.get(text.casefold())


@dataclass(frozen=True, slots=True)
class Roles:
    """Roles and permissions, and which of them hold what."""

    roles: Coded[RoleRow] = field(default_factory=Coded)
    permissions: Coded[PermissionRow] = field(default_factory=Coded)
    grants: frozenset[Grant] = frozenset()


def merge_roles(file: DirectoryFile, stored: Roles, now: datetime, faults: list[str], notes: list[str]) -> Roles:
    """The file's roles are added or changed; its permissions are all that there are, as are those of each role."""
    said = [_role_row(entry, stored.roles, now) for entry in file.roles]
    roles = Coded((stored.roles.by_id | {row.id: row for row in said}).values())
    faults += _role_faults(file, said, roles)
    permissions = stored.permissions
    if file.permissions is not None:
        made = [_permission_row(entry, stored.permissions) for entry in file.permissions]
        permissions = Coded(made)
        faults += _twice(file, "permissions", [(row.id, row.code.casefold()) for row in made])
    given = _given(file, roles, permissions, faults)
    every = frozenset((ADMINISTRATOR_ROLE, uid) for uid in permissions.by_id)
    if not every <= given.get(ADMINISTRATOR_ROLE, every):
        notes.append(f"{file.file_name}: the administrator's role holds every permission, whatever is said of it")
    kept = {pair for pair in stored.grants if pair[0] not in given and pair[1] in permissions.by_id}
    return Roles(roles, permissions, frozenset(kept.union(*given.values())) | every)


def _given(
    file: DirectoryFile, roles: Coded[RoleRow], permissions: Coded[PermissionRow], faults: list[str]
) -> dict[str, frozenset[Grant]]:
    """All that each role of which the file says it is to hold, by its uid."""
    given: dict[str, frozenset[Grant]] = {}
    for name, held in file.role_permissions.items():
        place = f"{file.file_name}, role_permissions, {name}"
        role = roles.named(name)
        found = {each: permissions.named(each) for each in held}
        if role is None:
            faults.append(f"{place}: there is no such role; give the uid or code of one, or add it to the roles")
        elif role.id in given:
            faults.append(f"{place}: the role is there twice; leave one of them out")
        else:
            given[role.id] = frozenset((role.id, each.id) for each in found.values() if each is not None)
        faults += [
            f"{place}: there is no permission {each!a}; give the uid or code of one, or add it to the permissions"
            for each, permission in found.items()
            if permission is None
        ]
    return given


def _role_row(entry: FileRole, stored: Coded[RoleRow], now: datetime) -> RoleRow:
    row = (stored.by_id.get(entry.uid) if entry.uid else None) or stored.named(entry.name)
    if row is None:
        uid = entry.uid or dn_guid(f"rol_code={entry.name}")
        row = RoleRow(id=uid, code=entry.name, name=entry.title or entry.name, created_at=now)
    changed = replace(row, code=entry.name, name=entry.title or row.name, status=str(entry.status or row.status))
    return changed if row == changed else replace(changed, updated_at=now)


def _permission_row(entry: FilePermission, stored: Coded[PermissionRow]) -> PermissionRow:
    row = (stored.by_id.get(entry.uid) if entry.uid else None) or stored.named(entry.name)
    uid = entry.uid or (row.id if row is not None else dn_guid(f"per_code={entry.name}"))
    title, status = (entry.name, ACTIVE) if row is None else (row.name, row.status)
    return PermissionRow(id=uid, code=entry.name, name=entry.title or title, status=str(entry.status or status))


def _role_faults(file: DirectoryFile, rows: Sequence[RoleRow], after: Coded[RoleRow]) -> Iterator[str]:
    """Where an entry contradicts another, takes a stored role's code, or would change the administrator's role."""
    yield from _twice(file, "roles", [(row.id, row.code.casefold()) for row in rows])
    for index, (entry, row) in enumerate(zip(file.roles, rows, strict=True)):
        place = file.place("roles", index)
        if entry.uid is not None and entry.uid != row.id:
            yield f"{place}: has the uid {row.id} already, not {entry.uid}; give that one or leave it out"
        elif (other := after.by_code[row.code.casefold()]).id != row.id:
            yield f"{place}: the role with the uid {other.id} has that code; choose another"
        if row.id == ADMINISTRATOR_ROLE and (row.code, row.status) != (SYSTEM_ROLES.administrator, ACTIVE):
            yield f"{place}: the administrator's role keeps its code and stays active; leave it out"


def _twice(file: DirectoryFile, section: str, keys: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Entries that have the uid or the code of one before."""
    first: dict[str, int] = {}
    for index, key in enumerate(keys):
        before = min((first.setdefault(part, index) for part in key), default=index)
        if before != index:
            yield f"{file.place(section, index)}: is the same as entry {before + 1}; leave one of them out"
