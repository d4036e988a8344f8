"""JSON schemas in words, for the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from placet_api.openapi.html import Html, join, tag

_WORDS = {"string": "text", "null": "null", "array": "array", "object": "object", "integer": "integer"}


def words_for(schema: Mapping[str, Any]) -> Html:
    """What a value may be: `array of Process`, `integer from 1 to 1000`, `RETRACT or ERROR`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return tag("a", name, href=f"#schema-{name}")
    if "enum" in schema or "const" in schema:
        return _either([tag("code", str(each)) for each in schema.get("enum", [schema.get("const")])])
    if "anyOf" in schema:
        return _either([words_for(each) for each in schema["anyOf"]])
    kinds = schema.get("type", "any JSON value")
    return _either([_kind(each, schema) for each in ([kinds] if isinstance(kinds, str) else kinds)])


def _either(parts: list[Html]) -> Html:
    return join(*(join(" or " if place else "", part) for place, part in enumerate(parts)))


def _kind(kind: str, schema: Mapping[str, Any]) -> Html:
    word = _WORDS.get(kind, kind)
    if kind == "array" and "items" in schema:
        return join("array of ", words_for(schema["items"]))
    if kind == "object" and "$ref" not in schema and schema.get("properties"):
        return join("object with ", ", ".join(schema["properties"]))
    if kind == "string" and len(schema.get("pattern", "")) in range(1, _LONGEST_PATTERN):
        return join("text like ", tag("code", schema["pattern"].strip("^$")))
    limits = [limit.format(schema[name]) for name, limit in _LIMITS.items() if name in schema]
    return join(word, *limits)


_LONGEST_PATTERN = 40
_LIMITS = {"minimum": " from {}", "maximum": " to {}", "maxLength": " of at most {} characters"}


def members_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """The members of an object, or of what an array has: name, schema, and whether each is always there."""
    if schema.get("type") == "array":
        schema = schema["items"]
    needed = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        yield name, member, name in needed
