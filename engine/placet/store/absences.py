"""Absences as rows: whose work goes to whom for a time. A change moves the directory's version on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from placet.store.people import touch_user
from placet.store.stand_ins import StandIns
from placet.store.tables import absence


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


_stored = StandIns(absence, "delegate", AbsenceRow)
lock, add = _stored.lock, _stored.add
find, page, of_user = _stored.find, _stored.page, _stored.of_user


def remove(tx: Connection, row_id: str) -> bool:
    """Take an absence back; False where there is none. Its user counts as changed: his delegate answers no more."""
    lock(tx)
    row = find(tx, row_id)
    if row is None:
        return False
    touch_user(tx, row.user_id)
    return _stored.remove(tx, row_id)
