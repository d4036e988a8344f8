"""The operations that say why a process waits and help it on, with an example of each."""

from __future__ import annotations

from typing import Any

from placet_api.openapi.operation import Body, Operation, Reply
from placet_api.ris import bodies, examples
from placet_api.ris.parameters import IF_MATCH, id_of
from placet_api.ris.schemas import Array, json_schema
from placet_api.ris.waiting_schemas import OFFER, WAIT

_PROCESS_ID = id_of("process", examples.PROCESS_ID)
_ITEM = {"GUID": examples.WORK_ITEM_ID, "Link": f"/v1/wf/workitems/{examples.WORK_ITEM_ID}"}
_NOBODY = {"DN": "", "Value": "", "GUID": "", "Link": ""}
_BEN = examples.WORK_ITEM["Addressee"]
_CREATED = examples.WORK_ITEM["Created"]

_WAIT: dict[str, Any] = {
    "Kind": "answer",
    **examples.ACTIVITY,
    "Since": _CREATED,
    "Held": False,
    "Words": [
        {"Value": "It waits for an answer from Ben Holm, since 2026-11-22 00:45:27 UTC."},
        {"Value": "Nothing ends this by itself: no time limit is set."},
        {"Value": "Ben Holm can answer."},
    ],
    "Asked": [
        {
            "WorkItem": _ITEM,
            "Addressee": _BEN,
            "InPlaceOf": _NOBODY,
            "Owner": _NOBODY,
            "StandIn": _NOBODY,
            "AbsentUntil": "",
            "CanAnswer": [_BEN],
            "AndOthers": False,
            "Reason": "",
        }
    ],
    "Coming": [],
    "Helpers": [],
    "By": _NOBODY,
    "Of": "",
    "Process": {"GUID": "", "Link": ""},
    "To": [],
    "Progress": "",
    "Incident": {"GUID": "", "Link": ""},
    "Reason": "",
    "Tries": [],
}
_OFFER: dict[str, Any] = {
    "Of": "process",
    "GUID": examples.PROCESS_ID,
    "Name": "terminate",
    "Title": "Terminate",
    "Asks": [{"Name": "reason", "Title": "Reason", "Kind": "text", "Required": False}],
}

WAITING = (
    Operation(
        "getProcessWaiting",
        "GET",
        "/wf/processes/{id}/waiting",
        "Why a process waits",
        {
            200: Reply(
                "An answer for each point where it stands; none once it has ended.",
                json_schema(Array(WAIT), refer=True),
                [_WAIT],
            )
        },
        faults=(404,),
        parameters=(_PROCESS_ID,),
    ),
    Operation(
        "getProcessActions",
        "GET",
        "/wf/processes/{id}/actions",
        "What you can do with a process",
        {
            200: Reply(
                "With it, its open work items and its open incidents.",
                json_schema(Array(OFFER), refer=True),
                [_OFFER],
            )
        },
        faults=(404,),
        parameters=(_PROCESS_ID,),
    ),
)

CHANGES_DATA = Operation(
    "changeProcessData",
    "POST",
    "/wf/processes/{id}/data",
    "Change the data of a process that has not ended",
    {204: Reply("It is changed; what has been asked and decided stays as it is.")},
    "Takes PM_SUPERVISOR.",
    (403, 404, 409, 412, 413, 415),
    (_PROCESS_ID, IF_MATCH),
    Body(bodies.CHANGE, {"Data": {"days": 4}, "Comment": "Four, as she says by telephone."}),
)
