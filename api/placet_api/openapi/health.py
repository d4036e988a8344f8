"""What is open to everybody: the state of a node, and the documentation."""

from __future__ import annotations

from typing import Any

from placet_api.metrics import OFFERED
from placet_api.openapi.faults import FAULT, FAULTS
from placet_api.openapi.operation import Operation, Parameter, Reply, ServiceOperations

_IF_NONE_MATCH = Parameter("If-None-Match", "An ETag: 304 where it is still the same.", place="header")
_TEXT = {"type": "string"}
_SAME = Reply("It is still what the client has.", headers=("ETag",))


def _status(text: str, status: str, **others: str) -> Reply:
    """An answer with a status; `others` describes the texts that may stand beside it."""
    beside = {name: {"type": "string", "description": each} for name, each in others.items()}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"status": {"type": "string", "const": status}} | beside,
        "required": ["status"],
        "additionalProperties": False,
    }
    return Reply(text, schema, {"status": status})


OPERATIONS = ServiceOperations(
    "Node",
    "Open to everybody.",
    (
        Operation(
            "isAlive",
            "GET",
            "/healthz",
            "Whether the program runs",
            {200: _status("It runs.", "ok")},
        ),
        Operation(
            "isReady",
            "GET",
            "/readyz",
            "Whether commands are taken",
            {200: _status("They are taken.", "ready", warning="what does not work all the same")},
            faults=(503,),
        ),
        Operation(
            "getMetrics",
            "GET",
            "/metrics",
            "What the engine counts",
            {200: Reply("Figures in the text format of Prometheus, or as OpenMetrics.", _TEXT, kinds=OFFERED)},
            "For this machine only, unless there is a token for it: then for who sends it as `Authorization: Bearer`.",
            faults=(401, 403),
        ),
        Operation(
            "getOpenAPI",
            "GET",
            "/openapi.json",
            "This document",
            {200: Reply("An OpenAPI document.", {"type": "object"}, headers=("ETag",)), 304: _SAME},
            faults=(503,),
            parameters=(_IF_NONE_MATCH,),
        ),
        Operation(
            "getDocumentation",
            "GET",
            "/docs",
            "This document as a page",
            {200: Reply("A page.", {"type": "string"}, headers=("ETag",), kinds=("text/html",)), 304: _SAME},
            faults=(503,),
            parameters=(_IF_NONE_MATCH,),
        ),
    ),
    FAULTS,
    (400, 408, 431, 500),
    {"Fault": FAULT},
)
