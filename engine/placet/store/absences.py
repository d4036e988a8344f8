"""Absences as rows: whose work goes to whom for a time. A change moves the directory's version on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select

from placet.store.directory_version import bump
from placet.store.tables import absence, user_account


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRow:
    """The work of a user goes to a delegate: all, of one category, or of one definition (a DN); no end is for good."""

    id: str
    user_id: str
    delegate_id: str
    category: str | None = None
    definition: str | None = None
    from_at: datetime
    to_at: datetime | None = None
    created_at: datetime
    person: str = ""  # the DNs of both, where the row was read
    delegate: str = ""


_person, _other = user_account.alias(), user_account.alias()
_NAMES = [column.key for column in absence.c]
_FOUND = (
    select(absence, _person.c.dn.label("person"), _other.c.dn.label("delegate"))
    .join(_person, _person.c.id == absence.c.user_id)
    .join(_other, _other.c.id == absence.c.delegate_id)
)


def lock(tx: Connection) -> None:
    """Let nobody else change anything of the directory until this transaction ends; comes before reading."""
    bump(tx)


def add(tx: Connection, row: AbsenceRow) -> None:
    """Store a row; `lock` comes before it."""
    tx.execute(insert(absence).values({name: getattr(row, name) for name in _NAMES}))


def remove(tx: Connection, absence_id: str) -> bool:
    """Take an absence back; False where there is none."""
    lock(tx)
    return tx.execute(delete(absence).where(absence.c.id == absence_id)).rowcount == 1


def find(tx: Connection, absence_id: str) -> AbsenceRow | None:
    row = tx.execute(_FOUND.where(absence.c.id == absence_id)).mappings().first()
    return None if row is None else AbsenceRow(**row)


def absences(
    tx: Connection, *, concerning: str | None = None, after: str | None = None, limit: int | None = None
) -> list[AbsenceRow]:
    """Those behind an id, in the order in which they were made; no limit gives all.

    With `concerning`, the id of a user, only those that he is one of the two of.
    """
    query = _FOUND.order_by(absence.c.id).limit(limit)
    if concerning is not None:
        query = query.where(or_(absence.c.user_id == concerning, absence.c.delegate_id == concerning))
    if after is not None:
        query = query.where(absence.c.id > after)
    return [AbsenceRow(**row) for row in tx.execute(query).mappings()]


def of_user(tx: Connection, user_id: str) -> list[AbsenceRow]:
    """Those in whose name it is."""
    return [AbsenceRow(**row) for row in tx.execute(_FOUND.where(absence.c.user_id == user_id)).mappings()]
