"""Numbers that go up when something kept in memory has changed in the database."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, cast, func, literal_column, select

from placet.store.database import insert_into
from placet.store.tables import counter

#: Those that go up with what a batch is decided by, and with who has to be told of it.
WATCHED = ("definitions", "directory", "webhooks")

_ALL = "SELECT name, value FROM counter"  # every batch asks for them: SQLAlchemy's own part would take the longest


def value(tx: Connection, name: str) -> int:
    return tx.execute(select(counter.c.value).where(counter.c.name == name)).scalar() or 0


def values(tx: Connection) -> dict[str, int]:
    """All counters, in one statement."""
    return {name: value for name, value in tx.exec_driver_sql(_ALL)}  # noqa: C416  # rows are no pairs to mypy


def watched(values: Mapping[str, int]) -> int:
    """What tells two states of the watched counters apart: none of them ever goes down."""
    return sum(values.get(name, 0) for name in WATCHED)


def still(known: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the watched counters are as they were when they were this in all."""
    names = [literal_column(f"'{name}'", Text()) for name in WATCHED]
    now = select(func.coalesce(func.sum(counter.c.value), literal_column("0"))).where(counter.c.name.in_(names))
    return cast(now.scalar_subquery(), BigInteger) == known


def raise_to(tx: Connection, name: str, value: int) -> None:
    """Set a counter, unless it is higher already."""
    statement = insert_into(tx, counter).values(name=name, value=value)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[counter.c.name], set_={"value": value}, where=counter.c.value < value
        )
    )


def bump(tx: Connection, name: str) -> int:
    """Count one more; gives the new number."""
    statement = insert_into(tx, counter).values(name=name, value=1)
    counted = statement.on_conflict_do_update(index_elements=[counter.c.name], set_={"value": counter.c.value + 1})
    return int(tx.execute(counted.returning(counter.c.value)).scalar_one())
