"""The database's own time, for what nodes say of themselves: no two of their clocks are ever compared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, literal_column, type_coerce

from placet.store.database.either import either

#: Milliseconds, as columns of type `Moment` keep them.
NOW = either(
    sqlite=literal_column("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", BigInteger()),
    postgresql=literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", BigInteger()),
)


def is_past(column: ColumnElement[Any], since: timedelta) -> ColumnElement[bool]:
    """Whether a time lies further back than that."""
    return NOW - type_coerce(column, BigInteger) > since // timedelta(milliseconds=1)
