"""Roles, permissions and who has which, as they are stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from placet.core.defaults import ADMINISTRATOR_ROLE, OPERATOR_ROLE, PERMISSIONS, ROLES, uid
from placet.core.names import fold_dn
from placet.core.people import ADMINISTRATOR, Role
from placet.core.permissions import EVERY_PERMISSION, SYSTEM_ROLES
from placet.store.bulk import AT_ONCE, Bulk, Upsert
from placet.store.database import insert_into
from placet.store.directory_version import Transaction, bump
from placet.store.people import ACTIVE, INACTIVE, UserRow
from placet.store.tables import permission, role, role_permission, user_account


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """One stored role, without its permissions; its code is compared without case."""

    id: str
    code: str
    name: str
    status: str = ACTIVE
    created_at: datetime
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRow:
    """One stored permission; an inactive one allows nothing, whoever holds it."""

    id: str
    code: str
    name: str
    status: str = ACTIVE


ROLE_COLUMNS = [role.c[name] for name in RoleRow.__dataclass_fields__]
PERMISSION_COLUMNS = [permission.c[name] for name in PermissionRow.__dataclass_fields__]
_UPSERT_ROLES = Upsert(role, role.c.keys())
_UPSERT_PERMISSIONS = Upsert(permission, permission.c.keys())
_GIVE = Bulk(insert(role_permission), role_permission.c.keys())


# -- roles -----------------------------------------------------------------------------------------


def roles(tx: Transaction) -> list[RoleRow]:
    """All roles, by code."""
    return [RoleRow(**row) for row in tx.execute(select(*ROLE_COLUMNS).order_by(role.c.folded)).mappings()]


def find_role(tx: Transaction, role_id: str) -> RoleRow | None:
    """A role by uid."""
    return _one_role(tx, role.c.id == role_id)


def find_role_by_code(tx: Transaction, code: str) -> RoleRow | None:
    """A role by code, in any case."""
    return _one_role(tx, role.c.folded == code.casefold())


def _one_role(tx: Transaction, condition: Any) -> RoleRow | None:
    row = tx.execute(select(*ROLE_COLUMNS).where(condition)).mappings().first()
    return None if row is None else RoleRow(**row)


def add_role(tx: Transaction, row: RoleRow) -> bool:
    """Add a role, or return False where its id or code is taken."""
    made = insert_into(tx, role).values(**role_values(row), changed=0).on_conflict_do_nothing()
    if tx.execute(made.returning(role.c.id)).first() is None:
        return False
    _touch_roles(tx, [row.id])
    return True


def change_role(tx: Transaction, row: RoleRow) -> bool:
    """Store a role as it now is, or return False where there is none of its id."""
    change = update(role).where(role.c.id == row.id).values(**role_values(row), changed=bump(tx))
    return tx.execute(change).rowcount > 0


def remove_role(tx: Transaction, role_id: str) -> bool:
    """Remove a role with what it holds, or return False where there is none; whoever has it has none then."""
    number = bump(tx)
    tx.execute(delete(role_permission).where(role_permission.c.role_id == role_id))
    tx.execute(update(user_account).where(user_account.c.role == role_id).values(role=None, changed=number))
    return tx.execute(delete(role).where(role.c.id == role_id)).rowcount > 0


def upsert_roles(tx: Transaction, rows: Collection[RoleRow]) -> None:
    """Add roles or change those of the same id."""
    if rows:
        number = bump(tx)
        _UPSERT_ROLES.run(tx, [role_values(row) | {"changed": number} for row in rows])


def role_values(row: RoleRow) -> dict[str, Any]:
    return asdict(row) | {"folded": row.code.casefold()}


def _touch_roles(tx: Transaction, role_ids: Collection[str]) -> None:
    """Say of roles that they have changed."""
    tx.execute(update(role).where(role.c.id.in_(role_ids)).values(changed=bump(tx)))


# -- permissions -----------------------------------------------------------------------------------


def permissions(tx: Transaction) -> list[PermissionRow]:
    """All permissions, by code."""
    query = select(*PERMISSION_COLUMNS).order_by(permission.c.code)
    return [PermissionRow(**row) for row in tx.execute(query).mappings()]


def find_permission(tx: Transaction, permission_id: str) -> PermissionRow | None:
    """A permission by uid."""
    row = tx.execute(select(*PERMISSION_COLUMNS).where(permission.c.id == permission_id)).mappings().first()
    return None if row is None else PermissionRow(**row)


def permissions_of(tx: Transaction, role_id: str) -> list[PermissionRow]:
    """What a role was given, also what is not active, by code."""
    held = role_permission, role_permission.c.permission_id == permission.c.id
    query = select(*PERMISSION_COLUMNS).join(*held).where(role_permission.c.role_id == role_id)
    return [PermissionRow(**row) for row in tx.execute(query.order_by(permission.c.code)).mappings()]


def grants(tx: Transaction) -> set[tuple[str, str]]:
    """Every role's permissions, as pairs of a role's uid and a permission's."""
    return {(row.role_id, row.permission_id) for row in tx.execute(select(role_permission))}


def give_permission(tx: Transaction, role_id: str, permission_id: str) -> bool:
    """Add a permission to a role, or return False where it holds it already."""
    pair = {"role_id": role_id, "permission_id": permission_id}
    given = insert_into(tx, role_permission).values(pair).on_conflict_do_nothing()
    if tx.execute(given.returning(role_permission.c.role_id)).first() is None:
        return False
    _touch_roles(tx, [role_id])
    return True


def take_permission(tx: Transaction, role_id: str, permission_id: str) -> bool:
    """Take a permission from a role, or return False where it does not hold it."""
    pair = role_permission.c.role_id == role_id, role_permission.c.permission_id == permission_id
    if tx.execute(delete(role_permission).where(*pair)).rowcount == 0:
        return False
    _touch_roles(tx, [role_id])
    return True


def replace_permissions(tx: Transaction, rows: Collection[PermissionRow]) -> None:
    """Make these all the permissions that there are; roles keep what is still among them."""
    known = {row.id for row in rows}
    gone = [row.id for row in permissions(tx) if row.id not in known]
    tx.execute(delete(role_permission).where(role_permission.c.permission_id.in_(gone)))
    tx.execute(delete(permission).where(permission.c.id.in_(gone)))
    _UPSERT_PERMISSIONS.run(tx, [asdict(row) for row in rows])
    tx.execute(update(role).values(changed=bump(tx)))  # which of them hold one whose status changed is not asked


def change_grants(tx: Transaction, given: Collection[tuple[str, str]], taken: Collection[tuple[str, str]]) -> None:
    """Give and take permissions: pairs of a role's uid and a permission's."""
    for role_id, permission_id in sorted(taken):
        pair = role_permission.c.role_id == role_id, role_permission.c.permission_id == permission_id
        tx.execute(delete(role_permission).where(*pair))
    rows = [{"role_id": role_id, "permission_id": permission_id} for role_id, permission_id in sorted(given)]
    _GIVE.run(tx, rows)
    touched = sorted({role_id for role_id, _ in (*given, *taken)})
    for start in range(0, len(touched), AT_ONCE):
        _touch_roles(tx, touched[start : start + AT_ONCE])


# -- who has which ---------------------------------------------------------------------------------


def set_role(tx: Transaction, user_id: str, role_id: str | None) -> bool:
    """Give a user one role, or none, instead of the one he has; False where there is no such user."""
    change = update(user_account).where(user_account.c.id == user_id).values(role=role_id, changed=bump(tx))
    return tx.execute(change).rowcount > 0


# -- as decisions see them -------------------------------------------------------------------------


def as_decided(
    role_id: str, code: str, name: str, codes: Iterable[str], every_code: Iterable[str], *, active: bool
) -> Role:
    """A role with the codes of the active permissions that it holds; the administrator's always holds all."""
    is_administrators = code == SYSTEM_ROLES.administrator
    held = EVERY_PERMISSION.union(every_code) if is_administrators else frozenset(codes)
    return Role(role_id, code, name, is_administrators or active, frozenset(held))


def role_of(tx: Transaction, user: UserRow) -> Role | None:
    """A user's role."""
    row = find_role(tx, user.role) if user.role else None
    if row is None:
        return None
    held = [each.code for each in permissions_of(tx, row.id) if each.status == ACTIVE]
    every_code = [each.code for each in permissions(tx) if each.status == ACTIVE]
    return as_decided(row.id, row.code, row.name, held, every_code, active=row.status == ACTIVE)


# -- from the start --------------------------------------------------------------------------------


def seed_defaults(tx: Transaction, now: datetime) -> bool:
    """Add the default roles and permissions where there is no role yet; False where there is one.

    Users who are there already, of a database of an earlier release, get the operator's role, and the administrator
    his own.
    """
    if _is_seeded(tx):
        return False
    number = bump(tx)
    if _is_seeded(tx):  # by another program, for whose end the counter made us wait
        return False
    _UPSERT_ROLES.run(
        tx,
        [
            role_values(RoleRow(id=uid(each), code=code, name=name, created_at=now, updated_at=now))
            | {"changed": number}
            for each, code, name, _ in ROLES
        ],
    )
    _UPSERT_PERMISSIONS.run(
        tx,
        [
            asdict(PermissionRow(id=uid(p.number), code=p.code, name=p.name, status=ACTIVE if p.active else INACTIVE))
            for p in PERMISSIONS
        ],
    )
    held = [(uid(each), uid(p.number)) for each, _, _, letter in ROLES for p in PERMISSIONS if letter in p.roles]
    _GIVE.run(tx, [{"role_id": role_id, "permission_id": permission_id} for role_id, permission_id in held])
    without = update(user_account).where(user_account.c.role.is_(None))
    tx.execute(
        without.where(user_account.c.folded == fold_dn(ADMINISTRATOR)).values(role=ADMINISTRATOR_ROLE, changed=number)
    )
    tx.execute(without.values(role=OPERATOR_ROLE, changed=number))
    return True


def _is_seeded(tx: Transaction) -> bool:
    return tx.execute(select(role.c.id).limit(1)).first() is not None
