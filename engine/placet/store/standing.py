"""Where a process stands: all that is stored of it and says why it waits."""

from __future__ import annotations

from sqlalchemy import Connection, select

from placet.core.access import Row
from placet.core.flow import Flow
from placet.core.people import Directory
from placet.core.permissions import Permission
from placet.core.waiting import HELPING, MOST_LOOKED_AT, Standing
from placet.store import incidents, jobs, trail
from placet.store.names import Names
from placet.store.search import find_process
from placet.store.tables import user_account
from placet.store.visible import Reader
from placet.store.whose import find_row
from placet.store.world import World

_MOST_ROLES = 500


def find_standing(tx: Connection, world: World, process_id: str, who: Reader) -> Standing | None:
    """Where a process stands that a reader may see; of its children he learns of those that he may see too."""
    row = find_row(tx, world, process_id, who)
    while row is not None:
        standing = _standing(tx, world, row, who)
        now = find_row(tx, world, process_id, who)
        if now is None or now.process.revision == row.process.revision:
            return standing
        row = now  # it moved between two statements, each of which sees what is committed by then
    return None


def _standing(tx: Connection, world: World, row: Row, who: Reader) -> Standing:
    names, flow, process_id = Names(world.names), Flow.load(row.process.flow), row.process.id
    children = [find_process(tx, world, token.child, who) for token in flow.tokens.values() if token.child]
    return Standing(
        row=row,
        jobs=jobs.load(tx, [process_id]),
        incidents=incidents.load(tx, [process_id], [], names),
        events=trail.events_of(tx, process_id, names),
        children={found.process.id: found.process for found in children if found is not None},
        holders={permission: _holders(tx, world.directory, permission) for permission in HELPING},
    )


def _holders(tx: Connection, directory: Directory, permission: Permission) -> list[str]:
    """The DNs of some who have a role that holds a permission: as many as are looked at, and one more."""
    roles = [role.id for role in directory.roles.values() if role.active and permission in role.permissions]
    c = user_account.c
    query = select(c.dn).where(c.role.in_(sorted(roles)[:_MOST_ROLES])).limit(MOST_LOOKED_AT + 1)
    return list(tx.execute(query).scalars())
