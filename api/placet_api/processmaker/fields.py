"""Checks of what a body has, in the order and the words of this service."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from placet.errors import InvalidInput
from placet.query.storable import unstorable_in
from placet_api.processmaker import texts

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a body; `choices` are all it takes, `told` is its name in messages where it is another."""

    name: str
    required: bool = False
    choices: Sequence[str] = ()
    longest: int = 255
    may_be_empty: bool = False
    may_have_lines: bool = False
    told: str = ""
    secret: bool = False

    @property
    def label(self) -> str:
        return self.told or self.name


def require_something(body: Mapping[str, Any]) -> None:
    """Refuse a body without members."""
    if not body:
        raise InvalidInput(texts.NOTHING)


def read_fields(body: Mapping[str, Any], fields: Sequence[Field], *, new: bool) -> dict[str, str]:
    """The values that are given of these fields; those that are required have to be there where it is `new`.

    First what is missing is told, in the order of the fields, then what is wrong in the order of the body.
    """
    for field in fields:
        if new and field.required and body.get(field.name) is None:
            raise InvalidInput(texts.UNDEFINED.format(field.label))
    known = {field.name: field for field in fields}
    return {name: _checked(known[name], value) for name, value in body.items() if name in known and value is not None}


def _checked(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not text.strip() and not field.may_be_empty:
        raise InvalidInput(texts.EMPTY.format(field.label))
    if field.choices and text not in field.choices:
        raise InvalidInput(texts.CHOICE.format(field.label, "|".join(field.choices)))
    if field.secret:
        return text
    if len(text) > field.longest:
        raise InvalidInput(texts.TOO_LONG.format(field.label, len(text), field.longest))
    plain = re.sub(r"[\t\r\n]", "", text) if field.may_have_lines else text
    if _CONTROL.search(plain) or unstorable_in(plain):
        raise InvalidInput(texts.CONTROL.format(field.label))
    return text


def _text(field: Field, value: Any) -> str:
    """A value as a text; a number is taken for what it looks like."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise InvalidInput(texts.NO_TEXT.format(field.label))
