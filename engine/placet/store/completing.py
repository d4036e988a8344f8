"""Stored values that begin with what somebody has typed: a few of them, found by an index or in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from placet.core.definition import Definition
from placet.core.names import fold_user_name
from placet.query.fields import DEFINITIONS, USERS, Field, FieldType, Resource
from placet.query.folding import fold_text
from placet.store.asking import may_know_people, own_entry
from placet.store.documents import name_of
from placet.store.names import Names
from placet.store.tables import data_value, process, user_account
from placet.store.visible import Reader
from placet.store.words import is_listed
from placet.store.world import World

MOST = 12
_NEWEST = 500  # processes that tell which engines there are
_FIXED = {"Resolution": ("retried", "skipped", "ended"), "Kind": ("connector", "mail")}
_USER_STATUS = ("ACTIVE", "INACTIVE", "VACATION")


@dataclass(frozen=True, slots=True)
class Value:
    """One value: how it is written without quotes, what kind of thing it is, and what it is called."""

    text: str
    kind: str = "value"
    hint: str = ""


def values_of(tx: Connection, world: World, who: Reader, resource: Resource, field: Field, typed: str) -> list[Value]:
    """Values of a field that begin with a text, as far as the reader may know of them."""
    found = _values(tx, world, who, resource, field, typed)
    folded = fold_text(typed)
    fitting = [each for each in found if fold_text(each.text).startswith(folded) or each.kind == "person"]
    return list(dict.fromkeys(fitting))[:MOST]


def data_names(tx: Connection, world: World, typed: str) -> list[Value]:
    """Data items of definitions whose names begin with a text."""
    items = {item.name: item for each in _definitions(tx, world) for item in each.data.values()}
    found = [Value(name, "field", item.type.value) for name, item in sorted(items.items())]
    return [each for each in found if fold_text(each.text).startswith(fold_text(typed))][:MOST]


def _values(tx: Connection, world: World, who: Reader, resource: Resource, field: Field, typed: str) -> Iterable[Value]:
    match field.name:
        case _ if field.type is FieldType.DATA:
            return _data(tx, name_of(field), typed) if who.everything else ()
        case _ if field.person:
            return _people(tx, world, who, typed)
        case "Definition":
            return (Value(each.name, "definition", each.dn) for each in _definitions(tx, world))
        case "Name" | "Category" if resource is DEFINITIONS:
            return (Value(text) for each in _definitions(tx, world) if (text := _told(each, field.name)))
        case "ActivityId":
            return (Value(id_, hint=each.name) for each in _definitions(tx, world) for id_ in sorted(each.activities))
        case "Status" if resource is USERS:
            return map(Value, _USER_STATUS)
        case "Role":
            return (Value(role.code, hint=role.name) for role in world.directory.roles.values())
        case "CorrelationId":
            return map(Value, _texts(tx, _from(process.c.correlation_id, typed))) if who.everything else ()
        case "EngineId":
            return _engines(tx, world) if who.everything else ()
        case name:
            return map(Value, _FIXED.get(name, ()))


def _definitions(tx: Connection, world: World) -> Iterator[Definition]:
    return (world.definition(tx, version.row) for version in world.catalog.latest())


def _told(definition: Definition, field: str) -> str:
    return definition.category if field == "Category" else definition.name


def _people(tx: Connection, world: World, who: Reader, typed: str) -> list[Value]:
    """Users by user name and by last name; who may see neither all processes nor all users is told of himself."""
    if not may_know_people(world.directory, who.dn):
        own = own_entry(world.directory, who.dn)
        return [Value(each.user_name, "person", each.full_name) for each in own if _is_called(each.user_name, typed)]
    c = user_account.c
    columns = c.user_name, c.first_name, c.last_name
    rows = tx.execute(_from(c.folded_name, fold_user_name(typed), *columns).where(is_listed())).all()
    named = [row for row in rows if _is_called(row.user_name, typed)]
    if typed:
        mark = "\x1f"  # what `words` begins with
        rows = tx.execute(_from(c.words, mark + fold_user_name(typed), *columns).where(is_listed())).all()
        named += [row for row in rows if _is_called(row.last_name, typed)]
    return [Value(row.user_name, "person", f"{row.first_name} {row.last_name}".strip()) for row in named]


def _is_called(name: str, typed: str) -> bool:
    return fold_user_name(name).startswith(fold_user_name(typed))


def _data(tx: Connection, item: str, typed: str) -> list[Value]:
    """Values of an indexed data item; each step through the index leads to the next other value."""
    c, found, last = data_value.c, list[Value](), ""
    wanted = fold_text(typed)
    for _ in range(MOST):
        query = select(c.text_value).where(c.item == item, c.text_value > last if found else c.text_value >= wanted)
        value = tx.execute(query.order_by(c.text_value).limit(1)).scalar()
        if value is None or not value.startswith(wanted):
            break
        found.append(Value(value))
        last = value
    return found


def _engines(tx: Connection, world: World) -> list[Value]:
    newest = select(process.c.engine_id).order_by(process.c.id.desc()).limit(_NEWEST).subquery()
    numbers = list(tx.execute(select(newest.c.engine_id).distinct()).scalars())
    names = Names(world.names)
    names.fetch(tx, numbers)
    names.committed()
    return [Value(names.dn(number)) for number in numbers]


def _from(column: Column[Any], typed: str, *columns: Column[Any]) -> Select[Any]:
    """The rows from a text on, in the order of the column's index; what does not begin with it is left out later."""
    return select(*(columns or [column])).where(column >= typed, column.is_not(None)).order_by(column).limit(MOST)


def _texts(tx: Connection, query: Select[Any]) -> list[str]:
    return list(tx.execute(query).scalars())
