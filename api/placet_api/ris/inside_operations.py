"""The operations that show a process from inside, with an example of each."""

from __future__ import annotations

from placet_api.openapi.operation import Operation, Reply
from placet_api.ris import examples
from placet_api.ris.inside_schemas import DATA, DIAGRAM, HAPPENED
from placet_api.ris.parameters import id_of
from placet_api.ris.schemas import Array, json_schema

_PROCESS_ID = id_of("process", examples.PROCESS_ID)
_NOBODY = {"DN": "", "Value": "", "GUID": "", "Link": ""}
_ITEM = examples.WORK_ITEM

INSIDE = (
    Operation(
        "getProcessData",
        "GET",
        "/wf/processes/{id}/data",
        "What a process carries",
        {
            200: Reply(
                "Its data items, and the same as plain values.",
                json_schema(DATA, refer=True),
                {"DataItems": _ITEM["DataItems"], "Data": {each["Name"]: each["Value"] for each in _ITEM["DataItems"]}},
            )
        },
        faults=(404,),
        parameters=(_PROCESS_ID,),
    ),
    Operation(
        "getProcessTimeline",
        "GET",
        "/wf/processes/{id}/timeline",
        "What has happened to a process",
        {
            200: Reply(
                "All its events, the oldest first.",
                json_schema(Array(HAPPENED), refer=True),
                [
                    {
                        "Kind": "work_item.assigned",
                        "Value": "assigned to Ben Holm",
                        "Time": _ITEM["Created"],
                        **examples.ACTIVITY,
                        "WorkItem": {"GUID": _ITEM["GUID"], "Link": _ITEM["Link"]},
                        "Actor": _NOBODY,
                        "Addressee": _ITEM["Addressee"],
                        "Number": 3,
                        "Detail": {"addressee": _ITEM["Addressee"]["DN"]},
                    }
                ],
            )
        },
        faults=(404,),
        parameters=(_PROCESS_ID,),
    ),
    Operation(
        "getProcessDiagram",
        "GET",
        "/wf/processes/{id}/diagram",
        "Where a process stands, as text",
        {
            200: Reply(
                "Each activity with the ways that leave it: ▶ is where it stands, ✓ where it was.",
                json_schema(DIAGRAM, refer=True),
                {"Value": "✓ Start\n    ━━▶ Manager approves\n▶ Manager approves\n    ──▷ approved: Done\n· Done\n"},
            )
        },
        faults=(404,),
        parameters=(_PROCESS_ID,),
    ),
)
