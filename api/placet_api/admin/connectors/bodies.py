"""What the bodies of these requests look like, as they are read: members that are not named here are ignored."""

from __future__ import annotations

from typing import Any

from placet.connectors.records import AuthKind, BodyType, PaginationKind, ParameterType, Place
from placet_api.openapi.operation import JsonSchema
from placet_api.ris.bodies import TEXT, body_of

_OBJECT: JsonSchema = {"type": ["object", "null"]}
_NUMBER: JsonSchema = {"type": ["integer", "null"]}
_FLAG: JsonSchema = {"type": ["boolean", "null"]}
_NAME: JsonSchema = {"type": "string", "minLength": 1, "maxLength": 100}
_DURATION = {**TEXT, "description": "Such as 30s, 5m or 1h30m."}
_EXPRESSION = {**TEXT, "description": "A CEL expression over response."}
_TEXTS_BY_NAME: JsonSchema = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}


def _one_of(*words: str) -> JsonSchema:
    return {"enum": [*words, None]}


def _named(text: str) -> JsonSchema:
    """The name of something else, also as an answer has it."""
    by_object = {"type": "object", "properties": {"Value": TEXT}}
    return {"anyOf": [TEXT, by_object], "description": text}


_FIELDS = {
    **_OBJECT,
    "additionalProperties": {"type": ["string", "null"]},
    "description": "The fields of the kind by their names. A secret one that is left out stays as it is stored.",
}
_KIND: JsonSchema = {"enum": list(AuthKind)}

CONFIGURATION = body_of(("Name", "Kind"), Name=_NAME, Kind=_KIND, Fields=_FIELDS)
TRY_CONFIGURATION = body_of(("Kind",), Kind=_KIND, Fields=_FIELDS)
TRY_STORED_CONFIGURATION = body_of(
    Kind={**_KIND, "description": "If given, a changed configuration is tried, with the stored secrets."},
    Fields=_FIELDS,
)

SERVICE = body_of(
    ("Name",),
    Name=_NAME,
    ProductName=TEXT,
    ProductVersion=TEXT,
    APIVersion=TEXT,
    Configuration=_named("The name of an authentication configuration; without one nothing has to be proven."),
    Limits={
        **body_of(Concurrency=_NUMBER, BreakerFailures=_NUMBER, BreakerSeconds=_NUMBER),
        "type": ["object", "null"],
        "description": "How many calls at once, and after how many failures in a row it is left alone for how long.",
    },
)

_PARAMETER = body_of(
    ("Name",),
    Name=_NAME,
    In=_one_of(*Place),
    Type=_one_of(*ParameterType),
    Required=_FLAG,
    Default={"description": "Of the type; where that is json, as a text of JSON."},
    Description=TEXT,
)
_RETRY = body_of(
    Attempts=_NUMBER, First=_DURATION, Factor={"type": ["number", "null"]}, Longest=_DURATION, Jitter=_FLAG
)
_PAGINATION = body_of(
    Kind=_one_of(*PaginationKind), Parameter=TEXT, First=_NUMBER, Next=_EXPRESSION, Items=_EXPRESSION, Pages=_NUMBER
)
_CONNECTOR: dict[str, Any] = {
    "Service": _named("The name of the service."),
    "Description": TEXT,
    "Method": {**TEXT, "description": "GET unless it is said."},
    "URL": {"type": "string", "description": "With {name} in its path for each path parameter."},
    "Parameters": {"type": ["array", "null"], "items": _PARAMETER},
    "BodyType": _one_of(*BodyType),
    "Headers": _TEXTS_BY_NAME,
    "Timeout": _DURATION,
    "Retry": {**_RETRY, "type": ["object", "null"]},
    "Success": {**_EXPRESSION, "description": "Whether a call went well; without it a code from 200 to 299."},
    "Output": {**_EXPRESSION, "description": "What a call gives; without it the message."},
    "Pagination": {**_PAGINATION, "type": ["object", "null"]},
}
_INPUTS = {**_OBJECT, "description": "What the call is given, by the names of the parameters."}

CONNECTOR = body_of(("Name", "Service", "URL"), Name=_NAME, **_CONNECTOR)
TRY_CONNECTOR = body_of(("Service", "URL"), Inputs=_INPUTS, **_CONNECTOR)
TRY_STORED_CONNECTOR = body_of(
    Inputs=_INPUTS,
    **_CONNECTOR | {"URL": {**TEXT, "description": "If given, a changed connector is called, as the body says it."}},
)

_SECTION: JsonSchema = {"type": ["object", "null"], "additionalProperties": {"type": "object"}}
FILE: JsonSchema = {
    "type": "object",
    "properties": {"configurations": _SECTION, "services": _SECTION, "connectors": _SECTION},
    "additionalProperties": False,
}
OPENAPI = body_of(
    ("Document",),
    Document={
        "anyOf": [{"type": "object"}, {"type": "string", "minLength": 1}],
        "description": "An OpenAPI document of 3.0 or 3.1 as it is, or as a text of JSON or YAML.",
    },
    Service={**TEXT, "description": "The service of the connectors, added where it is not there; else the title."},
    Operations={
        "type": ["array", "null"],
        "items": {"type": "object", "properties": {"Name": {"type": "string"}}, "required": ["Name"]},
        "description": "Which to make connectors of, by operationId or as in `GET /trips`; without any none is made.",
    },
    URL={**TEXT, "description": "Takes the place of the document's server."},
)
