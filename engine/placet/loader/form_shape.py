"""The shape of a form in a definition file."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from placet.core.pattern import Pattern
from placet.loader.fields import PART, Cel, Duration, Flag, Target, Texts, Words, fault, one_text, texts

_LONGEST = 100_000


def _pattern(given: Any) -> Pattern:
    source = one_text(given)
    try:
        return Pattern(source)
    except ValueError as failure:
        raise fault(f"{source[:60]!r} is no pattern: {failure}") from None


def _length(given: Any) -> int:
    text = one_text(given)
    if not (text.isascii() and text.isdecimal()) or len(text) > 6 or int(text) > _LONGEST:
        raise fault(f"{text[:20]!r} is no length; write a whole number from 0 to {_LONGEST:,}")
    return int(text)


def _listed(given: Any) -> tuple[tuple[str, dict[str, str]], ...]:
    """Values, or pairs of a value and its label, as pairs of a text and its labels by language."""
    if not isinstance(given, list) or not given:
        raise fault("has to be a list of values, or of [value, label] pairs")
    return tuple(_choice(each, place) for place, each in enumerate(given, 1))


def _choice(given: Any, place: int) -> tuple[str, dict[str, str]]:
    pair = given if isinstance(given, list) else [given, given]
    if len(pair) != 2 or not isinstance(pair[0], str) or not pair[0]:
        raise fault(f"has as choice {place} neither a value nor a [value, label] pair; an empty choice needs no entry")
    return pair[0], texts(pair[1])


def _choices(given: Any) -> Any:
    """A list stands for `{list: …}`."""
    return {"list": given} if isinstance(given, list) else given


_TEXT = {"type": ["string", "number", "boolean"]}
_CHOICE = {"anyOf": [_TEXT, {"type": "array", "minItems": 2, "maxItems": 2}]}
_LIST = {"type": "array", "items": _CHOICE, "minItems": 1}

Regex: TypeAlias = Annotated[Any, BeforeValidator(_pattern), WithJsonSchema({"type": "string", "format": "regex"})]
Length: TypeAlias = Annotated[int, BeforeValidator(_length), WithJsonSchema({"type": "integer", "minimum": 0})]
Listed: TypeAlias = Annotated[Any, BeforeValidator(_listed), WithJsonSchema(_LIST)]


class _Shape(BaseModel):
    model_config = PART


class ChoicesShape(_Shape):
    listed: Listed = Field(default=None, alias="list")
    data: Target | None = None
    connector: Words | None = None
    inputs: dict[str, Cel] = {}
    rows: Cel = None
    cache: Duration = timedelta(minutes=1)


_WRITTEN: TypeAlias = Listed | ChoicesShape | None


class FieldShape(_Shape):
    label: Texts = {}
    help: Texts = {}
    section: Target | None = None
    required: Flag = False
    pattern: Regex = None
    min_length: Length | None = None
    max_length: Length | None = None
    minimum: Words | None = None
    maximum: Words | None = None
    choices: Annotated[ChoicesShape | None, BeforeValidator(_choices, json_schema_input_type=_WRITTEN)] = None
    visible: Cel = None
    read_only: Cel = None


class FormShape(_Shape):
    """What is asked, each field under the name of its data item, in the order in which they are shown."""

    fields: dict[str, FieldShape]
    sections: dict[str, Texts] = {}
