"""What the answers look like that say why a process waits, and what can be done about it."""

from __future__ import annotations

from placet.core.waiting import Coming, Progress, WaitKind
from placet_api.actions import Kind, Subject
from placet_api.ris.schemas import (
    FLAG,
    NUMBER,
    PATH,
    PERSON,
    TEXT,
    TIME,
    TIME_OR_EMPTY,
    Array,
    Object,
    Text,
)
from placet_api.ris.schemas import GUID as ID

_LINKED = Object({"GUID": ID, "Link": PATH})
LINKED_OR_EMPTY = Object({"GUID": Text(pattern="([0-9a-f]{32})?"), "Link": TEXT})
_TEXTS = Array(Object({"Value": TEXT}))

TRY = Object({"At": TIME, "Code": TEXT, "Error": TEXT, "Milliseconds": NUMBER}, name="Try")
ASKED = Object(
    {
        "WorkItem": _LINKED,
        "Addressee": PERSON,
        "InPlaceOf": PERSON,
        "Owner": PERSON,
        "StandIn": PERSON,
        "AbsentUntil": TIME_OR_EMPTY,
        "CanAnswer": Array(PERSON),
        "AndOthers": FLAG,
        "Reason": TEXT,
    },
    name="Asked",
)
VOTES = Object(
    {"Wanted": NUMBER, "Total": NUMBER, "Approved": NUMBER, "Denied": NUMBER, "Refused": NUMBER}, name="Votes"
)
COMING = Object(
    {"What": Text(enum=tuple(each.value for each in Coming)), "At": TIME, "LeadsTo": TEXT, "People": Array(PERSON)},
    name="Coming",
)
HELP = Object({"What": TEXT, "Permission": TEXT, "People": Array(PERSON), "AndOthers": FLAG}, name="Help")
WAIT = Object(
    {
        "Kind": Text(enum=tuple(each.value for each in WaitKind)),
        "Activity": TEXT,
        "ActivityName": TEXT,
        "Since": TIME,
        "Held": FLAG,
        "Words": _TEXTS,
        "Asked": Array(ASKED),
        "Votes": VOTES,
        "Coming": Array(COMING),
        "Helpers": Array(HELP),
        "By": PERSON,
        "Of": TEXT,
        "Process": LINKED_OR_EMPTY,
        "To": Array(PERSON),
        "Progress": Text(enum=("", *(each.value for each in Progress))),
        "Incident": LINKED_OR_EMPTY,
        "Reason": TEXT,
        "Tries": Array(TRY),
    },
    optional=frozenset({"Votes"}),
    name="Wait",
)

OFFER = Object(
    {
        "Of": Text(enum=tuple(each.value for each in Subject)),
        "GUID": ID,
        "Name": TEXT,
        "Title": TEXT,
        "Asks": Array(
            Object(
                {"Name": TEXT, "Title": TEXT, "Kind": Text(enum=tuple(each.value for each in Kind)), "Required": FLAG}
            )
        ),
    },
    name="Offer",
)

#: Those that the OpenAPI document tells once.
NAMED = (TRY, ASKED, VOTES, COMING, HELP, WAIT, OFFER)
