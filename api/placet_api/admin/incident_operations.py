"""Every operation of incidents for the OpenAPI document, with an example of each: a service that was down."""

from __future__ import annotations

from typing import Any

from placet_api.openapi.faults import ANYWHERE, FAULT, FAULTS
from placet_api.openapi.operation import SIGN_IN, Body, Operation, Parameter, Reply, ServiceOperations
from placet_api.ris.bodies import DATA_ITEMS, body_of
from placet_api.ris.parameters import CURSOR, GUID, LIMIT, ZONE, id_of, with_matrix
from placet_api.ris.schemas import (
    ANYTHING,
    DEFINITION_OF,
    PATH,
    PERSON,
    TEXT,
    TIME,
    TIME_OR_EMPTY,
    Array,
    Object,
    Text,
    json_schema,
    object_schema,
)
from placet_api.ris.schemas import GUID as ID
from placet_api.ris.waiting_schemas import TRY

_PATH = "/v1/incidents"

INCIDENT = Object(
    {
        "GUID": ID,
        "Link": PATH,
        "Process": Object({"GUID": ID, "Link": PATH}),
        "Definition": DEFINITION_OF,
        "Activity": TEXT,
        "ActivityName": TEXT,
        "Kind": Text(enum=("connector", "mail")),
        "Opened": TIME,
        "Reason": TEXT,
        "Connector": TEXT,
        "Inputs": ANYTHING,
        "IdempotencyKey": TEXT,
        "Tries": Array(TRY),
        "Response": ANYTHING,
        "Resolved": TIME_OR_EMPTY,
        "Resolution": Text(enum=("", "retried", "skipped", "ended")),
        "ResolvedBy": PERSON,
    },
    name="Incident",
)

_PROCESS_ID, _GUID = "01a200b712bc703e8390ee82dd3a0000", "01a200b712bc703e8390ee82dd3a0001"
_DEFINITION_ID = "01a200b712bc703e8390ee82dd3b0000"
_AT = "20261123090000000+0000"

EXAMPLE: dict[str, Any] = {
    "GUID": _GUID,
    "Link": f"{_PATH}/{_GUID}",
    "Process": {"GUID": _PROCESS_ID, "Link": f"/v1/wf/processes/{_PROCESS_ID}"},
    "Definition": {
        "Value": "Book a trip",
        "DN": "cn=Book a trip,cn=RequestDefs,cn=AppConfig,o=placet",
        "GUID": _DEFINITION_ID,
        "Link": f"/v1/wf/definitions/{_DEFINITION_ID}",
        "Version": "1",
    },
    "Activity": "book",
    "ActivityName": "Book it",
    "Kind": "connector",
    "Opened": _AT,
    "Reason": "The call of 'Book a trip' failed after 5 tries: the service answered 503.",
    "Connector": "Book a trip",
    "Inputs": {"city": "Oslo"},
    "IdempotencyKey": f"{_PROCESS_ID}-1",
    "Tries": [{"At": _AT, "Code": "503", "Error": "the service answered 503", "Milliseconds": 12}],
    "Response": {"success": False, "code": 503, "message": "", "headers": {}, "error": "the service answered 503"},
    "Resolved": "",
    "Resolution": "",
    "ResolvedBy": {"DN": "", "Value": "", "GUID": "", "Link": ""},
}

_ID = id_of("incident", _GUID)
_RETRY = body_of(
    DataItems={**DATA_ITEMS, "description": "Data items to change first; what the call is given follows from them."},
    Inputs={"type": ["object", "null"], "description": "What to give this call besides; null leaves an input out."},
)
_SKIP = body_of(Result={"description": "What stands for the answer: the outputs are made of it. Without it, none are."})


def _answer(shape: Object | Array, text: str, example: Any, *headers: str) -> Reply:
    return Reply(text, json_schema(shape, refer=True), example, headers)


def _does(name: str, way: str, summary: str, text: str, body: Body) -> Operation:
    replies = {204: Reply("It is resolved.")}
    faults = (404, 409, 413, 415)
    return Operation(
        name, "POST", f"{_PATH}/{{id}}/{way}", summary, replies, text, faults, parameters=(_ID,), body=body
    )


_READING = (
    Operation(
        "getIncidents",
        "GET",
        _PATH,
        "Incidents, the oldest first",
        {200: _answer(Array(INCIDENT), "Those of processes that who asks may see.", [EXAMPLE], "Link")},
        faults=(422,),
        parameters=(
            Parameter("process", "Only those of this process.", GUID),
            Parameter("state", "The open ones, or all.", {"type": "string", "enum": ["open", "all"]}, example="open"),
            Parameter("q", "A query on incidents, in the query language."),
            Parameter(
                "sort",
                "OpenTime for the oldest first, -OpenTime for the newest first.",
                {"type": "string", "enum": ["OpenTime", "-OpenTime"]},
            ),
            ZONE,
            LIMIT,
            CURSOR,
        ),
    ),
    Operation(
        "getIncident",
        "GET",
        f"{_PATH}/{{id}}",
        "One incident",
        {200: _answer(INCIDENT, "What was tried, when, and what came back.", EXAMPLE)},
        faults=(404,),
        parameters=(_ID,),
    ),
)

OPERATIONS = ServiceOperations(
    "Incidents",
    "What could not be done after its last try, and waits for a person. All of it takes PM_SUPERVISOR.",
    (
        *_READING,
        _does(
            "retryIncident",
            "retry",
            "Try again what failed",
            "A call with the same inputs goes with the same idempotency key, one with others with a new one.",
            Body(_RETRY, {"Inputs": {"city": "Bergen"}}, required=False),
        ),
        _does(
            "skipIncident",
            "skip",
            "Go on without what failed",
            "The process goes on as if it had worked.",
            Body(_SKIP, {"Result": {"booking": "by telephone"}}, required=False),
        ),
        *map(with_matrix, _READING),
    ),
    FAULTS,
    (*ANYWHERE, 401, 403, 406, 429),
    {"Fault": FAULT, **{each.name: object_schema(each, refer=True) for each in (INCIDENT, TRY)}},
    security=tuple(SIGN_IN),
)
