"""Who may see what, as conditions of a query: rights are part of every read, never applied afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, literal_column, or_, select, true

from placet.core.access import Act, permits
from placet.core.names import fold_dn
from placet.core.people import StandIn
from placet.core.standing_in import covers, stood_in_for
from placet.core.statuses import WorkItemStatus
from placet.store.tables import former_addressee, name, process, work_item
from placet.store.world import World

_MOST_PARTS = 100  # a query of more than 500 parts is refused by SQLite


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody absent whose open items are a reader's meanwhile; `definitions` None stands for all of them.

    They are DNs, and `rows` the rows of all their versions.
    """

    folded: str
    definitions: tuple[str, ...] | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the folded DNs that stand for him, or everything where he may see everything."""

    dn: str | None  # None: the engine itself
    everything: bool
    names: tuple[str, ...] = field(default=())
    absent: tuple[Absent, ...] = field(default=())


def reader(world: World, actor: str | None, now: datetime | None = None, tx: Connection | None = None) -> Reader:
    """What an actor may see, as of the directory that is loaded; without a time nobody stands in for anybody."""
    if actor is None:
        return Reader(None, everything=True)
    directory = world.directory
    names = tuple(fold_dn(dn) for dn in [actor, *(group.dn for group in directory.groups_of(actor))])
    absent: tuple[Absent, ...] = ()
    if now is not None and tx is not None:
        absent = tuple(_absent(tx, world, each) for each in stood_in_for(directory, actor, now))
    return Reader(actor, permits(directory, actor, Act.READ), names, absent)


def _absent(tx: Connection, world: World, absence: StandIn) -> Absent:
    if absence.definition is None and absence.category is None:
        return Absent(absence.person)
    latest = [world.definition(tx, version.row) for version in world.catalog.latest()]
    rows = {each.dn: world.catalog.rows_of(each.guid) for each in latest}
    known = [world.definition(tx, row) for found in rows.values() for row in found]
    covered = [each for each in known if covers(absence, each)]
    return Absent(
        absence.person, tuple(sorted({each.dn for each in covered})), tuple(sorted(each.row for each in covered))
    )


def _number(folded: str) -> ScalarSelect[int]:
    return select(name.c.id).where(name.c.folded == folded).scalar_subquery()


def own_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a process of which each makes it a reader's own."""
    me = _number(who.names[0])
    return [process.c.initiator == me, process.c.recipient == me, process.c.proxy == me]


def involved_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a work item of which each lets a reader see its process: he has or had it, or acted on it."""
    acted = and_(work_item.c.actor == _number(who.names[0]), work_item.c.actor != work_item.c.addressee)
    return [*_each_of(work_item.c.addressee, who), acted, *map(_open_of, who.absent)]


def _each_of(addressee: ColumnElement[int], who: Reader) -> list[ColumnElement[bool]]:
    """A condition for each of a reader's names; of somebody in very many groups one for the last of them."""
    each = [addressee == _number(folded) for folded in who.names[:_MOST_PARTS]]
    if rest := who.names[_MOST_PARTS:]:
        each.append(addressee.in_(select(name.c.id).where(name.c.folded.in_(rest))))
    return each


def _open_of(absent: Absent) -> ColumnElement[bool]:
    """The open items of somebody absent, in processes of the definitions that his absence is about."""
    is_open = work_item.c.status < literal_column("2")  # in the words of the partial index
    whose = and_(work_item.c.addressee == _number(absent.folded), is_open)
    return whose if absent.definitions is None else and_(whose, process.c.definition.in_(absent.rows))


def had_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a former addressee of which each lets a reader see the process."""
    return _each_of(former_addressee.c.addressee, who)


def visible_processes(who: Reader) -> ColumnElement[bool]:
    """Initiator, recipient, the proxy who started it, whoever has or had an item, and who stands in for one of them."""
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
    mine += map(_open_of, who.absent)
    if len(who.names) > 1:
        groups = select(name.c.id).where(name.c.folded.in_(who.names[1:]))
        mine.append(and_(work_item.c.addressee.in_(groups), unclaimed))
    return or_(*mine)
