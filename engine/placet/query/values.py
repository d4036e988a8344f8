"""Values as text: what is written in a filter becomes the typed value of its field, or an error that says what fits."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import assert_never

from placet.errors import InvalidFilter, InvalidInput
from placet.query.ast import ME, Value
from placet.query.fields import Field, FieldType
from placet.query.names import is_dn
from placet.query.storable import unstorable_in
from placet.query.times import parse_time

FLAGS = {"true": True, "false": False}

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
_FEW = 8
_LONGEST = 40  # of a whole number, zeros in front of it included
_ID = re.compile(r"[0-9A-Fa-f]{32}")


def check_text(text: str, longest: int) -> None:
    """Refuse what no database should see, and what is too long to be meant."""
    if len(text) > longest:
        raise InvalidFilter(f"A filter of {len(text)} characters is too long; at most {longest} are read.")
    if bad := unstorable_in(text):
        raise InvalidFilter(f"The filter has {bad}; leave it out.")


def read_value(field: Field, text: str) -> Value:
    """The value that `text` means for `field`; a person may be `self`, a status its integer or its name."""
    match field.type:
        case FieldType.NAME | FieldType.TEXT | FieldType.EXACT | FieldType.DATA:
            return text
        case FieldType.DN:
            return _read_dn(field, text.strip())
        case FieldType.ID:
            if not _ID.fullmatch(text.strip()):
                raise refusal(field, text, "is not an id; an id is 32 hex digits without dashes")
            return text.strip().lower()
        case FieldType.STATUS:
            return _read_status(field, text.strip())
        case FieldType.TIME:
            try:
                return parse_time(text)
            except InvalidInput as failure:
                raise InvalidFilter(f"{field.name}: {failure.message}", field.name) from None
        case FieldType.NUMBER:
            number = number_of(text.strip())
            if number is None:
                raise refusal(field, text, "is not a number; write one such as 12, -3 or 12.5")
            return number
        case FieldType.FLAG:
            if text.strip().casefold() not in FLAGS:
                raise refusal(field, text, "is neither true nor false; write one of the two")
            return FLAGS[text.strip().casefold()]
        case _:
            assert_never(field.type)


def number_of(text: str) -> int | float | None:
    """The number that a text is, or None; raises `InvalidFilter` for one that no row can have."""
    if not _NUMBER.fullmatch(text):
        return None
    is_whole = _INTEGER.fullmatch(text) is not None
    number = int(text) if is_whole and len(text) <= _LONGEST else float(text)
    if not math.isfinite(number) or (is_whole and not -(2**63) <= number < 2**63):
        raise InvalidFilter(f"{shown(text)} is too large a number; whole ones have 64 bits, others up to 1.7e308.")
    return number


def shown(text: str) -> str:
    """A text as messages quote it: shortened, and nothing in it that a terminal or a log would act on."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _read_dn(field: Field, text: str) -> Value:
    if field.person and text.casefold() == "self":
        return ME
    if not is_dn(text):
        example = "cn=anna,ou=users,o=placet, or self" if field.person else "cn=Leave request,cn=RequestDefs,o=placet"
        raise refusal(field, text, f"is not a distinguished name; give one such as {example}")
    return text


def _read_status(field: Field, text: str) -> int:
    if _INTEGER.fullmatch(text):
        if len(text) < 10 and int(text) in field.codes.values():
            return int(text)
    else:
        for name, code in field.codes.items():
            if name.casefold() == text.casefold():
                return code
    raise _unknown_status(field, text)


def _unknown_status(field: Field, text: str) -> InvalidFilter:
    names = {name.casefold(): name for name in field.codes}
    near = next((names[each] for each in get_close_matches(text[:40].casefold(), names, n=1)), None)
    hint = f" Did you mean {near}?" if near else ""
    listed = [f"{name} ({code})" for name, code in field.codes.items()]
    known = ", ".join(listed if len(listed) <= _FEW else [*listed[:_FEW], f"and {len(listed) - _FEW} more"])
    return InvalidFilter(
        f"{field.name}: {shown(text)} is unknown; it takes {known}.{hint}", field.name, suggestion=near
    )


def refusal(field: Field, text: str, reason: str) -> InvalidFilter:
    """What is wrong with a value of a field."""
    return InvalidFilter(f"{field.name}: {shown(text)} {reason}.", field.name)
