"""What the answers look like that show a process from inside."""

from __future__ import annotations

from placet.core.events import KINDS
from placet_api.ris.schemas import ANYTHING, DATA_ITEM, NUMBER, PERSON, TEXT, TIME, Array, Object, Text
from placet_api.ris.waiting_schemas import LINKED_OR_EMPTY

DATA = Object({"DataItems": Array(DATA_ITEM), "Data": ANYTHING}, name="ProcessData")
HAPPENED = Object(
    {
        "Kind": Text(enum=tuple(KINDS.values())),
        "Value": TEXT,
        "Time": TIME,
        "Activity": TEXT,
        "ActivityName": TEXT,
        "WorkItem": LINKED_OR_EMPTY,
        "Actor": PERSON,
        "Addressee": PERSON,
        "Number": NUMBER,
        "Detail": ANYTHING,
    },
    name="Happened",
)
DIAGRAM = Object({"Value": TEXT}, name="Diagram")

#: Those that the OpenAPI document tells once.
NAMED = (DATA, HAPPENED, DIAGRAM)
