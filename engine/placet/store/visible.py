"""Who may see what, as conditions of a query: rights are part of every read, never applied afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, literal_column, or_, select, true

from placet.core.access import Act, permits
from placet.core.names import fold_dn
from placet.core.people import StandIn
from placet.core.standing_in import covers, stood_in_for
from placet.core.statuses import WorkItemStatus
from placet.store.names import Names
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
    """Who reads: the folded DNs that stand for him, or everything where he may see everything.

    `numbers` are those that stand for his names in rows, None where they are not at hand.
    """

    dn: str | None  # None: the engine itself
    everything: bool
    names: tuple[str, ...] = field(default=())
    absent: tuple[Absent, ...] = field(default=())
    numbers: tuple[int | None, ...] = field(default=())

    @property
    def kind(self) -> object:
        """What the conditions of two readers have in common who differ in the values of `parameters` alone."""
        if self.absent or len(self.names) > _MOST_PARTS:
            return self
        return None if self.everything else tuple(number is None for number in self.numbers)

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the parameters of this reader's conditions, by name."""
        values: dict[str, Any] = {}
        for at, (folded, number) in enumerate(zip(self.names, self.numbers, strict=True)):
            values[f"name{at}"], values[f"number{at}"] = folded, number
        return values


def reader(world: World, actor: str | None, now: datetime | None = None, tx: Connection | None = None) -> Reader:
    """What an actor may see, as of the directory that is loaded; without a time nobody stands in for anybody."""
    if actor is None:
        return Reader(None, everything=True)
    directory = world.directory
    names = tuple(fold_dn(dn) for dn in [actor, *(group.dn for group in directory.groups_of(actor))])
    absent: tuple[Absent, ...] = ()
    numbers: Iterable[int | None] = map(world.names.numbers.get, names)
    if now is not None and tx is not None:
        absent = tuple(_absent(tx, world, each) for each in stood_in_for(directory, actor, now))
        numbers = Names(world.names).look_for(tx, names)
    return Reader(actor, permits(directory, actor, Act.READ), names, absent, tuple(numbers))


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


def _number(who: Reader, at: int = 0) -> ColumnElement[int]:
    """The number of one of a reader's names, the first of which is his own; looked up where it is not at hand."""
    if who.numbers[at] is not None:
        return bindparam(f"number{at}", who.numbers[at], Integer())
    return select(name.c.id).where(name.c.folded == bindparam(f"name{at}", who.names[at])).scalar_subquery()


def own_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a process of which each makes it a reader's own."""
    me = _number(who)
    return [process.c.initiator == me, process.c.recipient == me, process.c.proxy == me]


def involved_of(who: Reader) -> list[ColumnElement[bool]]:
    """The conditions on a work item of which each lets a reader see its process: he has or had it, or acted on it."""
    acted = and_(work_item.c.actor == _number(who), work_item.c.actor != work_item.c.addressee)
    return [*_each_of(work_item.c.addressee, who), acted, *map(_open_of, who.absent)]


def _each_of(addressee: ColumnElement[int], who: Reader) -> list[ColumnElement[bool]]:
    """A condition for each of a reader's names; of somebody in very many groups one for the last of them."""
    each = [addressee == _number(who, at) for at in range(len(who.names[:_MOST_PARTS]))]
    if rest := who.names[_MOST_PARTS:]:
        each.append(addressee.in_(select(name.c.id).where(name.c.folded.in_(rest))))
    return each


def _open_of(absent: Absent) -> ColumnElement[bool]:
    """The open items of somebody absent, in processes of the definitions that his absence is about."""
    is_open = work_item.c.status < literal_column("2")  # in the words of the partial index
    number = select(name.c.id).where(name.c.folded == absent.folded).scalar_subquery()
    whose = and_(work_item.c.addressee == number, is_open)
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
    me = _number(who)
    unclaimed = or_(work_item.c.status != WorkItemStatus.CLAIMED.value, work_item.c.owner == me)
    mine = [work_item.c.addressee == me, and_(work_item.c.actor == me, work_item.c.actor != work_item.c.addressee)]
    mine += map(_open_of, who.absent)
    if len(who.names) > 1:
        groups = select(name.c.id).where(name.c.folded.in_(who.names[1:]))
        mine.append(and_(work_item.c.addressee.in_(groups), unclaimed))
    return or_(*mine)
