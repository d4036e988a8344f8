"""Rows of who stands in for whom for a time: absences and proxy grants differ in their table and in what they add."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Table, delete, insert, or_, select

from placet.store.directory_version import bump
from placet.store.tables import user_account

Row = TypeVar("Row")


class StandIns(Generic[Row]):
    """One such table; `other` is what a row calls who stands in. A change moves the directory's version on."""

    def __init__(self, table: Table, other: str, row: type[Row]) -> None:
        person, stand_in = user_account.alias(), user_account.alias()
        self._table, self._row, self._other_id = table, row, table.c[f"{other}_id"]
        self._names = table.c.keys()
        self._found = (
            select(table, person.c.dn.label("person"), stand_in.c.dn.label(other))
            .join(person, person.c.id == table.c.user_id)
            .join(stand_in, stand_in.c.id == self._other_id)
        )

    def lock(self, tx: Connection) -> None:
        """Let nobody else change anything of the directory until this transaction ends; comes before reading."""
        bump(tx)

    def add(self, tx: Connection, row: Row) -> None:
        """Store a row; `lock` comes before it."""
        tx.execute(insert(self._table).values({name: getattr(row, name) for name in self._names}))

    def remove(self, tx: Connection, row_id: str) -> bool:
        """Take a row back; False where there is none."""
        self.lock(tx)
        return tx.execute(delete(self._table).where(self._table.c.id == row_id)).rowcount == 1

    def find(self, tx: Connection, row_id: str) -> Row | None:
        row = tx.execute(self._found.where(self._table.c.id == row_id)).mappings().first()
        return None if row is None else self._row(**row)

    def page(
        self, tx: Connection, *, concerning: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Row]:
        """Those behind an id, in the order in which they were made; no limit gives all.

        With `concerning`, the id of a user, only those that he is one of the two of.
        """
        query = self._found.order_by(self._table.c.id).limit(limit)
        if concerning is not None:
            query = query.where(or_(self._table.c.user_id == concerning, self._other_id == concerning))
        if after is not None:
            query = query.where(self._table.c.id > after)
        return self._rows(tx, query)

    def of_user(self, tx: Connection, user_id: str) -> list[Row]:
        """Those in whose name it is."""
        return self._rows(tx, self._found.where(self._table.c.user_id == user_id))

    def _rows(self, tx: Connection, query: Any) -> list[Row]:
        return [self._row(**row) for row in tx.execute(query).mappings()]
