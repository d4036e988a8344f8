"""Groups and their members, as they are stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update

from placet.core.names import fold_dn
from placet.store.bulk import AT_ONCE, Bulk, Upsert
from placet.store.database import insert_into
from placet.store.directory_version import Transaction, bump
from placet.store.people import ACTIVE
from placet.store.tables import group_member, user_group


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One stored group, without its members."""

    id: str
    dn: str
    title: str
    status: str = ACTIVE

    @property
    def name(self) -> str:
        return self.title


GROUP_COLUMNS = [user_group.c[name] for name in GroupRow.__dataclass_fields__]
_UPSERT = Upsert(user_group, user_group.c.keys())
_JOIN = Bulk(insert(group_member), group_member.c.keys())


def groups(tx: Transaction) -> list[GroupRow]:
    """All groups, in the order of their uids."""
    return [GroupRow(**row) for row in tx.execute(select(*GROUP_COLUMNS).order_by(user_group.c.id)).mappings()]


def find_group(tx: Transaction, group_id: str) -> GroupRow | None:
    """A group by uid."""
    row = tx.execute(select(*GROUP_COLUMNS).where(user_group.c.id == group_id)).mappings().first()
    return None if row is None else GroupRow(**row)


def memberships(tx: Transaction) -> set[tuple[str, str]]:
    """Who is in what, as pairs of a group's id and a user's."""
    found: set[tuple[str, str]] = set()
    group_id, user_id = group_member.c.group_id, group_member.c.user_id
    query = select(group_id, user_id).order_by(group_id, user_id).limit(5 * AT_ONCE)
    page = tx.execute(query).all()
    while page:
        found |= {(row.group_id, row.user_id) for row in page}
        last = page[-1]
        behind = or_(group_id > last.group_id, and_(group_id == last.group_id, user_id > last.user_id))
        page = tx.execute(query.where(behind)).all() if len(page) == 5 * AT_ONCE else []
    return found


def add_group(tx: Transaction, row: GroupRow) -> bool:
    """Add a group, or return False where its id or DN is taken."""
    made = insert_into(tx, user_group).values(**group_values(row), changed=0).on_conflict_do_nothing()
    if tx.execute(made.returning(user_group.c.id)).first() is None:
        return False
    _touch(tx, [row.id])
    return True


def upsert_groups(tx: Transaction, rows: Collection[GroupRow]) -> None:
    """Add groups or change those of the same id."""
    if rows:
        number = bump(tx)
        _UPSERT.run(tx, [group_values(row) | {"changed": number} for row in rows])


def remove_group(tx: Transaction, group_id: str) -> bool:
    """Remove a group with its members' places in it, or return False where there is none."""
    if find_group(tx, group_id) is None:
        return False
    bump(tx)
    tx.execute(delete(group_member).where(group_member.c.group_id == group_id))
    return tx.execute(delete(user_group).where(user_group.c.id == group_id)).rowcount > 0


def join(tx: Transaction, group_id: str, user_id: str) -> bool:
    """Put a user into a group, or return False where he is in it."""
    joined = insert_into(tx, group_member).values(group_id=group_id, user_id=user_id).on_conflict_do_nothing()
    if tx.execute(joined.returning(group_member.c.user_id)).first() is None:
        return False
    _touch(tx, [group_id])
    return True


def leave(tx: Transaction, group_id: str, user_id: str) -> bool:
    """Take a user out of a group, or return False where he is not in it."""
    pair = group_member.c.group_id == group_id, group_member.c.user_id == user_id
    if tx.execute(delete(group_member).where(*pair)).rowcount == 0:
        return False
    _touch(tx, [group_id])
    return True


def set_members(tx: Transaction, groups_of: Mapping[str, Collection[str]]) -> None:
    """Make each user (by id) a member of exactly the groups (by id) that are given for him."""
    wanted = {(group_id, user_id) for user_id, group_ids in groups_of.items() for group_id in group_ids}
    stored = {pair for pair in memberships(tx) if pair[1] in groups_of}
    change_members(tx, wanted - stored, stored - wanted)


def change_members(tx: Transaction, joining: Collection[tuple[str, str]], leaving: Collection[tuple[str, str]]) -> None:
    """Add and remove memberships: pairs of a group's id and a user's."""
    touched = sorted({group_id for group_id, _ in (*joining, *leaving)})
    if touched:
        _touch(tx, touched)
    for group_id, user_id in sorted(leaving):
        pair = group_member.c.group_id == group_id, group_member.c.user_id == user_id
        tx.execute(delete(group_member).where(*pair))
    rows = [{"group_id": group_id, "user_id": user_id} for group_id, user_id in sorted(joining)]
    for start in range(0, len(rows), AT_ONCE):
        _JOIN.run(tx, rows[start : start + AT_ONCE])


def group_values(row: GroupRow) -> dict[str, Any]:
    return asdict(row) | {"folded": fold_dn(row.dn)}


def _touch(tx: Transaction, group_ids: Collection[str]) -> None:
    """Say of groups that they have changed."""
    number, ids = bump(tx), list(group_ids)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        tx.execute(update(user_group).where(user_group.c.id.in_(some)).values(changed=number))
