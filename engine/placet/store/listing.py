"""Listings of processes: pages of rows without data items, made for reading again and again, or a million of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Dialect,
    LargeBinary,
    Select,
    bindparam,
    select,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from placet.core.definition import Definition
from placet.query.ast import Node
from placet.store.by_key import rows_by_key
from placet.store.database import bare_rows
from placet.store.names import Names
from placet.store.page import AFTER, Page, page_of_ids, page_query
from placet.store.prepared import Prepared
from placet.store.processes import LATE_CHANGES
from placet.store.tables import counter, process
from placet.store.types import HexId
from placet.store.visible import Reader
from placet.store.world import World

_MOST_STATEMENTS = 500
_MOST_KEPT = 20_000
#: Longer pages are of collections that are read out; their rows are not kept.
_LONGEST_KEPT = 200


class ProcessRow(NamedTuple):
    """One process of a listing. Its id is as it is stored, its times are milliseconds since 1970 in UTC.

    `definition` is a key of the listing's `definitions`; the statuses are numbers of their enumerations.
    """

    id: bytes
    definition: int
    initiator: str
    recipient: str
    process_status: int
    approval_status: int
    created_at: int
    completed_at: int | None
    correlation_id: str | None
    proxy: str | None
    engine_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class ProcessListing:
    """A page of rows, and the definition versions that they name."""

    rows: Sequence[ProcessRow]
    definitions: Mapping[int, Definition]

    @property
    def is_short(self) -> bool:
        """Whether its rows are kept, so that the next listing gives the very same ones where nothing has changed."""
        return len(self.rows) <= _LONGEST_KEPT

    def cursor(self, at: int) -> tuple[str]:
        """Where a page ends whose last row is the one at this place."""
        return (self.rows[at].id.hex(),)


def list_processes(tx: Connection, world: World, wanted: Node | None, who: Reader, page: Page) -> ProcessListing:
    """A page in order of creation; of a short one only rows that have changed since they were last read are fetched."""
    rows: Sequence[ProcessRow] | None = None
    is_short = page.limit <= _LONGEST_KEPT
    if is_short and not who.everything and tx.dialect.name == "sqlite":
        rows = _of_ids(
            tx, world, [id_ for (id_,) in _statement(tx, world, _IDS, wanted, who, page).page(tx, who, page)]
        )
    elif is_short:
        rows = _kept(tx, world, _statement(tx, world, _KEYS, wanted, who, page).page(tx, who, page))
    if rows is None:
        rows = _rows(tx, world, _statement(tx, world, _COLUMNS, wanted, who, page).page(tx, who, page))
        if is_short:
            _keep(world, rows)
    return ProcessListing(rows, {row: world.definition(tx, row) for row in {row.definition for row in rows}})


def _of_ids(tx: Connection, world: World, ids: Sequence[bytes]) -> list[ProcessRow]:
    """The rows of these ids, for who has his ids from indexes alone: SQLite takes as long again to look at each row.

    Those of processes that have ended are taken as they are, for as long as none of all that had ended has changed.
    """
    ended = _ended(tx, world)
    rows = list(map(ended.get, ids))
    unsure = [id_ for id_, row in zip(ids, rows, strict=True) if row is None]
    if not unsure:
        return rows  # type: ignore[return-value]  # none of them is missing
    found = _kept(tx, world, rows_by_key(tx, _SELECT_KEYS, _ID, unsure))
    if found is None:
        found = _rows(tx, world, rows_by_key(tx, _SELECT_ROWS, _ID, unsure))
        _keep(world, found)
    fresh = {row.id: row for row in found}
    ended.update({id_: row for id_, row in fresh.items() if row.completed_at is not None})
    return [fresh[id_] if row is None else row for id_, row in zip(ids, rows, strict=True)]


def _ended(tx: Connection, world: World) -> dict[bytes, ProcessRow]:
    """The kept rows of processes that have ended, as they are in this transaction."""
    counted = bare_rows(tx, _select_late_changes(tx.dialect), (LATE_CHANGES,))
    late = counted[0][0] if counted else 0
    known = world.ended
    if known[0] != late:
        known = world.ended = late, {}
    return known[1]


def _kept(tx: Connection, world: World, keys: Sequence[tuple[bytes, int]]) -> Sequence[ProcessRow] | None:
    """The rows of these ids at these revisions; None where many are new, or one has since moved on."""
    kept: dict[bytes, ProcessRow] = world.rows
    rows = [kept.get(id_) for id_, _ in keys]
    stale = [key for key, row in zip(keys, rows, strict=True) if row is None or row[_REVISION] != key[1]]
    if len(stale) > len(keys) // 4:
        return None
    if stale:
        fresh = {row.id: row for row in _rows(tx, world, rows_by_key(tx, _SELECT_ROWS, _ID, [id_ for id_, _ in stale]))}
        if any(id_ not in fresh or fresh[id_].revision != revision for id_, revision in stale):
            return None
        _keep(world, fresh.values())
        rows = [fresh.get(key[0], row) for key, row in zip(keys, rows, strict=True)]
    return rows  # type: ignore[return-value]  # none of them is missing any more


def _keep(world: World, rows: Iterable[ProcessRow]) -> None:
    if len(world.rows) > _MOST_KEPT:
        world.rows.clear()
        world.ended = -1, {}
    world.rows.update({row.id: row for row in rows})


def _rows(tx: Connection, world: World, stored: Sequence[tuple[Any, ...]]) -> list[ProcessRow]:
    """Stored rows with DNs in place of their numbers."""
    if not stored:
        return []
    columns: list[Sequence[Any]] = list(zip(*stored, strict=True))  # a column at a time is twice as fast as a row
    numbers = {number for column in _NAMED for number in set(columns[column])}
    names = Names(world.names)
    names.fetch(tx, numbers)
    names.committed()
    dns = {number: names.optional_dn(number) for number in numbers}
    for column in _NAMED:
        columns[column] = list(map(dns.__getitem__, columns[column]))
    return list(map(ProcessRow._make, zip(*columns, strict=True)))


# -- statements ----------------------------------------------------------------------------------

_AS_STORED: dict[str, TypeEngine[Any]] = {"id": LargeBinary(), "created_at": BigInteger(), "completed_at": BigInteger()}
_COLUMNS = tuple(
    type_coerce(process.c[column], _AS_STORED[column]).label(column) if column in _AS_STORED else process.c[column]
    for column in ProcessRow._fields
)
_REVISION = ProcessRow._fields.index("revision")
_KEYS = (_COLUMNS[0], _COLUMNS[_REVISION])
_IDS = _COLUMNS[:1]
_ID = _COLUMNS[0]
_SELECT_KEYS, _SELECT_ROWS = select(*_KEYS), select(*_COLUMNS)
_NAMED = [ProcessRow._fields.index(column) for column in ("initiator", "recipient", "proxy", "engine_id")]


class _Statement(Prepared):
    """A query for pages; only where a page begins and who reads change from page to page."""

    def page(self, tx: Connection, who: Reader, page: Page) -> Sequence[tuple[Any, ...]]:
        given = who.parameters
        if page.after is not None:
            given[AFTER] = HexId.stored(page.after[0])
        return self.run(tx, given)


def _statement(
    tx: Connection, world: World, columns: Sequence[Any], wanted: Node | None, who: Reader, page: Page
) -> _Statement:
    """What is asked again and again, page after page, is put together once; half of the time of a page goes there."""
    kept = world.catalog.listings
    readers = who if wanted is not None else who.kind  # a filter may ask for what is the reader's own
    key = (len(columns), wanted, readers, page.limit, page.newest_first, page.after is None)
    found = kept.get(key)
    if found is None:
        if len(kept) >= _MOST_STATEMENTS:
            kept.clear()
        query: Select[Any] | CompoundSelect[Any]
        if columns is _IDS:
            query = page_of_ids(world, wanted, who, page, tx.dialect)
        else:
            query = page_query(columns, world, wanted, who, page, tx.dialect)
        found = kept[key] = _Statement(query, tx.dialect)
    return found


@lru_cache
def _select_late_changes(dialect: Dialect) -> str:
    return str(select(counter.c.value).where(counter.c.name == bindparam("name")).compile(dialect=dialect))
