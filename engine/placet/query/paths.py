"""Names of fields as they are written: `Initiator`, `Data.amount`, `WorkItems.Addressee`, `Process.Data.amount`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from placet.errors import InvalidFilter
from placet.query.fields import Field, FieldType, Relation, Resource
from placet.query.values import shown

#: How a data item can be called.
DATA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DATA = "data"


@dataclass(frozen=True, slots=True)
class Found:
    """What a path leads to: a field of the rows themselves, or of the rows of a relation."""

    relation: Relation | None
    field: Field


def find(text: str, resource: Resource) -> Found:
    """The field that a path names; raises `InvalidFilter` that knows the nearest."""
    return look_up(text, resource) or _refuse(text, resource)


def look_up(text: str, resource: Resource) -> Found | None:
    """Like `find`, but None for what names no field."""
    head, dot, rest = text.partition(".")
    relation = relation_of(head, resource) if dot else None
    field = _field(text, resource) if relation is None else _field(rest, relation.to)
    return None if field is None else Found(relation, field)


def relation_of(name: str, resource: Resource) -> Relation | None:
    """The relation of that name, in any case."""
    return next((each for each in resource.relations if each.name.casefold() == name.casefold()), None)


def data_field(name: str) -> Field:
    """The field of a data item, whose name counts to the letter."""
    return Field(f"Data.{name}", FieldType.DATA)


def _field(text: str, resource: Resource) -> Field | None:
    head, dot, rest = text.partition(".")
    if dot and resource.has_data and head.casefold() == _DATA:
        return data_field(rest) if DATA_NAME.fullmatch(rest) else None
    return resource.find(text)


def _refuse(text: str, resource: Resource) -> NoReturn:
    head, dot, rest = text.partition(".")
    relation = relation_of(head, resource)
    if relation is not None and dot:
        raise _of(relation, rest)
    if relation is not None:
        raise InvalidFilter(
            f"{relation.name} alone is no field; ask for one of its own, for example "
            f"{relation.name}.{relation.to.fields[0].name}, or for several at once: {relation.name}(… and …).",
            relation.name,
        )
    if resource.has_data and head.casefold() == _DATA:
        wrong = f"{shown(rest)} cannot name a data item; a name has up to 64 letters, digits, - and _, a letter first"
        raise InvalidFilter(f"{wrong}, for example Data.amount.", text[:40])
    raise _elsewhere(text, resource) or _unknown(text, resource)


def _of(relation: Relation, name: str) -> InvalidFilter:
    """What is wrong with a name behind a relation's; what is suggested is a whole path."""
    try:
        _refuse(name, relation.to)
    except InvalidFilter as refusal:
        if refusal.suggestion is not None:
            refusal.suggestion = f"{relation.name}.{refusal.suggestion}"
        return refusal


def _unknown(text: str, resource: Resource) -> InvalidFilter:
    refusal = resource.unknown(text)
    others = [*(["Data.…"] if resource.has_data else []), *(f"{each.name}.…" for each in resource.relations)]
    message = f"{refusal.message} Beside them there are {', '.join(others)}." if others else refusal.message
    return InvalidFilter(message, refusal.key, suggestion=refusal.suggestion)


def _elsewhere(text: str, resource: Resource) -> InvalidFilter | None:
    """What to say of a name that another place has."""
    ways = [f"{each.name}.{name}" for each in resource.relations for name in _names_there(each.to, text)]
    known = {name.partition(".")[2].casefold(): name for name in reversed(ways)}
    whole = {name.casefold(): name for name in ways}
    close = get_close_matches(text[:80].casefold(), whole, n=1, cutoff=0.8)
    near = known.get(text.casefold()) or next((whole[each] for each in close), None)
    if near is None:
        return None
    return InvalidFilter(
        f"{shown(text)} is not a field of {resource.name}. Did you mean {near}?", text[:40], suggestion=near
    )


def _names_there(resource: Resource, text: str) -> list[str]:
    is_data = resource.has_data and _field(text, resource) is not None and text.casefold().startswith(f"{_DATA}.")
    return [*(field.name for field in resource.fields), *([text] if is_data else [])]
