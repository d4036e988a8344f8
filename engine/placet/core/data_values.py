"""Readers of single values, one for each type of data item."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from placet.core.definition import DataType
from placet.core.names import is_dn
from placet.errors import InvalidInput
from placet.query.storable import UNSTORABLE
from placet.query.times import date_text, parse_time

MAX_TEXT = 100_000
MAX_DEPTH = 32
MAX_JSON_VALUES = 10_000
MAX_JSON_TEXT = 1_000_000
DIGITS = 15  # so many significant digits a double gives back unchanged

_INTEGER = re.compile(r"[+-]?[0-9]{1,25}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


class Unusable(ValueError):
    """A value that its type cannot take: `what` is wrong with it and what would work."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what, self.remedy = what, remedy


def decimal_text(value: float) -> str:
    """A stored decimal in digits, without exponent and without zeros that say nothing."""
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: Any, length: int | None = 60) -> str:
    """A value as messages show it: JSON where it is, cut to `length`."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    text = UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if length is None or len(text) <= length else text[: length - 1] + "…"


def _string(given: Any) -> str:
    if not isinstance(given, str):
        raise Unusable("is not a text", "give a text in quotes")
    return _text(given)


def _text(given: str) -> str:
    if len(given) > MAX_TEXT:
        raise Unusable(f"has {len(given):,} characters", f"at most {MAX_TEXT:,} work")
    if UNSTORABLE.search(given):
        raise Unusable("holds a character that cannot be stored (NUL or half of a surrogate pair)", "leave that out")
    return given


def _boolean(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.strip().lower() in ("true", "false"):
        return given.strip().lower() == "true"
    raise Unusable("is not a boolean", "give true or false")


def _integer(given: Any) -> int:
    remedy = "give a whole number such as 42"
    if isinstance(given, str) and _INTEGER.fullmatch(given.strip()):
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool):
        raise Unusable("is not an integer", remedy)
    if not -(2**63) <= given < 2**63:
        raise Unusable("does not fit into 64 bits", "give a smaller number")
    return given


def _decimal(given: Any) -> float:
    remedy = f"give a number such as 1250.50, of at most {DIGITS} digits"
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise Unusable("is not a decimal", remedy)
    if isinstance(given, str) and not _DECIMAL.fullmatch(given.strip()):
        raise Unusable("is not a decimal", remedy)
    if isinstance(given, float):
        return _rounded(given, remedy)
    number = Decimal(given)
    if not number.is_finite() or abs(number) >= 10**DIGITS:
        raise Unusable("is too large a number", remedy)
    _, digits, exponent = number.normalize().as_tuple()
    if len(digits) > DIGITS or -int(exponent) > DIGITS:
        raise Unusable(f"has more than {DIGITS} digits", remedy)
    return float(number) + 0.0  # never -0.0


def _rounded(given: float, remedy: str) -> float:
    """A computed number such as 0.1 + 0.2 without the noise beyond its 15 digits."""
    if not math.isfinite(given) or abs(given) >= 10**DIGITS:
        raise Unusable("is too large a number", remedy)
    return round(float(f"{given:.{DIGITS}g}"), DIGITS) + 0.0


def _date(given: Any) -> str:
    try:
        return date_text(given if isinstance(given, datetime) else parse_time(_string(given)))
    except (InvalidInput, Unusable, OverflowError):
        example = "2008-07-23T04:47:15-04:00 or 20080723044715000-0400"
        raise Unusable("is not a date", f"give one such as {example}") from None


def _dn(given: Any) -> str:
    if isinstance(given, str) and is_dn(given):
        return _text(given.strip())
    raise Unusable("is not a distinguished name", "give one such as cn=anna,ou=users,o=placet")


def _binary(given: Any) -> str:
    if isinstance(given, (bytes, bytearray)):
        given = base64.b64encode(given).decode()
    try:
        packed = "".join(given.split()).encode("ascii") if isinstance(given, str) else b"?"
        text = base64.b64encode(base64.b64decode(packed, validate=True)).decode()
    except (binascii.Error, UnicodeEncodeError):
        raise Unusable("is not base64", "give the bytes in base64, such as SGVsbG8=") from None
    if not text:
        raise Unusable("is empty", "leave it out")
    return _text(text)


def _json(given: Any) -> Any:
    """Any JSON value as it stands; looked through level by level, so that depth costs no stack."""
    level, depth, values, characters = [given], 0, 0, 0
    while level:
        depth, values = depth + 1, values + len(level)
        characters += sum(len(value) for value in level if isinstance(value, str))
        if depth > MAX_DEPTH:
            raise Unusable(f"nests deeper than {MAX_DEPTH} levels", "give a flatter value")
        if values > MAX_JSON_VALUES or characters > MAX_JSON_TEXT:
            limits = f"{MAX_JSON_VALUES:,} values or {MAX_JSON_TEXT:,} characters"
            raise Unusable(f"holds more than {limits}", "give a smaller one")
        level = [inner for value in level for inner in _json_parts(value)]
    return given


def _json_parts(value: Any) -> list[Any]:
    """What a value contains; raises Unusable where JSON or a database has no place for it."""
    match value:
        case None | bool():
            return []
        case str():
            _text(value)
        case int():
            _integer(value)
        case float():
            if not math.isfinite(value):
                raise Unusable("holds a number that is not finite", "give finite numbers")
        case list():
            return value
        case Mapping():
            for name in value:
                _string(name)
            return list(value.values())
        case _:
            raise Unusable(f"holds a {type(value).__name__}", "give what JSON has: texts, numbers, lists, objects")
    return []


READERS: Mapping[DataType, Callable[[Any], Any]] = {
    DataType.STRING: _string,
    DataType.BOOLEAN: _boolean,
    DataType.INTEGER: _integer,
    DataType.DECIMAL: _decimal,
    DataType.DATE: _date,
    DataType.DN: _dn,
    DataType.BINARY: _binary,
    DataType.JSON: _json,
}
