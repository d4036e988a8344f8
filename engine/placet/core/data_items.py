"""Data items: what is given for them, checked and brought into the one form that is stored.

Stored are JSON values: text, boolean and integer as they are; a decimal as a number of at most 15 significant digits,
which a double gives back unchanged; a date as UTC text such as `2008-07-23T08:47:15.000Z`, which sorts by time; binary
as base64. Expressions see the stored values.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from placet.core.data_values import READERS, Unusable, decimal_text, shown
from placet.core.definition import DataItem, DataType, Definition
from placet.core.expressions import Expression
from placet.errors import InvalidData, InvalidInput
from placet.query.times import date_text

MAX_VALUES = 1_000  # of one multi-valued item
MAX_CHARACTERS = 1_000_000  # of all values of one item
_EMPTY = (None, "", b"")
_MOST, _EXPLAINED = 100, 3  # unknown names that are told, and those that the nearest known one is looked for


@dataclass(frozen=True, slots=True)
class Checked:
    """The stored forms of what was given, None for what is emptied, and what is wrong with the rest, by item."""

    values: dict[str, Any]
    faults: dict[str, str]

    def require(self) -> dict[str, Any]:
        """The values; raises InvalidData with all faults where there are any."""
        if self.faults:
            raise InvalidData.of(self.faults.items())
        return self.values


def check_start(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a new process; raises InvalidData for items that are unknown, internal, missing or wrong."""
    return read_start(definition, given).require()


def read_start(definition: Definition, given: Mapping[str, Any]) -> Checked:
    """As `check_start`, with the faults beside the rest."""
    values: dict[str, Any] = {}
    faults = _unknown(definition, [name for name in given if name not in definition.data])
    for name, item in definition.data.items():
        try:
            value = canonical(item, given.get(name))
        except InvalidData as fault:
            faults[name] = fault.message
            continue
        if value is None:
            if item.required:
                faults[name] = f"The data item {name!r} is required and was not given; give {_wanted(item)}."
        elif item.internal:
            faults[name] = _internal(name)
        else:
            values[name] = value
    return Checked(values, faults)


def check_change(
    definition: Definition,
    given: Mapping[str, Any],
    writable: Collection[str] | None,
    current: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The changed values of data items, None for one that is emptied; raises InvalidData as `check_start` does.

    `writable` names the items that may be changed, None all of them. With `current`, a value that is as it was is left
    out, whether it may be changed or not: a client may send a whole form back.
    """
    return read_change(definition, given, writable, current).require()


def read_change(
    definition: Definition,
    given: Mapping[str, Any],
    writable: Collection[str] | None,
    current: Mapping[str, Any] | None = None,
) -> Checked:
    """As `check_change`, with the faults beside the rest."""
    checked = Checked({}, _unknown(definition, [name for name in given if name not in definition.data]))
    for name, value in given.items():
        item = definition.data.get(name)
        if item is None:
            continue
        try:
            new = canonical(item, value)
        except InvalidData as fault:
            checked.faults[name] = fault.message
            continue
        if current is not None and new == current.get(name):
            continue
        if writable is not None and name not in writable:
            checked.faults[name] = _internal(name) if item.internal else _unchangeable(name, writable)
        elif new is None and item.required:
            checked.faults[name] = f"The data item {name!r} is required and cannot be emptied; give {_wanted(item)}."
        else:
            checked.values[name] = new
    return checked


def canonical(item: DataItem, given: Any) -> Any:
    """The stored form of what is given for one item; None when that is empty."""
    if item.type is DataType.JSON and not item.multi_valued:
        return None if given in _EMPTY else _read(item, given)
    if not isinstance(given, (list, tuple)):
        if not item.multi_valued:
            return None if given in _EMPTY else _read(item, given)
        given = [given]
    if all(value in _EMPTY for value in given):
        return None
    if item.multi_valued:
        return _read_all(item, given)
    if len(given) > 1:
        raise InvalidData(item.name, f"The data item {item.name!r} takes one value; {len(given)} were given.")
    return _read(item, given[0])


def for_expressions(definition: Definition, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of a process as expressions see it: what is stored, which is why that form was chosen."""
    return data


def plain(value: Any) -> Any:
    """What an expression gave, as JSON: times as dates are stored, bytes as base64, durations in seconds (`3600s`)."""
    if isinstance(value, datetime):
        return date_text(value)
    if isinstance(value, timedelta):
        return f"{Decimal(str(value.total_seconds())).normalize():f}s"
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def computed(expressions: Mapping[str, Expression], facts: Mapping[str, Any], what: str) -> dict[str, Any]:
    """What expressions give, as JSON that a row can hold; raises InvalidInput for what none could."""
    values: dict[str, Any] = plain({name: expression.evaluate(facts) for name, expression in expressions.items()})
    as_json(values, what)
    return values


def as_json(value: Any, what: str) -> Any:
    """A value that JSON and a row can hold, as it is; raises InvalidInput for any other, naming it as `what`."""
    try:
        return READERS[DataType.JSON](value)
    except Unusable as fault:
        raise InvalidInput(f"{what} {fault.what}; {fault.remedy}") from None


def to_texts(item: DataItem, value: Any) -> list[str]:
    """The stored value or values of an item as texts: true and false, decimals without exponent, JSON as JSON text."""
    if value is None:
        return []
    values = value if item.multi_valued and isinstance(value, list) else [value]
    return [_to_text(item, each) for each in values]


def _to_text(item: DataItem, value: Any) -> str:
    if item.type is DataType.JSON:
        return shown(value, None)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and item.type is DataType.DECIMAL:
        return decimal_text(value)
    return str(value)


def _read_all(item: DataItem, given: list[Any] | tuple[Any, ...]) -> list[Any]:
    if len(given) > MAX_VALUES:
        raise InvalidData(
            item.name, f"The data item {item.name!r} has {len(given):,} values; at most {MAX_VALUES:,} work."
        )
    values = [_read(item, value, place) for place, value in enumerate(given, 1)]
    if sum(len(value) for value in values if isinstance(value, str)) > MAX_CHARACTERS:
        raise InvalidData(
            item.name, f"The values of the data item {item.name!r} are longer than {MAX_CHARACTERS:,} in all."
        )
    return values


def _read(item: DataItem, given: Any, place: int | None = None) -> Any:
    try:
        if given in _EMPTY and item.type is not DataType.JSON:
            raise Unusable("is empty", "leave it out")
        return READERS[item.type](given)
    except Unusable as fault:
        which = f"value {place} of the data item" if place else "the data item"
        reason = f"Cannot take {shown(given)} for {which} {item.name!r}: it {fault.what}; {fault.remedy}."
        raise InvalidData(item.name, reason) from None


def _unknown(definition: Definition, names: Sequence[str]) -> dict[str, str]:
    """What to say of names that there are not; of many, only of the first what may have been meant."""
    if not names:
        return {}
    if not definition.data:
        return {name: f"There is no data item {shown(name)}; {definition.name!r} has none." for name in names[:_MOST]}
    known = ", ".join(definition.data)
    faults = {name: f"There is no data item {shown(name)}." for name in names[:_MOST]}
    for name in names[:_EXPLAINED]:
        near = get_close_matches(name, definition.data, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        faults[name] = f"There is no data item {shown(name)}; {definition.name!r} has: {known}.{hint}"
    return faults


def _internal(name: str) -> str:
    return f"The data item {name!r} is set by the process itself and cannot be given; leave it out."


def _unchangeable(name: str, writable: Collection[str]) -> str:
    those = ", ".join(sorted(writable))
    ways = f"what can be changed: {those}." if those else "nothing can be changed at this step."
    return f"The data item {name!r} cannot be changed here; {ways}"


def _wanted(item: DataItem) -> str:
    kind = {"dn": "DN", "json": "JSON value", "binary": "base64 text", "string": "text"}.get(
        item.type.value, item.type.value
    )
    if item.multi_valued:
        return f"one or more values of type {kind}"
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"
