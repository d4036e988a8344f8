"""Every operation of webhooks for the OpenAPI document, with an example of each."""

from __future__ import annotations

from typing import Any

from placet_api.admin.connectors.schemas import TRIAL
from placet_api.openapi.faults import ANYWHERE, FAULT, FAULTS
from placet_api.openapi.operation import SIGN_IN, Body, Operation, Parameter, Reply, ServiceOperations
from placet_api.ris.bodies import TEXT as TEXT_MEMBER
from placet_api.ris.bodies import body_of
from placet_api.ris.parameters import CURSOR, IF_MATCH, IF_NONE_MATCH, LIMIT, id_of, with_matrix
from placet_api.ris.schemas import (
    FLAG,
    GUID,
    NUMBER,
    PATH,
    TEXT,
    TIME,
    TIME_OR_EMPTY,
    Array,
    Object,
    json_schema,
    object_schema,
)

_PATH = "/v1/webhooks"
_OF_BODIES = (413, 415)

WEBHOOK = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Name": TEXT,
        "URL": TEXT,
        "Events": Array(Object({"Value": TEXT})),
        "Filter": TEXT,
        "Active": FLAG,
        "Trouble": TEXT,
        "Waiting": NUMBER,
        "Dead": NUMBER,
        "Revision": NUMBER,
        "Created": TIME,
        "Updated": TIME_OR_EMPTY,
        "Secret": TEXT,
    },
    optional=frozenset({"Secret"}),
    name="Webhook",
)
DELIVERY = Object(
    {
        "EventId": TEXT,
        "Process": Object({"GUID": GUID, "Link": PATH}),
        "Tries": NUMBER,
        "LastError": TEXT,
        "LastTry": TIME_OR_EMPTY,
        "NextTry": TIME_OR_EMPTY,
        "Died": TIME_OR_EMPTY,
    },
    name="WebhookDelivery",
)
_REPLAYED = Object({"Replayed": NUMBER})

_GUID, _PROCESS_ID = "01a200b712bc703e8390ee82dd3f0000", "01a200b712bc703e8390ee82dd3a0000"
_URL, _AT = "https://ledger.example.org/in", "20261123090000000+0000"
_SECRET = "Vq2mJxk0b9v3nXyP4cR7tLw1sZ8dF5hG6aE2uT0iOQo"  # noqa: S105  # of the example
_NEW: dict[str, Any] = {"Name": "Ledger", "URL": _URL, "Events": [{"Value": "process.*"}]}
_EXAMPLE: dict[str, Any] = {
    "GUID": _GUID,
    "Link": f"{_PATH}/{_GUID}",
    "Name": "Ledger",
    "URL": _URL,
    "Events": [{"Value": "process.*"}],
    "Filter": "",
    "Active": True,
    "Trouble": "",
    "Waiting": 0,
    "Dead": 1,
    "Revision": 1,
    "Created": _AT,
    "Updated": "",
}
_WITH_SECRET = _EXAMPLE | {"Dead": 0, "Secret": _SECRET}
_DELIVERY: dict[str, Any] = {
    "EventId": f"{_PROCESS_ID}-1",
    "Process": {"GUID": _PROCESS_ID, "Link": f"/v1/wf/processes/{_PROCESS_ID}"},
    "Tries": 12,
    "LastError": "It answered 500 Internal Server Error.",
    "LastTry": _AT,
    "NextTry": "",
    "Died": _AT,
}
_TRIAL: dict[str, Any] = {
    "Success": True,
    "Message": "It answered 204 No Content.",
    "Milliseconds": 23.1,
    "Request": {"Method": "POST", "URL": _URL, "Headers": {"placet-event-id": "ping-1f2e3d4c5b6a7988"}, "Body": "{…}"},
    "Response": {"Code": 204, "Headers": {}, "Message": None, "Error": None},
    "Result": None,
}

_ID = id_of("webhook", _GUID)
_SECRET_MEMBER = {**TEXT_MEMBER, "description": "16 to 200 characters of ASCII; without it one is made."}
_WEBHOOK: dict[str, Any] = {
    "Name": {"type": "string", "minLength": 1, "maxLength": 100},
    "URL": {"type": "string", "description": "Where the events are sent."},
    "Events": {
        "type": ["array", "null"],
        "items": {"type": "object", "properties": {"Value": {"type": "string"}}, "required": ["Value"]},
        "description": "Kinds of events, or work_item.* for a group of them; without any it is told of all.",
    },
    "Filter": {**TEXT_MEMBER, "description": "Which processes, in the query language; without it all."},
    "Active": {"type": ["boolean", "null"], "description": "False leaves it alone for now."},
}
_ADDED = body_of(("Name", "URL"), **_WEBHOOK, Secret=_SECRET_MEMBER)
_CHANGED = body_of(("Name", "URL"), **_WEBHOOK)
_REPLAY = body_of(EventId={**TEXT_MEMBER, "description": "Which dead event; without it all."})


def _answer(shape: Object | Array, text: str, example: Any, *headers: str, **more: Any) -> Reply:
    return Reply(text, json_schema(shape, refer=True), example, headers, **more)


def _does(name: str, way: str, summary: str, text: str, reply: Reply, body: Body | None = None) -> Operation:
    faults = (404, *_OF_BODIES) if body is not None else (404,)
    path = f"{_PATH}/{{id}}/{way}"
    return Operation(name, "POST", path, summary, {200: reply}, text, faults, parameters=(_ID,), body=body)


_FOUND = {"id": "$response.body#/GUID"}
_READING = (
    Operation(
        "getWebhooks",
        "GET",
        _PATH,
        "All webhooks, by name",
        {200: _answer(Array(WEBHOOK), "All of them; their secrets are not told.", [_EXAMPLE])},
    ),
    Operation(
        "getWebhook",
        "GET",
        f"{_PATH}/{{id}}",
        "One webhook",
        {
            200: _answer(WEBHOOK, "As it is stored.", _EXAMPLE, "ETag"),
            304: Reply("It is still what the client has.", headers=("ETag",)),
        },
        faults=(404,),
        parameters=(_ID, IF_NONE_MATCH),
    ),
    Operation(
        "getWebhookDeliveries",
        "GET",
        f"{_PATH}/{{id}}/deliveries",
        "What did not arrive",
        {200: _answer(Array(DELIVERY), "The oldest first.", [_DELIVERY], "Link")},
        faults=(404,),
        parameters=(
            _ID,
            Parameter(
                "state",
                "Those that are dead, or those on their way.",
                {"type": "string", "enum": ["dead", "waiting"]},
                example="dead",
            ),
            LIMIT,
            CURSOR,
        ),
    ),
)
_CHANGING = (
    Operation(
        "addWebhook",
        "POST",
        _PATH,
        "Add a webhook",
        {
            201: _answer(
                WEBHOOK,
                "It is told of what happens from now on. Its secret is told this once.",
                _WITH_SECRET,
                "Location",
                links={word: (f"{word}Webhook", _FOUND) for word in ("get", "change", "remove")},
            )
        },
        faults=(409, *_OF_BODIES),
        body=Body(_ADDED, _NEW),
    ),
    Operation(
        "changeWebhook",
        "PUT",
        f"{_PATH}/{{id}}",
        "Put another webhook in its place",
        {200: _answer(WEBHOOK, "As it is stored now.", _EXAMPLE, "ETag")},
        "Its secret and what is on its way stay. One made active goes on where it stopped.",
        (404, 409, 412, *_OF_BODIES),
        (_ID, IF_MATCH),
        Body(_CHANGED, _NEW),
    ),
    Operation(
        "removeWebhook",
        "DELETE",
        f"{_PATH}/{{id}}",
        "Remove a webhook, with what is on its way",
        {204: Reply("It is gone.")},
        faults=(404, 412),
        parameters=(_ID, IF_MATCH),
    ),
    _does(
        "changeWebhookSecret",
        "secret",
        "Sign by another secret",
        "The one before it signs along for a day.",
        _answer(WEBHOOK, "With the secret, which is told this once.", _WITH_SECRET),
        Body(body_of(Secret=_SECRET_MEMBER), {}, required=False),
    ),
    _does(
        "testWebhook",
        "test",
        "Send a test",
        "An event of the kind ping and of no process; nothing is kept.",
        _answer(TRIAL, "How it went, with every secret hidden.", _TRIAL),
    ),
    _does(
        "replayWebhook",
        "replay",
        "Send what is dead on its way again",
        "In its order, behind what is under way.",
        _answer(_REPLAYED, "How many.", {"Replayed": 1}),
        Body(_REPLAY, {"EventId": f"{_PROCESS_ID}-1"}, required=False),
    ),
)

OPERATIONS = ServiceOperations(
    "Webhooks",
    "Events as they are told to other programs, signed, in order for each process, at least once. "
    "Everything here takes PM_SETUP_ADVANCE. `;schema` and `;debug` work as in the workflow service.",
    (*_READING, *_CHANGING, *map(with_matrix, _READING)),
    FAULTS,
    (*ANYWHERE, 401, 403, 406, 429),
    {"Fault": FAULT, **{each.name: object_schema(each, refer=True) for each in (WEBHOOK, DELIVERY, TRIAL)}},
    security=tuple(SIGN_IN),
)
