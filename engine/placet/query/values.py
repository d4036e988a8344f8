"""Values as text: what is written in a filter becomes the typed value of its field, or an error that says what fits."""

from __future__ import annotations

import re
from typing import assert_never

from placet.errors import InvalidFilter, InvalidInput
from placet.query.ast import ME, Value
from placet.query.fields import Field, FieldType
from placet.query.names import is_dn
from placet.query.storable import unstorable_in
from placet.query.times import parse_time

_INTEGER = re.compile(r"-?[0-9]{1,19}")
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
        case FieldType.TEXT | FieldType.EXACT:
            return text
        case FieldType.DN:
            return _read_dn(field, text.strip())
        case FieldType.ID:
            if not _ID.fullmatch(text.strip()):
                raise _refusal(field, text, "is not an id; an id is 32 hex digits without dashes")
            return text.strip().lower()
        case FieldType.STATUS:
            return _read_status(field, text.strip())
        case FieldType.TIME:
            try:
                return parse_time(text)
            except InvalidInput as failure:
                raise InvalidFilter(f"{field.name}: {failure.message}", field.name) from None
        case _:
            assert_never(field.type)


def shown(text: str) -> str:
    """A text as messages quote it: shortened, and nothing in it that a terminal or a log would act on."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _read_dn(field: Field, text: str) -> Value:
    if field.person and text.casefold() == "self":
        return ME
    if not is_dn(text):
        example = "cn=anna,ou=users,o=placet, or self" if field.person else "cn=Leave request,cn=RequestDefs,o=placet"
        raise _refusal(field, text, f"is not a distinguished name; give one such as {example}")
    return text


def _read_status(field: Field, text: str) -> int:
    if _INTEGER.fullmatch(text):
        if int(text) in field.codes.values():
            return int(text)
    else:
        for name, code in field.codes.items():
            if name.casefold() == text.casefold():
                return code
    known = ", ".join(f"{name} ({code})" for name, code in field.codes.items())
    raise _refusal(field, text, f"is unknown; it takes {known}")


def _refusal(field: Field, text: str, reason: str) -> InvalidFilter:
    return InvalidFilter(f"{field.name}: {shown(text)} {reason}.", field.name)
