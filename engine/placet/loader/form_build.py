"""From the checked shape of a form to the value that the engine decides with."""

from __future__ import annotations

from collections.abc import Mapping

from placet.core.definition import DataItem
from placet.core.form import Choices, ConnectorChoices, DataChoices, Field, Form, ListedChoices, Option
from placet.core.form_choices import one_value
from placet.loader.form_shape import ChoicesShape, FieldShape, FormShape


def build_form(shape: FormShape | None, items: Mapping[str, DataItem]) -> Form | None:
    if shape is None:
        return None
    fields = {name: _field(items[name], field) for name, field in shape.fields.items()}
    return Form(fields, shape.sections)


def _field(item: DataItem, shape: FieldShape) -> Field:
    return Field(
        item=item.name,
        labels=shape.label,
        helps=shape.help,
        section=shape.section or "",
        required=shape.required,
        pattern=shape.pattern,
        min_length=shape.min_length,
        max_length=shape.max_length,
        minimum=None if shape.minimum is None else one_value(item, shape.minimum),
        maximum=None if shape.maximum is None else one_value(item, shape.maximum),
        choices=None if shape.choices is None else _choices(item, shape.choices),
        visible=shape.visible,
        read_only=shape.read_only,
    )


def _choices(item: DataItem, shape: ChoicesShape) -> Choices:
    if shape.listed is not None:
        return ListedChoices(tuple(Option(one_value(item, value), labels) for value, labels in shape.listed))
    if shape.data is not None:
        return DataChoices(shape.data)
    assert shape.connector is not None
    return ConnectorChoices(shape.connector, shape.inputs, shape.rows, shape.cache)
