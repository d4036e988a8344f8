"""The minute, hour, day, week, month or year of a time, in SQL that gives the same on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Text, cast, func, literal_column, type_coerce

from placet.store.database.either import either
from placet.store.types import Moment

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_WIDTHS = {"minute": _MINUTE, "hour": 60 * _MINUTE, "day": _DAY, "week": 7 * _DAY}
_TO_MONDAY = 3 * _DAY  # 1970 began on a Thursday


def bucket_of(at: ColumnElement[Any], bucket: str) -> ColumnElement[Any]:
    """When the bucket of `placet.query.query.BUCKETS` begins that a time lies in, in UTC; weeks begin on Mondays."""
    millis = type_coerce(at, BigInteger)
    if bucket in _WIDTHS:
        shift = literal_column(str(_TO_MONDAY if bucket == "week" else 0), BigInteger)
        width = literal_column(str(_WIDTHS[bucket]), BigInteger)
        into = (((millis + shift) % width) + width) % width  # also before 1970
        return type_coerce(millis - into, Moment())
    return type_coerce(either(sqlite=_on_sqlite(millis, bucket), postgresql=_on_postgresql(millis, bucket)), Moment())


def _on_sqlite(millis: ColumnElement[int], bucket: str) -> ColumnElement[int]:
    day = millis / literal_column("86400000.0") + literal_column("2440587.5")  # as SQLite counts them, to the year 9999
    return cast(func.strftime("%s", day, f"start of {bucket}", type_=Text()), Integer) * literal_column("1000")


def _on_postgresql(millis: ColumnElement[int], bucket: str) -> ColumnElement[int]:
    moment: ColumnElement[Any] = literal_column("timestamp '1970-01-01'") + millis * literal_column(
        "interval '1 millisecond'"
    )
    return cast(func.extract("epoch", func.date_trunc(bucket, moment)) * literal_column("1000"), BigInteger)
