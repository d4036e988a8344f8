"""What an action asks for, as fields of a form, and what was filled in as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from placet.core.data_items import to_texts
from placet.core.definition import DataItem, DataType, Definition
from placet.errors import InvalidData, InvalidInput
from placet_api.actions import Action, Ask, Kind, json_of, value_of
from placet_api.actions import values_of as given
from placet_api.answers import to_json
from placet_api.console.form import Form

#: In front of the name of a data item, and of what it was when the form was made.
_NOW, _BEFORE = "data.", "was."


@dataclass(frozen=True, slots=True)
class DataField:
    """A data item in a form: `text` has its value, one value a line where it may have several."""

    item: DataItem
    text: str

    @property
    def is_long(self) -> bool:
        return self.item.multi_valued or self.item.type in (DataType.JSON, DataType.BINARY) or len(self.text) > 60

    @property
    def help(self) -> str:
        kind = f"{self.item.type.value}, one value a line" if self.item.multi_valued else self.item.type.value
        return f"{self.item.description} ({kind})" if self.item.description else kind


def data_fields(definition: Definition, data: Mapping[str, Any]) -> list[DataField]:
    """A field for each data item."""
    return [DataField(item, _text(item, data.get(name))) for name, item in definition.data.items()]


def _text(item: DataItem, value: Any) -> str:
    if item.type is DataType.JSON:
        return "" if value is None else to_json(value).decode()
    return "\n".join(to_texts(item, value))


def values_of(action: Action, form: Form, definition: Definition) -> dict[str, Any]:
    """The values that an action was given; what was left empty is not among them.

    Raises `InvalidInput` for what is required and missing, and for what is no JSON.
    """

    def read(ask: Ask) -> Any:
        return _changed(form, definition) if ask.kind is Kind.DATA else value_of(ask, form.get(ask.name))

    return given(action, read)


def _changed(form: Form, definition: Definition) -> dict[str, Any]:
    """The data items whose text is not what it was when the form was made."""
    changed = {}
    for name, item in definition.data.items():
        text = form.get(_NOW + name)
        if _NOW + name in form and text != form.get(_BEFORE + name):
            changed[name] = _read(item, text)
    return changed


def _read(item: DataItem, text: str) -> Any:
    if not text:
        return None
    if item.type is DataType.JSON:
        try:
            return json_of(item.name, text)
        except InvalidInput as refusal:
            raise InvalidData(item.name, refusal.message) from None
    return text.split("\n") if item.multi_valued else text


def hidden(fields: Sequence[DataField]) -> list[tuple[str, str]]:
    """What a form carries along, so that only what was changed is sent on."""
    return [(_BEFORE + each.item.name, each.text) for each in fields]
