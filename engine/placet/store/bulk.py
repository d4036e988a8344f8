"""Writing many rows with one statement that is compiled once.

SQLAlchemy looks at every parameter of every row each time that a statement runs; half of the time that a batch spends
on the way to the database goes there. What a row's values become follows from the columns' types all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Table, Update, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from placet.store.types import HexId, Moment

Convert = Callable[[Any], Any]

#: Rows that one statement reads or writes of many.
AT_ONCE = 1000


class Bulk:
    """An INSERT, UPDATE or DELETE whose rows are mappings with the names of its parameters."""

    def __init__(self, statement: Insert | Update | Delete, columns: Sequence[str] | None = None) -> None:
        """`columns` are those that an INSERT fills; the others name their parameters themselves."""
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, Callable[[Any], Sequence[Any]], list[tuple[int, Convert]]]] = {}

    def run(self, tx: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Write the rows, if any; gives how many were met, -1 where the driver does not tell."""
        if not rows:
            return 0
        known = self._compiled.get(tx.dialect.name)
        if known is None:
            known = self._compiled[tx.dialect.name] = self._compile(tx.dialect)
        sql, pick, converted = known
        values = []
        for row in rows:
            picked = list(pick(row))
            for place, to in converted:
                picked[place] = to(picked[place])
            values.append(tuple(picked))
        return tx.exec_driver_sql(sql, values).rowcount

    def _compile(self, dialect: Dialect) -> tuple[str, Callable[[Any], Sequence[Any]], list[tuple[int, Convert]]]:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        names = compiled.positiontup  # SQLite is given a value for each place that a parameter stands in
        forms = [stored_form(compiled.binds[name].type, dialect) for name in names]
        pick = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
        return str(compiled), pick, [(place, to) for place, to in enumerate(forms) if to is not None]


class Upsert:
    """An INSERT that changes rows whose id is there already; of the `kept` columns those that it brings nothing for."""

    def __init__(self, table: Table, columns: Sequence[str], kept: Collection[str] = ()) -> None:
        self._bulks = {
            "postgresql": Bulk(_upsert(postgresql.insert(table), table, columns, kept), columns),
            "sqlite": Bulk(_upsert(sqlite.insert(table), table, columns, kept), columns),
        }

    def run(self, tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows, so many at a time that nobody else on the loop waits long, in the order of their ids.

        Every writer takes that order, so that no two wait for each other.
        """
        ordered = sorted(rows, key=itemgetter("id"))
        for start in range(0, len(ordered), AT_ONCE):
            self._bulks[tx.dialect.name].run(tx, ordered[start : start + AT_ONCE])


def _upsert(
    statement: postgresql.Insert | sqlite.Insert, table: Table, columns: Sequence[str], kept: Collection[str]
) -> Insert:
    new: dict[str, Any] = {name: statement.excluded[name] for name in columns if name != "id"}
    new |= {name: func.coalesce(new[name], table.c[name]) for name in kept}
    return statement.on_conflict_do_update(index_elements=["id"], set_=new)


def stored_form(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """How a value of a type is stored; of our own types without the layers that SQLAlchemy puts around them."""
    if isinstance(kind, (HexId, Moment)):
        return kind.stored
    return kind.dialect_impl(dialect).bind_processor(dialect)
