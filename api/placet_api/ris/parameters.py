"""Parameters that many operations take, and those that may stand in any path."""

from __future__ import annotations

from dataclasses import replace

from placet.query import fields
from placet_api.openapi.operation import JsonSchema, Operation, Parameter, Reply
from placet_api.params import MOST_ROWS

_FLAG: JsonSchema = {"type": "boolean"}
GUID: JsonSchema = {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"}

LANGUAGE = Parameter(
    "Accept-Language", "The languages to have texts of definitions in; English is always there.", place="header"
)
IF_NONE_MATCH = Parameter("If-None-Match", "An ETag: 304 where it is still the same.", place="header")
IF_MATCH = Parameter("If-Match", "An ETag: 412 where the process has moved on since.", place="header")
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "The same key and body give the same process, however often they are sent; another body is 409.",
    {"type": "string", "minLength": 1, "maxLength": 255},
    place="header",
    example="leave-of-anna-1",
)
PREFER = Parameter(
    "Prefer",
    "return=representation has the process answered, return=minimal nothing.",
    {"type": "string", "enum": ["return=representation", "return=minimal"]},
    place="header",
)
LIMIT = Parameter(
    "limit",
    "Rows of a page; without it the answer has all rows.",
    {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    example=50,
)
SORT = Parameter(
    "sort",
    "CreationTime for the oldest first, -CreationTime for the newest first.",
    {"type": "string", "enum": ["CreationTime", "-CreationTime"]},
)
CURSOR = Parameter("cursor", "Where a page begins; only as it stands in a Link.", {"type": "string", "minLength": 1})
Q = Parameter("q", "A query, in the query language.", example="ProcessStatus = Running")
ZONE = Parameter("zone", "Where today begins for the reader; UTC unless said otherwise.", example="Europe/Amsterdam")
KIND = Parameter(
    "type", "RETRACT withdraws it; ERROR ends it as failed.", {"type": "string", "enum": ["RETRACT", "ERROR"]}
)


REASON = Parameter("reason", "Why; kept as a comment.", {"type": "string"})


def id_of(what: str, example: str) -> Parameter:
    return Parameter("id", f"The id of the {what}: 32 hex digits.", GUID, "path", required=True, example=example)


def filter_of(resource: fields.Resource, example: str) -> Parameter:
    """The filter of a collection, by its fields; names and aliases are read in any case."""
    names = [each.name for each in resource.fields]
    text = "Name=Value, behind a time EQ, LT, LE, GT or GE. May be repeated; all must hold. The names are "
    item = {"type": "string", "pattern": f"^({'|'.join(names)})="}
    return Parameter("filter", f"{text}{', '.join(names)}.", {"type": "array", "items": item}, example=[example])


# -- the parameters in the path ----------------------------------------------------------------------

_SCHEMA = Parameter(
    "schema",
    ";schema answers with the schema of the resource: as JSON Schema where application/schema+json is accepted, "
    "else as the document of the contract.",
    _FLAG,
    "path",
    required=True,
    example=True,
    style="matrix",
)
_DEBUG = Parameter(
    "debug", ";debug indents the JSON of an answer.", _FLAG, "path", required=True, example=False, style="matrix"
)


def with_matrix(operation: Operation) -> Operation:
    """The same reading operation with the parameters that may stand in its path."""
    schema, same = operation.replies[200].schema, "The same as without them, or the schema of that."
    reply = Reply(
        same,
        {"anyOf": [schema, {"type": "object"}]},
        operation.replies[200].example,
        operation.replies[200].headers,
        ("application/json", "application/schema+json"),
    )
    return replace(
        operation,
        name=f"{operation.name}Matrix",
        path=f"{operation.path}{{schema}}{{debug}}",
        summary=f"{operation.summary}, or its schema",
        text=";schema and ;debug may stand behind any part of the path, and each is the same as with =true.",
        replies={**operation.replies, 200: reply},
        parameters=(*operation.parameters, _SCHEMA, _DEBUG),
        variant_of=operation.name,
    )
