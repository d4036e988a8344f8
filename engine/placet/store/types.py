"""Column types: how Placet's values are kept, the same on both databases."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlalchemy.types import TypeDecorator, TypeEngine


class HexId(TypeDecorator[str]):
    """32 hex digits, kept as 16 bytes: half the space in every key and index."""

    impl = LargeBinary(16)
    cache_ok = True

    @staticmethod
    def stored(value: str | None) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return self.stored(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else value.hex()


class Moment(TypeDecorator[datetime]):
    """An aware UTC time, kept as milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    @staticmethod
    def stored(value: datetime | None) -> int | None:
        return None if value is None else to_millis(value)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return self.stored(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_millis(value)


_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


def to_millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def from_millis(millis: int) -> datetime:
    return _EPOCH + millis * _MILLISECOND  # exact in all years, where a float is not


def to_double(number: float) -> float:
    """The nearest number that a double holds; one that is larger than all of them is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


#: A JSON document; JSONB on PostgreSQL so that data items can be searched.
Document: TypeEngine[Any] = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: A number that counts up by itself; SQLite does that only for its own INTEGER.
Serial: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")

#: A folded text that rows are ordered by: by its characters' numbers, whatever the language of the database.
Folded: TypeEngine[str] = Text().with_variant(TEXT(collation="C"), "postgresql")

Small = SmallInteger
