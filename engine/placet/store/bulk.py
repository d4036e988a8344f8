"""Writing many rows with one statement that is compiled once.

SQLAlchemy looks at every parameter of every row each time that a statement runs; half of the time that a batch spends
on the way to the database goes there. What a row's values become follows from the columns' types all the same.

PostgreSQL is given the rows of an INSERT as one JSON text, and all INSERTs of a batch as one statement: it is asked
once where it would otherwise be asked for every row of every table, and the driver has one value to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, MutableMapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Delete,
    Dialect,
    Insert,
    LargeBinary,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from placet.store import counters
from placet.store.database import HasMoved
from placet.store.types import HexId, Moment

Convert = Callable[[Any], Any]
Row: TypeAlias = MutableMapping[str, Any]

_WATCHED = "watched"
#: Rows that one statement reads or writes of many.
AT_ONCE = 1000


class Bulk:
    """An INSERT, UPDATE or DELETE whose rows are mappings with the names of its parameters."""

    def __init__(self, statement: Insert | Update | Delete, columns: Sequence[str] = ()) -> None:
        """`columns` are those that an INSERT fills; the others name their parameters themselves."""
        self.statement, self.columns = statement, tuple(columns)
        self._converted = [
            (name, to)
            for name in self.columns
            if isinstance(statement, Insert) and (to := _json_form(statement.table.c[name].type)) is not None
        ]
        self._compiled: dict[str, tuple[str, Callable[[Any], Sequence[Any]], list[tuple[int, Convert]]]] = {}

    def run(self, tx: Connection, rows: Sequence[Row]) -> int:
        """Write the rows, if any; gives how many were met, -1 where the driver does not tell."""
        if not rows:
            return 0
        if self.columns and tx.dialect.name == "postgresql":
            return _insert_all(tx, [(self, self.as_json(rows))])
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

    def as_json(self, rows: Sequence[Row]) -> str:
        """Rows, which are used up, as one JSON text."""
        for name, to in self._converted:
            for row in rows:
                row[name] = to(row[name])
        return orjson.dumps(rows).decode()

    def _compile(self, dialect: Dialect) -> tuple[str, Callable[[Any], Sequence[Any]], list[tuple[int, Convert]]]:
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=self.columns or None)
        names = compiled.positiontup  # SQLite is given a value for each place that a parameter stands in
        forms = [stored_form(compiled.binds[name].type, dialect) for name in names]
        pick = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
        return str(compiled), pick, [(place, to) for place, to in enumerate(forms) if to is not None]


class Inserts:
    """Rows for several tables, which `run` adds; on PostgreSQL by one statement."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx
        self._filled: list[tuple[Bulk, Sequence[Row]]] = []
        self._as_json: list[tuple[Bulk, str]] = []

    def add(self, bulk: Bulk, rows: Sequence[Row]) -> None:
        """Have rows added; what JSON cannot hold fails here, before the server is told anything."""
        if rows and self.tx.dialect.name == "postgresql":
            self._as_json.append((bulk, bulk.as_json(rows)))
        elif rows:
            self._filled.append((bulk, rows))

    def run(self, watched: int | None = None) -> None:
        """Add the rows; on PostgreSQL only while the watched counters are this in all.

        Raises `HasMoved` where they are not, or where no row says whether they are.
        """
        if self.tx.dialect.name != "postgresql":
            for bulk, rows in self._filled:
                bulk.run(self.tx, rows)
        elif (not self._as_json or not _insert_all(self.tx, self._as_json, watched)) and watched is not None:
            raise HasMoved


#: The INSERTs of the combinations of tables that have been written to so far, with and without a look at the counters.
_together: dict[tuple[bool, tuple[Bulk, ...]], tuple[str, Sequence[str]]] = {}


def _insert_all(tx: Connection, filled: Sequence[tuple[Bulk, str]], watched: int | None = None) -> int:
    """Insert rows, as JSON, by one statement of PostgreSQL; gives how many it were of the last table."""
    key = watched is not None, tuple(bulk for bulk, _ in filled)
    known = _together.get(key)
    if known is None:
        known = _together[key] = _joined(*key, tx.dialect)
    sql, names = known
    values: dict[str, Any] = {_given(place): rows for place, (_, rows) in enumerate(filled)}
    values[_WATCHED] = watched
    return tx.exec_driver_sql(sql, tuple(map(values.__getitem__, names))).rowcount


def _given(place: int) -> str:
    return f"rows_{place}"


def _joined(watches: bool, bulks: Sequence[Bulk], dialect: Dialect) -> tuple[str, Sequence[str]]:
    """Several INSERTs as one statement, and what it is given in which order."""
    *others, last = [_from_json(bulk, place, watches) for place, bulk in enumerate(bulks)]
    statement = last.add_cte(*(other.cte(f"other_{place}") for place, other in enumerate(others)))
    compiled: Any = statement.compile(dialect=dialect)
    return str(compiled), compiled.positiontup


def _from_json(bulk: Bulk, place: int, watches: bool) -> Insert:
    """An INSERT of the rows that are given as one text."""
    assert isinstance(bulk.statement, Insert)
    columns = [bulk.statement.table.c[name] for name in bulk.columns]
    given = func.json_to_recordset(cast(bindparam(_given(place), type_=Text()), JSON))
    forms = [column(each.name, Text() if _is_binary(each.type) else each.type) for each in columns]
    rows = given.table_valued(*forms).render_derived(with_types=True)
    values = [
        func.decode(rows.c[each.name], literal_column("'hex'")) if _is_binary(each.type) else rows.c[each.name]
        for each in columns
    ]
    query = select(*values)
    if watches:
        query = query.where(counters.still(bindparam(_WATCHED, type_=BigInteger())))
    return bulk.statement.from_select(bulk.columns, query, include_defaults=False)


def _is_binary(kind: TypeEngine[Any]) -> bool:
    return isinstance(kind, (HexId, LargeBinary))


def _json_form(kind: TypeEngine[Any]) -> Convert | None:
    """How a value of a column is written in JSON; none: as it is."""
    if isinstance(kind, Moment):
        return kind.stored
    return _hex if isinstance(kind, LargeBinary) else None


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


class Upsert:
    """An INSERT that changes rows whose id is there already; of the `kept` columns those that it brings nothing for."""

    def __init__(self, table: Table, columns: Sequence[str], kept: Collection[str] = ()) -> None:
        self._bulks = {
            "postgresql": Bulk(_upsert(postgresql.insert(table), table, columns, kept), columns),
            "sqlite": Bulk(_upsert(sqlite.insert(table), table, columns, kept), columns),
        }

    def run(self, tx: Connection, rows: Sequence[Row]) -> None:
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
