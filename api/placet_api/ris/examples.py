"""One life in examples: anna asks for three days of leave, and ben answers."""

from __future__ import annotations

from typing import Any

from placet_api.links import DEFINITIONS, PROCESSES, WORK_ITEMS, Links, link

DEFINITION_ID = "bf94bbcb0acf087ad3b7fda9604557dd"
PROCESS_ID = "01a200b712bc703e8390ee82dd390000"
WORK_ITEM_ID = "01a200b712bc703e8390ee82dd390001"
ACTIVITY = {"Activity": "manager", "ActivityName": "Manager's approval"}

_DN = "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"
_LINKS = Links("/v1")
_ASKED, _ANSWERED = "20261122004527612+0000", "20261122004612340+0000"


def _person(name: str, full_name: str) -> dict[str, str]:
    return {"DN": f"cn={name},ou=users,o=placet", "Value": full_name, "GUID": "", "Link": ""}


def _days(*values: str) -> dict[str, Any]:
    return {
        "Name": "days",
        "Type": "integer",
        "Value": values[0] if values else "",
        "Values": [{"Value": value} for value in values],
        "MultiValued": False,
    }


_ANNA, _BEN = _person("anna", "Anna Berg"), _person("ben", "Ben Holm")
_DEFINITION_OF = {
    "Value": "Leave request",
    "DN": _DN,
    "GUID": DEFINITION_ID,
    "Link": _LINKS.definition + DEFINITION_ID,
    "Version": "1",
}

ROOT: list[dict[str, str]] = [_LINKS.collection(kind) for kind in (DEFINITIONS, PROCESSES, WORK_ITEMS)]

DEFINITION: dict[str, Any] = {
    "Links": [_LINKS.of_definition(kind, _DN) for kind in (PROCESSES, WORK_ITEMS)],
    "DataItems": [_days()],
    "Value": "Leave request",
    "DN": _DN,
    "GUID": DEFINITION_ID,
    "Link": _LINKS.definition + DEFINITION_ID,
    "Category": "",
    "DigitalSignatureType": "not-required",
    "Description": "Paid leave of one or more working days",
    "Operation": "0",
}

PROCESS: dict[str, Any] = {
    "Links": [link(_LINKS.items_of_process + PROCESS_ID, WORK_ITEMS)],
    "GUID": PROCESS_ID,
    "Link": _LINKS.process + PROCESS_ID,
    "Initiator": _ANNA,
    "Recipient": _ANNA,
    "Definition": _DEFINITION_OF,
    "Created": _ASKED,
    "Completed": "",
    "ApprovalStatus": "Processing",
    "ProcessStatus": "Running",
    "Version": "1",
    "EngineId": "placet",
    "CorrelationId": "holiday 7",
}

WORK_ITEM: dict[str, Any] = {
    "GUID": WORK_ITEM_ID,
    "Link": _LINKS.work_item + WORK_ITEM_ID,
    "Links": [link(_LINKS.processes_by_id + PROCESS_ID, PROCESSES)],
    "Process": {"GUID": PROCESS_ID, "Link": _LINKS.process + PROCESS_ID},
    "Definition": _DEFINITION_OF,
    **ACTIVITY,
    "Addressee": _BEN,
    "Owner": _BEN,
    "Recipient": _ANNA,
    "Initiator": _ANNA,
    "Status": {"Code": "0", "Value": "Open"},
    "Priority": {"Code": "2", "Value": "Medium"},
    "Created": _ASKED,
    "Expires": "",
    "Completed": "",
    "AvailableActions": [
        {"Code": "0", "Value": "Approve"},
        {"Code": "1", "Value": "Deny"},
        {"Code": "2", "Value": "Refuse"},
    ],
    "DataItems": [_days("3")],
}

ANSWERED: dict[str, Any] = WORK_ITEM | {
    "Status": {"Code": "2", "Value": "Completed"},
    "Completed": _ANSWERED,
    "AvailableActions": [],
}

FORM: dict[str, Any] = {
    "Definition": _DEFINITION_OF,
    "Activity": "",
    "ActivityName": "",
    "Sections": [],
    "Fields": [
        _days()
        | {
            "Label": "days",
            "Help": "Number of working days",
            "Section": "",
            "Required": True,
            "Visible": True,
            "ReadOnly": False,
        }
    ],
    "Data": {},
    "Schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"days": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}},
        "required": ["days"],
        "additionalProperties": False,
    },
}
ITEM_FORM: dict[str, Any] = FORM | {
    **ACTIVITY,
    "Fields": [FORM["Fields"][0] | _days("3") | {"ReadOnly": True}],
    "Data": {"days": 3},
    "Schema": FORM["Schema"] | {"properties": {"days": {"const": 3}}, "required": []},
}

COMMENT: dict[str, Any] = {
    **ACTIVITY,
    "Comment": "Enjoy it.",
    "System": False,
    "Timestamp": _ANSWERED,
    "User": {"DN": _BEN["DN"], "Value": _BEN["Value"]},
}

START: dict[str, Any] = {"DataItems": [{"Name": "days", "Value": "3"}], "CorrelationId": "holiday 7"}
ACT: dict[str, Any] = {"AvailableActions": [{"Value": "Approve"}], "Comment": "Enjoy it."}
SAY: dict[str, Any] = {"Comment": "Thank you."}
