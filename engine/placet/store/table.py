"""Tables of rows: a page of what a query asks for and its reader may see, in its order and with its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select

from placet.query.fields import DEFINITIONS
from placet.query.query import Table
from placet.store.asked import Asked
from placet.store.cursors import read_cursor, write_cursor
from placet.store.definition_rows import page_of_definitions
from placet.store.fields import PROCESS_COLUMNS
from placet.store.orders import keys_of
from placet.store.page import Page, page_query
from placet.store.plain import columns_of, plain
from placet.store.rows import rows_of, values_in
from placet.store.sorting import joined, parts_behind
from placet.store.visible import Reader
from placet.store.world import World

_MOST_VALUES = 500  # of a condition, for each name that a reader has


def page_of_rows(tx: Connection, world: World, asked: Asked, who: Reader) -> Table:
    """One page, or all rows where the query has no limit; raises `InvalidInput` for a cursor that is not this query's.

    Who may ask for a resource at all has been looked after.
    """
    if asked.resource is DEFINITIONS:
        return page_of_definitions(tx, world, asked)
    paging, found = _Paging(tx, world, asked, who), list[tuple[Any, ...]]()
    for query in paging.selects():
        found += map(tuple, tx.execute(query))
        if asked.limit is not None and len(found) > asked.limit:
            break
    return paging.table(found)


def selects_of_page(tx: Connection, world: World, asked: Asked, who: Reader) -> list[Select[Any]]:
    """The statements that give a page, a second one only where the first may give too few rows."""
    return list(_Paging(tx, world, asked, who).selects())


class _Paging:
    def __init__(self, tx: Connection, world: World, asked: Asked, who: Reader) -> None:
        self._tx, self._world, self._asked, self._who = tx, world, asked, who
        self._rows = rows_of(tx, world, asked.where, who, asked.resource)
        self._stored = [self._rows.stored(path) for path in asked.paths]
        self._keys = keys_of(self._rows, asked.query.sort, asked.where)
        cursor = asked.query.cursor
        self._begin = None if cursor is None else read_cursor(asked, self._keys, cursor)
        keys = [key.column for key in self._keys]
        self._what = [*(column for stored in self._stored for column in columns_of(stored)), *keys]

    def selects(self) -> Iterator[Select[Any]]:
        """The statements, one for each part of the order; each gives one row more than is wanted, if there is one."""
        limit = None if self._asked.limit is None else self._asked.limit + 1
        if limit is not None and self._is_by_id() and not self._who.everything and self._is_short():
            yield self._by_right(limit)
            return
        links = [key.beside[1] for key in self._keys if key.beside is not None]
        for part, behind in parts_behind(self._keys, self._begin):
            query = joined(self._rows.select(*self._what, links=links), self._keys, part).limit(limit)
            yield query.where(*(each for each in (part.condition, behind) if each is not None))

    def _is_by_id(self) -> bool:
        return len(self._keys) == 1 and self._keys[0].column is PROCESS_COLUMNS.key[0]

    def _is_short(self) -> bool:
        """Whether a condition can be said anew for each right without more values than a statement takes."""
        return self._asked.where is None or values_in(self._asked.where) * len(self._who.names) <= _MOST_VALUES

    def _by_right(self, limit: int) -> Select[Any]:
        """Of what a reader sees by each of his rights no more is looked at than a page needs."""
        page = Page(limit, None if self._begin is None else tuple(self._begin), self._keys[0].descending)
        return page_query(self._what, self._world, self._asked.where, self._who, page, self._tx.dialect)

    def table(self, found: Sequence[tuple[Any, ...]]) -> Table:
        """The page that begins these rows, and where the next one begins if there are more of them."""
        limit, cursor = self._asked.limit, None
        if limit is not None and len(found) > limit:
            found = found[:limit]
            if found:
                cursor = write_cursor(self._asked, found[-1][-len(self._keys) :])
        return Table(tuple(path.name for path in self._asked.paths), self._plain(found), cursor)

    def _plain(self, found: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        columns, at = [], 0
        for path, stored in zip(self._asked.paths, self._stored, strict=True):
            width = len(columns_of(stored))
            values = [row[at] if width == 1 else row[at : at + width] for row in found]
            columns.append(plain(self._tx, self._world, path.field, stored, values))
            at += width
        return list(zip(*columns, strict=True))
