"""Every operation of administration for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from placet_api.admin import examples
from placet_api.admin.resources import RESOURCES
from placet_api.admin.schemas import NAMED
from placet_api.openapi.faults import ANYWHERE, FAULT, FAULTS
from placet_api.openapi.operation import SIGN_IN, Body, JsonSchema, Operation, Parameter, Reply, ServiceOperations
from placet_api.ris.bodies import PERSON, TEXT, body_of
from placet_api.ris.parameters import CURSOR, IF_NONE_MATCH, LIMIT, id_of, with_matrix
from placet_api.ris.schemas import json_schema, object_schema

_PREFIX = "/v1"
_TIME: JsonSchema = {"type": ["string", "null"], "description": "20260302090000000+0000 or ISO 8601."}
_FAULTS_OF_BODIES = (413, 415)

_ABSENCE = body_of(
    ("Delegate",),
    Delegate={**PERSON, "description": "Who gets the work: a user name or DN."},
    Person={**PERSON, "description": "Whose work it is; absent, that of who asks. Others' takes PM_SUPERVISOR."},
    Category={**TEXT, "description": "Only the definitions of this category."},
    Definition={**TEXT, "description": "Only this definition, by name, DN or id."},
    From=_TIME,
    To=_TIME,
)
_PROXY = body_of(
    ("Proxy",),
    Proxy={**PERSON, "description": "Who may start processes: a user name or DN."},
    Person={**PERSON, "description": "In whose name; absent, in that of who asks. Others' takes PM_SUPERVISOR."},
    From=_TIME,
    To=_TIME,
)
_URIS: JsonSchema = {
    "type": ["array", "null"],
    "items": {"type": "object", "properties": {"Value": {"type": "string"}}, "required": ["Value"]},
    "description": "Where its users are sent back to; each has to match exactly.",
}
_APPLICATION = body_of(
    ("Name",),
    Name={"type": "string", "description": "What its users are asked about."},
    Description=TEXT,
    WebSite=TEXT,
    RedirectURIs=_URIS,
    Public={"type": ["boolean", "null"], "description": "It cannot keep a secret, gets none, and has to use PKCE."},
)
_SIGN_IN = body_of(User={**TEXT, "description": "A user name or DN."}, Password=TEXT)


def _answer(shape: str, text: str, example: Any, **more: Any) -> Reply:
    schema = RESOURCES[shape].schema
    assert schema is not None
    return Reply(text, json_schema(schema.spec, refer=True), example, **more)


def _page(name: str, shape: str, summary: str, text: str, example: Any, *filters: Parameter) -> Operation:
    reply = _answer(shape, text, [example], headers=("Link",))
    return Operation(name, "GET", f"{_PREFIX}/{shape}", summary, {200: reply}, parameters=(*filters, LIMIT, CURSOR))


def _one(name: str, shape: str, summary: str, id_: Parameter, example: Any) -> Operation:
    replies = {
        200: _answer(f"{shape}/*", summary, example, headers=("ETag",)),
        304: Reply("It is still what the client has.", headers=("ETag",)),
    }
    path = f"{_PREFIX}/{shape}/{{id}}"
    return Operation(name, "GET", path, summary, replies, faults=(404,), parameters=(id_, IF_NONE_MATCH))


def _adds(name: str, shape: str, summary: str, body: Body, example: Any) -> Operation:
    thing, found = name.removeprefix("add"), {"id": "$response.body#/GUID"}
    links = {"one": (f"get{thing}", found), "remove": (f"remove{thing}", found)} if "GUID" in example else {}
    reply = _answer(f"{shape}/*", "It is there.", example, headers=("Location",), links=links)
    faults = (404, 409, *_FAULTS_OF_BODIES)
    return Operation(name, "POST", f"{_PREFIX}/{shape}", summary, {201: reply}, faults=faults, body=body)


def _removes(name: str, shape: str, summary: str, id_: Parameter) -> Operation:
    replies = {204: Reply("It is gone.")}
    return Operation(
        name, "DELETE", f"{_PREFIX}/{shape}/{{id}}", summary, replies, faults=(404, 409), parameters=(id_,)
    )


_ABSENCE_ID = id_of("absence", examples.ABSENCE_ID)
_PROXY_ID = id_of("proxy grant", examples.PROXY_ID)
_CLIENT_ID = Parameter(
    "id", "The client_id: 32 letters.", {"type": "string", "pattern": "^[A-Za-z]{32}$"}, "path",
    required=True, example=examples.CLIENT_ID,
)  # fmt: skip
_OF_ONES_OWN = "Those that concern who asks, or with PM_SUPERVISOR all; the oldest first."

_WHOSE = Parameter("user", "Whose, a user name or DN; absent, those of who asks. Others' take PM_USERS.")
_SWITCH: JsonSchema = {"type": "boolean"}
_CHOSEN = body_of((), Assigned=_SWITCH, Reminder=_SWITCH, Escalation=_SWITCH, Finished=_SWITCH)

_READING = (
    Operation(
        "getSession",
        "GET",
        f"{_PREFIX}/session",
        "Who asks, and what he may do",
        {200: _answer("session", "Until is empty where no session is used.", examples.SESSION)},
    ),
    _page("getAbsences", "absences", "Absences", _OF_ONES_OWN, examples.ABSENCE),
    _one("getAbsence", "absences", "One absence", _ABSENCE_ID, examples.ABSENCE),
    _page("getProxies", "proxies", "Proxy grants", _OF_ONES_OWN, examples.PROXY),
    _one("getProxy", "proxies", "One proxy grant", _PROXY_ID, examples.PROXY),
    Operation(
        "getNotifications",
        "GET",
        f"{_PREFIX}/notifications",
        "Which mails one wants",
        {200: _answer("notifications", "Of a kind that nobody chose: yes.", examples.NOTIFICATIONS)},
        faults=(404,),
        parameters=(_WHOSE,),
    ),
    Operation(
        "getApplications",
        "GET",
        f"{_PREFIX}/applications",
        "Applications, with their secrets",
        {
            200: _answer(
                "applications", "Those of who asks; for who holds every permission all.", [examples.APPLICATION]
            )
        },
        "Takes PM_REST_API_APPLICATIONS.",
    ),
    Operation(
        "getApplication",
        "GET",
        f"{_PREFIX}/applications/{{id}}",
        "One application, with its secret",
        {200: _answer("applications/*", "The application.", examples.APPLICATION)},
        faults=(404,),
        parameters=(_CLIENT_ID,),
    ),
    _page(
        "getAudit",
        "audit",
        "The audit trail",
        "What was changed about people and rights, and what was refused, the newest first; takes PM_SETUP_ADVANCE.",
        examples.AUDIT_ENTRY,
        Parameter("kind", "Only entries of this kind.", example="absence.added"),
        Parameter("actor", "Only what this person did: a user name or DN."),
        Parameter("target", "Only what was done to this."),
        Parameter("from", "Only from this time on: 20260302090000000+0000 or ISO 8601."),
        Parameter("to", "Only before this time."),
    ),
)

_CHANGING = (
    Operation(
        "setNotifications",
        "PUT",
        f"{_PREFIX}/notifications",
        "Choose which mails one wants",
        {200: _answer("notifications", "What now holds of all kinds.", examples.NOTIFICATIONS)},
        "What the body does not name stays as it is.",
        (404, *_FAULTS_OF_BODIES),
        parameters=(_WHOSE,),
        body=Body(_CHOSEN, examples.CHOSEN),
    ),
    Operation(
        "beginSession",
        "POST",
        f"{_PREFIX}/session",
        "Sign in for a while",
        {
            201: _answer(
                "session",
                "The secret, told this once, and as a cookie too.",
                examples.SESSION | {"RESTSessionSecret": examples.SECRET},
                headers=("Location", "Set-Cookie"),
            )
        },
        "User and password stand in the body, or in a header as everywhere.",
        _FAULTS_OF_BODIES,
        body=Body(_SIGN_IN, examples.SIGN_IN, required=False),
        security=(),
    ),
    Operation(
        "endSession",
        "DELETE",
        f"{_PREFIX}/session",
        "End the session that is used",
        {204: Reply("It is ended.", headers=("Set-Cookie",))},
        faults=(404,),
    ),
    _adds(
        "addAbsence", "absences", "Let work go to a delegate", Body(_ABSENCE, examples.NEW_ABSENCE), examples.ABSENCE
    ),
    _removes("removeAbsence", "absences", "End an absence", _ABSENCE_ID),
    _adds(
        "registerApplication",
        "applications",
        "Register an application",
        Body(_APPLICATION, examples.NEW_APPLICATION),
        examples.APPLICATION,
    ),
    _removes("removeApplication", "applications", "Remove an application with its tokens", _CLIENT_ID),
    _adds("addProxy", "proxies", "Let somebody start processes", Body(_PROXY, examples.NEW_PROXY), examples.PROXY),
    _removes("removeProxy", "proxies", "End a proxy grant", _PROXY_ID),
)

OPERATIONS = ServiceOperations(
    "Administration",
    "Sessions, applications, who stands in for whom, and the audit trail. "
    "`;schema` and `;debug` work as in the workflow service.",
    (*_READING, *_CHANGING, *map(with_matrix, _READING)),
    FAULTS,
    (*ANYWHERE, 401, 403, 406, 429),
    {"Fault": FAULT, **{each.name: object_schema(each, refer=True) for each in NAMED}},
    security=tuple(SIGN_IN),
)
