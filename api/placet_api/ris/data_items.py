"""The `DataItems` of a body (section 24.2.4): for each item a `Value`, or `Values` with one object a value.

Instead of them a body may have `Data`, an object with the values by data item, as forms have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet.errors import InvalidData, InvalidInput
from placet_api.body import list_of, name_of, text_of

_EMPTY: tuple[Any, ...] = (None, "")


class Ambiguous(InvalidData):
    """`Value` and `Values` of an item disagree, and nothing tells which of them was meant."""


def read_data_items(body: Mapping[str, Any], shown: Mapping[str, Sequence[Any]] | None = None) -> dict[str, Any]:
    """Data items by name, each a value or a list of values, None for one that is empty.

    A client that sends a whole item back has changed one of `Value` and `Values` and left the other; the values that
    it was `shown` tell which. Raises `InvalidInput`, and `Ambiguous` where that does not help either.
    """
    if body.get("Data") is not None:
        return _plain(body)
    data: dict[str, Any] = {}
    for entry in list_of(body, "DataItems"):
        name = text_of(entry, "Name")
        if name is None:
            raise InvalidInput("DataItems: an entry has no Name; name the data item that it is for.")
        if name in data:
            raise InvalidData(name, f"DataItems: {name[:60]!r} is there twice; give all its values in one entry.")
        values = _values(name, entry, (shown or {}).get(name, ()))
        multiple = entry.get("MultiValued")
        if multiple is not None and not isinstance(multiple, bool):
            raise InvalidData(name, f"DataItems: MultiValued of {name[:60]!r} is {name_of(multiple)}; give a boolean.")
        data[name] = (values[0] if len(values) == 1 and not multiple else values) if values else None
    return data


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """The member `Data`: plain values by data item, as the schema of a form has them."""
    if not isinstance(body["Data"], dict):
        raise InvalidInput(f"Data is {name_of(body['Data'])}; give an object with the values by data item.")
    if body.get("DataItems"):
        raise InvalidInput("The body has Data and DataItems; send one of the two.")
    return dict(body["Data"])


def _values(name: str, entry: Mapping[str, Any], shown: Sequence[Any]) -> list[Any]:
    values = [each.get("Value") for each in list_of(entry, "Values")]
    value = entry.get("Value")
    if all(each in _EMPTY for each in values):
        return [] if value in _EMPTY else [value]
    if value in _EMPTY or values[0] == value or (shown and shown[0] == value):
        return values
    if list(shown) == values:
        return [value]
    reason = f"DataItems: Value and Values of {name[:60]!r} disagree; leave one of them out."
    raise Ambiguous(name, reason)
