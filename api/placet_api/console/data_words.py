"""Data of requests in words: what an item is called, how a value reads, and by which few items a request is known."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from placet.core.data_items import to_texts
from placet.core.data_values import decimal_text
from placet.core.definition import DataItem, DataType, Definition
from placet.core.form import in_english

if TYPE_CHECKING:
    from placet import Process
    from placet_api.console.page import Page

MOST_KNOWN = 3
_LONGEST = 60  # characters of a value by which a request is known
_APART_FROM = 10_000  # smaller numbers read well as they are, and years do not want commas
_UNTOLD = (DataType.JSON, DataType.BINARY)
_MIDNIGHT = "T00:00:00.000Z"


def in_words(name: str) -> str:
    """The name of a data item as a label: `first_day` is `First day`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def label_of(definition: Definition, name: str) -> str:
    """What people read for a data item: the label of the definition's form, or its name in words."""
    field = definition.form.fields.get(name) if definition.form is not None else None
    return (in_english(field.labels) if field is not None else "") or in_words(name)


def about(item: DataItem) -> str:
    """What is told on pointing at a label: the name that expressions and queries know, and the description."""
    return f"{item.name}: {item.description}" if item.description else item.name


def quantity(value: float) -> str:
    """A number as people read it: `12,600`, `0.5`, `60,000` for 60000.0."""
    text = decimal_text(value)
    return f"{Decimal(text):,}" if abs(value) >= _APART_FROM else text


def text_of(page: Page, item: DataItem, value: Any) -> str:
    """The value or values of a data item in one line."""
    if value is None:
        return ""
    if item.type is DataType.JSON:
        return ", ".join(to_texts(item, value))
    values = value if item.multi_valued and isinstance(value, list) else [value]
    return ", ".join(_single(page, item, each) for each in values)


def _single(page: Page, item: DataItem, value: Any) -> str:
    match item.type:
        case DataType.DN:
            return page.name(value)
        case DataType.BOOLEAN:
            return "yes" if value else "no"
        case DataType.DATE:
            return str(value).removesuffix(_MIDNIGHT)
        case DataType.INTEGER | DataType.DECIMAL:
            return quantity(value)
        case _:
            return str(value)


def known_by(page: Page, definition: Definition, process: Process) -> list[tuple[str, str]]:
    """By what a request is told from others of its kind, as labels and texts: the first items, and its reference."""
    told = [
        (label_of(definition, item.name), _clipped(text_of(page, item, process.data[item.name])))
        for item in _telling(definition)
        if process.data.get(item.name) is not None
    ][:MOST_KNOWN]
    return [*told, ("Reference", process.correlation_id)] if process.correlation_id else told


def _telling(definition: Definition) -> Iterator[DataItem]:
    """The items that say most: what is searched by, then what the form asks for, then the rest that people give."""
    named = [name for name, item in definition.data.items() if item.indexed]
    named += [] if definition.form is None else definition.form.fields
    named += definition.asked
    for name in dict.fromkeys(named):
        if definition.data[name].type not in _UNTOLD:
            yield definition.data[name]


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
