"""Whether somebody still has something to answer."""

from __future__ import annotations

from sqlalchemy import and_, select

from placet.core.names import fold_dn
from placet.store.directory_version import Transaction
from placet.store.tables import group_member, name, user_account, user_group, work_item

#: As the indexes over open items say it.
OPEN = work_item.c.status < 2


def is_addressed(tx: Transaction, dn: str) -> bool:
    """Whether an open work item asks a user or a group."""
    asked = select(name.c.id).where(name.c.folded == fold_dn(dn)).scalar_subquery()
    query = select(work_item.c.number).where(work_item.c.addressee == asked, OPEN)
    return tx.execute(query.limit(1)).first() is not None


def has_claimed(tx: Transaction, dn: str) -> bool:
    """Whether a user holds an open work item of one of his groups."""
    me = select(name.c.id).where(name.c.folded == fold_dn(dn)).scalar_subquery()
    groups = (
        select(name.c.id)
        .join(user_group, user_group.c.folded == name.c.folded)
        .join(group_member, group_member.c.group_id == user_group.c.id)
        .join(user_account, user_account.c.id == group_member.c.user_id)
        .where(user_account.c.folded == fold_dn(dn))
    )
    query = select(work_item.c.number).where(and_(work_item.c.addressee.in_(groups), work_item.c.owner == me, OPEN))
    return tx.execute(query.limit(1)).first() is not None
