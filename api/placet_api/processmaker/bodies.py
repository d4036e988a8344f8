"""Bodies and answers of this service as JSON schemas: of the fields that are checked, and of what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet_api.openapi.operation import Body, JsonSchema
from placet_api.processmaker.fields import Field

KINDS = ("application/json", "application/x-www-form-urlencoded")


def body_of(fields: Sequence[Field], example: Mapping[str, Any], *, new: bool = True) -> Body:
    """A body with these fields; of one that changes something none is required."""
    schema: dict[str, Any] = {"type": "object", "properties": {field.name: _schema(field) for field in fields}}
    needed = [field.name for field in fields if field.required] if new else []
    return Body(schema | ({"required": needed} if needed else {"minProperties": 1}), dict(example), KINDS)


def _schema(field: Field) -> JsonSchema:
    if field.choices:
        return {"type": "string", "enum": list(field.choices)}
    least = {} if field.may_be_empty else {"minLength": 1}
    most = {} if field.secret else {"maxLength": field.longest}  # how long a password may be is a setting
    return {"type": "string", **least, **most}


def object_like(example: Mapping[str, Any], **members: JsonSchema) -> JsonSchema:
    """The schema of an object with the members of an example, and with values of their types or as is said."""
    kinds = {name: {"type": "integer" if isinstance(value, int) else "string"} for name, value in example.items()}
    return {
        "type": "object",
        "properties": kinds | {name: dict(schema) for name, schema in members.items()},
        "required": list(example),
        "additionalProperties": False,
    }
