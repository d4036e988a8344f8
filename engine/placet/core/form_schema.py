"""What may be submitted to a form, as JSON Schema 2020-12.

It describes plain values by data item. A server takes more ways of writing the same, such as the text of a number or ""
for nothing; what they come to is what the schema takes. It says nothing of what JSON Schema has no words for: bounds of
dates, and texts that are no distinguished names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from placet.core.data_items import MAX_VALUES
from placet.core.data_values import DIGITS, MAX_TEXT
from placet.core.definition import DataType
from placet.core.form_checks import fault_of_value
from placet.core.forms import FieldState

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
_TYPES: dict[DataType, dict[str, Any]] = {
    DataType.STRING: _TEXT,
    DataType.BOOLEAN: {"type": "boolean"},
    DataType.INTEGER: {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    DataType.DECIMAL: {"type": "number", "exclusiveMinimum": -(10**DIGITS), "exclusiveMaximum": 10**DIGITS},
    DataType.DATE: {"type": "string", "format": "date-time"},
    DataType.DN: {**_TEXT, "description": "a distinguished name"},
    DataType.BINARY: {
        "type": "string",
        "contentEncoding": "base64",
        "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        "minLength": 1,
        "maxLength": MAX_TEXT,
    },
    DataType.JSON: {},
}
_NOTHING: dict[str, Any] = {"enum": [None, ""]}


def submission_schema(states: Sequence[FieldState]) -> dict[str, Any]:
    """The schema of an object with a member for each field; none for what cannot be changed and is empty."""
    return {
        "$schema": _DIALECT,
        "type": "object",
        "properties": {state.name: _field(state) for state in states},
        "required": [state.name for state in states if state.editable and state.required and state.stored is None],
        "additionalProperties": False,
    }


def _field(state: FieldState) -> dict[str, Any]:
    if not state.editable:
        return {"const": state.stored}  # null where there is nothing: a client may send a whole form back
    wanted = _values(state) if state.item.multi_valued else _value(state)
    if state.required:
        wanted = _something(state, wanted)
    else:
        wanted = {"anyOf": [wanted, {"type": "null"}]} if wanted else wanted
    if state.stored is not None and not state.asks_anew and fault_of_value(state, state.stored):
        return {"anyOf": [wanted, {"const": state.stored}]}  # what is there already may stay
    return wanted


def _values(state: FieldState) -> dict[str, Any]:
    """The schema of the list of a field that takes several values."""
    return {"type": "array", "items": _value(state), "maxItems": MAX_VALUES}


def _something(state: FieldState, wanted: dict[str, Any]) -> dict[str, Any]:
    """A schema narrowed to what is not empty."""
    if state.item.multi_valued:
        return {**wanted, "minItems": 1, **({} if wanted["items"] else {"contains": {"not": _NOTHING}})}
    return wanted or {"not": _NOTHING}


def _value(state: FieldState) -> dict[str, Any]:
    """The schema of one value."""
    field, choices = state.field, state.choices
    schema = dict(_TYPES[state.item.type])
    if choices is not None:
        allowed = list(dict.fromkeys(option.value for option in choices.options if option.value != ""))
        return {"enum": allowed} if allowed else {"not": {}}
    if field.min_length:
        schema["minLength"] = field.min_length
    if field.max_length is not None:
        schema["maxLength"] = min(field.max_length, MAX_TEXT)
    if field.pattern is not None:
        schema["pattern"] = field.pattern.anchored
    if state.item.type is not DataType.DATE:
        schema |= {"minimum": field.minimum} if field.minimum is not None else {}
        schema |= {"maximum": field.maximum} if field.maximum is not None else {}
    return schema
