"""The refusals of the services that answer with a fault, by status."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from placet.errors import TooManyAttempts
from placet_api.errors import STATUSES, fault, symbol_of
from placet_api.openapi.operation import JsonSchema, Reply, reference

_VALUE = {"type": "object", "properties": {"Value": {"type": "string"}}, "required": ["Value"]}
_WRONG = {
    "type": "object",
    "properties": {"Name": {"type": "string"}, "Text": {"type": "string"}},
    "required": ["Name", "Text"],
    "additionalProperties": False,
}
_PLACE = {
    "type": "object",
    "description": "The character of the query that does not fit, the first being 0, and what may have been meant.",
    "properties": {"Position": {"type": "integer", "minimum": 0}, "Suggestion": {"type": "string"}},
    "required": ["Position", "Suggestion"],
    "additionalProperties": False,
}

FAULT: JsonSchema = {
    "type": "object",
    "description": "Why a request was refused: Sender means that another request would work, Receiver that the same "
    "one may work later. The text says what was given, what is wrong, and what would work.",
    "properties": {
        "Fault": {
            "type": "object",
            "properties": {
                "Code": {
                    "type": "object",
                    "properties": {
                        "Value": {"type": "string", "enum": ["Sender", "Receiver"]},
                        "Subcode": {**_VALUE, "additionalProperties": False},
                    },
                    "required": ["Value", "Subcode"],
                    "additionalProperties": False,
                },
                "Reason": {
                    "type": "object",
                    "properties": {"Text": {"type": "string"}},
                    "required": ["Text"],
                    "additionalProperties": False,
                },
                "Detail": {
                    "type": "object",
                    "description": "What is wrong with which data item, or where in a query, where that is the reason.",
                    "properties": {"DataItems": {"type": "array", "items": _WRONG}, "Query": _PLACE},
                    "additionalProperties": False,
                },
            },
            "required": ["Code", "Reason"],
            "additionalProperties": False,
        }
    },
    "required": ["Fault"],
    "additionalProperties": False,
}

_HEADERS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_EXAMPLE = "what was given, what is wrong, and what would work"


def _reply(status: int, code: str, text: str) -> Reply:
    example = orjson.loads(fault(status, symbol_of(code), _EXAMPLE).body)
    return Reply(text, reference("Fault"), example, _HEADERS.get(status, ()))


#: What each kind of error is for a client; the words are those of its class.
FAULTS: Mapping[int, Reply] = {
    **{status: _reply(status, kind.code, (kind.__doc__ or "").splitlines()[0]) for kind, status in STATUSES.items()},
    429: _reply(429, TooManyAttempts.code, "Too many sign-ins have failed."),
    500: _reply(500, "internal-error", "The server failed; its log has the reason under the number that is told."),
}

#: What any operation may answer, whatever it is about.
ANYWHERE = (400, 408, 431, 500, 503)
