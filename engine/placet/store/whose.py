"""Whose a process is: all that is stored of it and that rights ask for."""

from __future__ import annotations

from sqlalchemy import Connection, select

from placet.core.access import Row
from placet.store import work_items
from placet.store.names import Names
from placet.store.search import find_process
from placet.store.tables import former_addressee, work_item
from placet.store.visible import Reader
from placet.store.world import World


def find_row(tx: Connection, world: World, process_id: str, who: Reader) -> Row | None:
    """A process that a reader may see, with its items and with who had one that went to somebody else."""
    found = find_process(tx, world, process_id, who)
    if found is None:
        return None
    names = Names(world.names)
    items = tx.execute(select(work_item).where(work_item.c.process_id == process_id)).all()
    query = select(former_addressee.c.addressee).where(former_addressee.c.process_id == process_id)
    former = tx.execute(query).scalars().all()
    names.fetch(tx, former)
    had = [names.dn(number) for number in former]
    return Row(found.process, found.definition, work_items.to_records(tx, items, names), had)
