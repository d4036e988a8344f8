"""Where a page begins, as a text: of which query, and the values by which the row before it is ordered."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, SmallInteger, literal_column
from sqlalchemy.types import TypeEngine

from placet.core.ids import is_id
from placet.errors import InvalidInput
from placet.query.printer import query_text
from placet.query.storable import unstorable_in
from placet.store.asked import Asked
from placet.store.database.json_values import JsonNumber
from placet.store.sorting import Key
from placet.store.types import HexId, Moment, from_millis, to_millis

_LARGEST = 400  # the exponent of a number; a double has none larger than 308
_PLACE = Key(literal_column("0", Integer), descending=False)
_CHANGED = "it has been changed"


def write_cursor(asked: Asked, values: Sequence[Any]) -> str:
    """The cursor of the page behind the row with these values of all keys."""
    content = orjson.dumps([_mark(asked), *map(_written, values)])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_cursor(asked: Asked, keys: Sequence[Key], cursor: str) -> list[Any]:
    """The values in a cursor; raises `InvalidInput` for one of another query, and for what is none."""
    try:
        content = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        content = None
    if not isinstance(content, list) or len(content) != len(keys) + 1:
        raise _refusal(cursor, "it is no cursor, or one of another query")
    if content[0] != _mark(asked):
        raise _refusal(cursor, "it belongs to another query")
    try:
        return [_read(key, value) for key, value in zip(keys, content[1:], strict=True)]
    except (ValueError, TypeError, ArithmeticError):
        raise _refusal(cursor, _CHANGED) from None


def read_place(asked: Asked, cursor: str) -> int:
    """The place that a cursor holds in a result that is put together in memory; raises as `read_cursor`."""
    [place] = read_cursor(asked, [_PLACE], cursor)
    if place < 0:
        raise _refusal(cursor, _CHANGED)
    return int(place)


def _mark(asked: Asked) -> str:
    """What two queries have in common whose pages can follow each other."""
    text = query_text(replace(asked.query, fields=(), limit=None, cursor=None))
    return hashlib.sha256(f"{asked.resource.name}\n{text}".encode()).hexdigest()[:12]


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_millis(value)
    return str(value) if isinstance(value, Decimal) else value


def _read(key: Key, value: Any) -> Any:
    if value is None:
        if not key.nullable:
            raise ValueError("a key that always has a value")
        return None
    kind = key.column.type
    if isinstance(kind, Moment):
        return from_millis(_of(int, value))
    if isinstance(kind, HexId):
        if not is_id(_of(str, value)):
            raise ValueError("no id")
        return value
    if isinstance(kind, JsonNumber):
        return _decimal(value) if isinstance(value, str) else _number(value)
    return _of(kind.python_type, value, _bits(kind))


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST or len(text) > 2 * _LARGEST:
        raise ValueError("no number that an item has")
    return number


def _number(value: Any) -> int | float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    return int(_of(int, value))


def _bits(kind: TypeEngine[Any]) -> int:
    """How many bits an integer of a column has."""
    if isinstance(kind, SmallInteger):
        return 16
    return 32 if isinstance(kind, Integer) and not isinstance(kind, BigInteger) else 64


def _of(kind: type, value: Any, bits: int = 64) -> Any:
    if type(value) is not kind:
        raise ValueError(f"no {kind.__name__}")
    if isinstance(value, int) and not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError("no number that the column holds")
    if isinstance(value, str) and unstorable_in(value):
        raise ValueError("no text that a column holds")
    return value


def _refusal(cursor: str, reason: str) -> InvalidInput:
    shown = cursor if len(cursor) <= 40 else f"{cursor[:40]}…"
    return InvalidInput(
        f"cursor: {shown!r} is not where a page of this query begins: {reason}. "
        "Give the cursor that came with the page before, with the same condition and the same order; or leave it out."
    )
