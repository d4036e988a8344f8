"""Every operation of engines for the OpenAPI document, with an example of each."""

from __future__ import annotations

from typing import Any

from placet import NodeStatus
from placet_api.openapi.faults import ANYWHERE, FAULT, FAULTS
from placet_api.openapi.operation import SIGN_IN, Operation, Parameter, Reply, ServiceOperations
from placet_api.ris.parameters import with_matrix
from placet_api.ris.schemas import (
    NUMBER,
    PATH,
    TEXT,
    TIME,
    TIME_OR_EMPTY,
    Array,
    Object,
    Text,
    json_schema,
    object_schema,
)

_PATH = "/v1/engines"

ENGINE = Object(
    {
        "EngineId": TEXT,
        "Link": PATH,
        "Status": Text(enum=tuple(status.value for status in NodeStatus)),
        "Address": TEXT,
        "Host": TEXT,
        "PID": NUMBER,
        "Version": TEXT,
        "Started": TIME,
        "RunningSince": TIME_OR_EMPTY,
        "Beat": TIME,
        "DrainingSince": TIME_OR_EMPTY,
        "Drained": TIME_OR_EMPTY,
        "Ended": TIME_OR_EMPTY,
    },
    name="Engine",
)

_ENGINE_ID = "app-1-8080"
_STARTED, _DRAINING = "20261123090000000+0000", "20261123100000000+0000"
_EXAMPLE: dict[str, Any] = {
    "EngineId": _ENGINE_ID,
    "Link": f"{_PATH}/{_ENGINE_ID}",
    "Status": "Running",
    "Address": "http://app-1:8080",
    "Host": "app-1",
    "PID": 4711,
    "Version": "0.1.0",
    "Started": _STARTED,
    "RunningSince": _STARTED,
    "Beat": _DRAINING,
    "DrainingSince": "",
    "Drained": "",
    "Ended": "",
}
_DRAINED = _EXAMPLE | {"Status": "Draining", "DrainingSince": _DRAINING}

_ID = Parameter(
    "id", "The id of the engine.", {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}, "path",
    required=True, example=_ENGINE_ID,
)  # fmt: skip

_READING = (
    Operation(
        "getEngines",
        "GET",
        _PATH,
        "Engines, those that live first",
        {200: Reply("The nodes on this database.", json_schema(Array(ENGINE), refer=True), [_EXAMPLE])},
    ),
    Operation(
        "getEngine",
        "GET",
        f"{_PATH}/{{id}}",
        "One engine",
        {200: Reply("Drained is since when nothing of it runs any more.", json_schema(ENGINE, refer=True), _EXAMPLE)},
        faults=(404,),
        parameters=(_ID,),
    ),
)

OPERATIONS = ServiceOperations(
    "Engines",
    "The nodes on this database. All of it takes PM_SETUP_ADVANCE.",
    (
        *_READING,
        Operation(
            "drainEngine",
            "POST",
            f"{_PATH}/{{id}}/drain",
            "Have an engine take no more work",
            {200: Reply("The engine as it is then.", json_schema(ENGINE, refer=True), _DRAINED)},
            "It takes no more jobs, timers and deliveries, goes on answering requests, and is not ready by `/readyz`.",
            (404, 409),
            parameters=(_ID,),
        ),
        *map(with_matrix, _READING),
    ),
    FAULTS,
    (*ANYWHERE, 401, 403, 406, 429),
    {"Fault": FAULT, ENGINE.name: object_schema(ENGINE, refer=True)},
    security=tuple(SIGN_IN),
)
