"""What a file changes about people: how it is written, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from placet.core.names import fold_user_name
from placet.directory.merge import Merged, Stored
from placet.store import audit, former_names, groups, people, roles, sessions, tokens
from placet.store.directory_version import Transaction, bump
from placet.store.groups import GroupRow
from placet.store.people import UserRow
from placet.store.roles import PermissionRow, RoleRow

#: What is being done, how much of it has been, and of how much (0: nobody knows).
Progress: TypeAlias = Callable[[str, int, int], None]
#: The kind of an entry of the audit trail, whom it is about, and what was and is.
Told: TypeAlias = tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]
_Pairs: TypeAlias = frozenset[tuple[str, str]]

_USER = ("user_name", "first_name", "last_name", "email", "manager", "status", "due_on", "profile")


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows to write, the new ones apart from those that replace stored ones; false where there are none."""

    stored: Stored
    merged: Merged
    new_users: list[UserRow]
    changed_users: list[UserRow]
    new_groups: list[GroupRow]
    changed_groups: list[GroupRow]
    new_roles: list[RoleRow]
    changed_roles: list[RoleRow]
    permissions: list[PermissionRow] | None  # all that there will be; None where they stay as they are
    given: _Pairs
    taken: _Pairs
    joining: _Pairs
    leaving: _Pairs

    def __bool__(self) -> bool:
        users, others = self.new_users or self.changed_users, self.new_groups or self.changed_groups
        rights = self.new_roles or self.changed_roles or self.permissions or self.given or self.taken
        return bool(users or others or rights or self.joining or self.leaving)

    def write(self, tx: Transaction, *, at: datetime, actor: str | None, file_name: str, progress: Progress) -> bool:
        """Write everything with its trail, or return False where people have changed since they were compared."""
        if bump(tx) != self.stored.version + 1:
            return False
        roles.upsert_roles(tx, self.new_roles + self.changed_roles)
        if self.permissions is not None:
            roles.replace_permissions(tx, self.permissions)
        roles.change_grants(tx, self.given, self.taken)
        groups.upsert_groups(tx, self.new_groups + self.changed_groups)
        users = self.new_users + self.changed_users
        people.upsert_users(tx, users, lambda done: progress("Writing", done, len(users)))
        groups.change_members(tx, self.joining, self.leaving)
        former_names.keep(tx, self._given_up())
        for user in self.changed_users:
            if self._ends_access(user):
                sessions.end_of_user(tx, user.id)
                tokens.end_of_user(tx, user.id)
        progress("Writing the audit trail", 0, 0)
        audit.add_many(tx, self.told(file_name), at=at, actor=actor)
        return True

    def _given_up(self) -> list[tuple[str, str]]:
        """The user names that somebody had and has no more, with his id."""
        before = self.stored.users.by_id
        changed = ((before[user.id].user_name, user) for user in self.changed_users)
        return [(name, user.id) for name, user in changed if name and fold_user_name(name) != fold_user_name(user.name)]

    def _ends_access(self, user: UserRow) -> bool:
        """Whether sessions and tokens of a changed user end: with his password, his status or his role."""
        before = self.stored.users.by_id[user.id]
        lost_role = user.role is None and before.role is not None
        return user.password_hash is not None or user.status != before.status or lost_role

    def told(self, file_name: str) -> Iterator[Told]:
        """What is written into the audit trail: a line for each change, and one for the file."""
        yield from _of_users(self)
        yield from _of_roles(self)
        yield from _of_groups(self)
        counts = {
            "users_added": len(self.new_users),
            "users_changed": len(self.changed_users),
            "groups_added": len(self.new_groups),
            "groups_changed": len(self.changed_groups),
            "roles_added": len(self.new_roles),
            "roles_changed": len(self.changed_roles),
        }
        yield "directory.loaded", file_name, None, counts


def changes_of(merged: Merged, stored: Stored, now: datetime) -> Changes:
    """What has to be written so that everything is as a file has it."""
    known = stored.users.by_id
    changed_users = [row for row in merged.users if row.id in known and _differs(row, known[row.id])]
    wanted = {(group_id, user_id) for user_id, held in merged.groups_of.items() for group_id in held}
    members = {pair for pair in stored.members if pair[1] in merged.groups_of}
    before, after = stored.roles, merged.roles
    permissions = after.permissions.by_id
    said_roles = [row for uid, row in after.roles.by_id.items() if row != before.roles.by_id.get(uid)]
    return Changes(
        stored=stored,
        merged=merged,
        new_users=[replace(row, created_at=now) for row in merged.users if row.id not in known],
        changed_users=[replace(row, updated_at=now) for row in changed_users],
        new_groups=[row for row in merged.groups if row.id not in stored.groups.by_id],
        changed_groups=[row for row in merged.groups if row != stored.groups.by_id.get(row.id, row)],
        new_roles=[row for row in said_roles if row.id not in before.roles.by_id],
        changed_roles=[row for row in said_roles if row.id in before.roles.by_id],
        permissions=None if permissions == before.permissions.by_id else list(permissions.values()),
        given=after.grants - before.grants,
        taken=frozenset(pair for pair in before.grants - after.grants if pair[1] in permissions),
        joining=frozenset(wanted - members),
        leaving=frozenset(members - wanted),
    )


def _differs(row: UserRow, stored: UserRow) -> bool:
    return row != replace(stored, password_hash=None)  # a row with a hash brings a new one


def _of_users(changes: Changes) -> Iterator[Told]:
    for row in changes.new_users:
        yield "user.created", row.dn, None, {name: value for name in _USER if (value := getattr(row, name))}
        if row.role is not None:
            yield "role.assigned", row.dn, {"role": None}, {"role": row.role}
    for row in changes.changed_users:
        old = changes.stored.users.by_id[row.id]
        names = [name for name in _USER if getattr(row, name) != getattr(old, name)]
        if names:
            before, after = ({name: getattr(each, name) for name in names} for each in (old, row))
            yield "user.changed", row.dn, before, after
        if row.role != old.role:
            kind = "role.unassigned" if row.role is None else "role.assigned"
            yield kind, row.dn, {"role": old.role}, {"role": row.role}
        if row.password_hash is not None:
            yield "password.changed", row.dn, None, None


def _of_roles(changes: Changes) -> Iterator[Told]:
    after, before = changes.merged.roles, changes.stored.roles
    for row in changes.new_roles:
        yield "role.created", row.id, None, _role(row)
    for row in changes.changed_roles:
        yield "role.changed", row.id, _role(before.roles.by_id[row.id]), _role(row)
    for role_id, permission_id in sorted(changes.given):
        yield "permission.given", role_id, None, {"permission": after.permissions.by_id[permission_id].code}
    for role_id, permission_id in sorted(before.grants - after.grants):
        yield "permission.taken", role_id, {"permission": before.permissions.by_id[permission_id].code}, None


def _role(row: RoleRow) -> dict[str, Any]:
    return {"code": row.code, "name": row.name, "status": row.status}


def _of_groups(changes: Changes) -> Iterator[Told]:
    stored = changes.stored
    for row in changes.new_groups:
        yield "group.created", row.dn, None, _group(row)
    for row in changes.changed_groups:
        yield "group.changed", row.dn, _group(stored.groups.by_id[row.id]), _group(row)
    users = stored.users.by_id | {row.id: row for row in changes.merged.users}
    groups_by_id = stored.groups.by_id | {row.id: row for row in changes.merged.groups}
    for group_id, user_id in sorted(changes.joining):
        yield "group.joined", users[user_id].dn, None, {"group": groups_by_id[group_id].dn}
    for group_id, user_id in sorted(changes.leaving):
        yield "group.left", users[user_id].dn, {"group": groups_by_id[group_id].dn}, None


def _group(row: GroupRow) -> dict[str, Any]:
    return {"title": row.title, "status": row.status}
