"""What the bodies of requests look like, as they are read: members that are not named here are ignored."""

from __future__ import annotations

from typing import Any

from placet_api.openapi.operation import JsonSchema
from placet_api.ris.render import ACTION_NAMES

TEXT = {"type": ["string", "null"]}
PERSON: JsonSchema = {
    "description": "A user name or DN, or an object that has it as DN.",
    "anyOf": [TEXT, {"type": "object", "properties": {"DN": TEXT}}],
}

_DATA_ITEM: JsonSchema = {
    "type": "object",
    "properties": {
        "Name": {"type": "string", "minLength": 1},
        "Value": {"description": "A text, or a JSON number or boolean where the type of the item fits."},
        "Values": {
            "type": ["array", "null"],
            "items": {"type": "object", "properties": {"Value": {}}},
            "description": "The values of an item that may have several.",
        },
        "MultiValued": {"type": ["boolean", "null"]},
    },
    "required": ["Name"],
}

_ACTION: JsonSchema = {
    "type": "object",
    "description": "The action to take, by its code, its name or both.",
    "properties": {
        "Code": {"enum": [str(action.value) for action in ACTION_NAMES]},
        "Value": {"enum": [name for names in ACTION_NAMES.values() for name in names]},
    },
}


def body_of(required: tuple[str, ...] = (), **members: Any) -> JsonSchema:
    """The schema of an object with these members, and maybe others."""
    return {"type": "object", "properties": members, **({"required": list(required)} if required else {})}


DATA_ITEMS = {"type": ["array", "null"], "items": _DATA_ITEM}

DATA: JsonSchema = {
    "type": ["object", "null"],
    "description": "Instead of DataItems: values by data item, as the Schema of the form has them.",
}

START = body_of(
    DataItems={**DATA_ITEMS, "description": "The values that the definition asks for."},
    Data=DATA,
    Recipient={**PERSON, "description": "Whom it is for; absent, whoever asks. A user name or DN."},
    CorrelationId={**TEXT, "description": "A text of your own, by which processes can be found."},
    Proxy={**PERSON, "description": "In whose place one acts who may do that; shown as Proxy of the process."},
)
ACT = body_of(
    ("AvailableActions",),
    AvailableActions={"type": "array", "items": _ACTION, "minItems": 1, "maxItems": 1},
    DataItems={**DATA_ITEMS, "description": "New values for the items that the step lets be written."},
    Data=DATA,
    Comment={**TEXT, "description": "Goes with the action; needed by Comment only."},
    Addressee={**PERSON, "description": "Whom the item goes to; needed by Reassign."},
    GUID={**TEXT, "description": "If given, the id of the item in the path."},
)
FILLED_IN = body_of(
    DataItems={**DATA_ITEMS, "description": "What is filled in so far."},
    Data=DATA,
)
CHANGE = body_of(
    DataItems={**DATA_ITEMS, "description": "New values; one without any is emptied."},
    Data=DATA,
    Comment={**TEXT, "description": "Why; kept as a comment."},
)
COMMENT = body_of(("Comment",), Comment={"type": "string", "minLength": 1})
