"""Who may see what, as conditions of a query: rights are part of every read, never applied afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, ScalarSelect, and_, or_, select, true

from placet.core.names import fold_dn
from placet.core.statuses import WorkItemStatus
from placet.store.tables import former_addressee, name, process, work_item
from placet.store.world import World


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the folded DNs that stand for him, or everything where he may see everything."""

    dn: str | None  # None: the engine itself
    everything: bool
    names: tuple[str, ...] = field(default=())


def reader(world: World, actor: str | None) -> Reader:
    """What an actor may see, as of the directory that is loaded."""
    if actor is None:
        return Reader(None, everything=True)
    groups = [group.dn for group in world.directory.groups_of(actor)]
    names = tuple(fold_dn(dn) for dn in [actor, *groups])
    return Reader(actor, world.directory.is_administrator(actor), names)


def _number(folded: str) -> ScalarSelect[int]:
    return select(name.c.id).where(name.c.folded == folded).scalar_subquery()


def own_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a process of which each makes it a reader's own."""
    me = _number(who.names[0])
    return [process.c.initiator == me, process.c.recipient == me]


def involved_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a work item of which each lets a reader see its process: he has or had it, or acted on it."""
    acted = and_(work_item.c.actor == _number(who.names[0]), work_item.c.actor != work_item.c.addressee)
    return [*(work_item.c.addressee == _number(folded) for folded in who.names), acted]


def had_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a former addressee of which each lets a reader see the process."""
    return [former_addressee.c.addressee == _number(folded) for folded in who.names]


def visible_processes(who: Reader) -> ColumnElement[bool]:
    """Initiator, recipient, and whoever has or had an item."""
    if who.everything:
        return true()
    items = select(work_item.c.number).where(work_item.c.process_id == process.c.id, or_(*involved_of(who)))
    had = select(former_addressee.c.addressee).where(former_addressee.c.process_id == process.c.id, or_(*had_of(who)))
    return or_(*own_of(who), items.exists(), had.exists())


def visible_items(who: Reader) -> ColumnElement[bool]:
    """Items addressed to somebody, himself or through a group unless another of it has claimed them, or done by him."""
    if who.everything:
        return true()
    me = _number(who.names[0])
    unclaimed = or_(work_item.c.status != WorkItemStatus.CLAIMED.value, work_item.c.owner == me)
    mine = [work_item.c.addressee == me, and_(work_item.c.actor == me, work_item.c.actor != work_item.c.addressee)]
    if len(who.names) > 1:
        groups = select(name.c.id).where(name.c.folded.in_(who.names[1:]))
        mine.append(and_(work_item.c.addressee.in_(groups), unclaimed))
    return or_(*mine)
