"""Every operation of queries, saved views and events for the OpenAPI document, with an example of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from placet.query.fields import RESOURCES
from placet_api.admin.events import STREAM
from placet_api.admin.queries import OFFERED
from placet_api.openapi.faults import ANYWHERE, FAULT, FAULTS
from placet_api.openapi.operation import SIGN_IN, Body, JsonSchema, Operation, Parameter, Reply, ServiceOperations
from placet_api.params import MOST_ROWS
from placet_api.ris.bodies import TEXT as TEXT_MEMBER
from placet_api.ris.bodies import body_of
from placet_api.ris.parameters import CURSOR, IF_MATCH, IF_NONE_MATCH, LIMIT, ZONE, Q, id_of, with_matrix
from placet_api.ris.schemas import (
    ANYTHING,
    FLAG,
    GUID,
    NUMBER,
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

_QUERY, _VIEWS, _EVENTS = "/v1/query/{id}", "/v1/views", "/v1/events"
_NAMES = tuple(RESOURCES)

EVENT = Object(
    {
        "Kind": TEXT,
        "Time": TIME,
        "Process": Object({"GUID": GUID, "Link": PATH}),
        "Activity": TEXT,
        "WorkItem": Object({"GUID": TEXT, "Link": TEXT}),
        "Actor": PERSON,
        "Number": NUMBER,
        "Detail": ANYTHING,
    },
    optional=frozenset({"Number", "Detail"}),  # in the stream
    name="Event",
)
VIEW = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Name": TEXT,
        "Owner": PERSON,
        "Resource": Text(enum=_NAMES),
        "Query": TEXT,
        "Shared": FLAG,
        "Revision": NUMBER,
        "Created": TIME,
        "Updated": TIME_OR_EMPTY,
    },
    name="View",
)


def _object(*optional: str, **members: JsonSchema) -> JsonSchema:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _array(items: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": items}


_TEXT: JsonSchema = {"type": "string"}
_TEXT_OR_NULL: JsonSchema = {"type": ["string", "null"]}
_FLAG: JsonSchema = {"type": "boolean"}
_COUNT: JsonSchema = {"type": "integer", "minimum": 0}
_RESULT = _object(
    "count",
    "facets",
    "explanation",
    columns=_array(_TEXT),
    rows=_array({"type": "array"}),
    next=_TEXT_OR_NULL,
    names={"type": "object", "additionalProperties": _TEXT},
    count=_object(value=_COUNT, exact=_FLAG),
    facets=_array(_object(field=_TEXT, values=_array(_object(value={}, count=_COUNT)), exact=_FLAG)),
    explanation=_object(text=_TEXT, sql=_TEXT, indexes=_array(_TEXT), warning=_TEXT_OR_NULL, plan=_array(_TEXT)),
)
_COMPLETIONS = _object(completions=_array(_object(start=_COUNT, text=_TEXT, kind=_TEXT, hint=_TEXT)))

_PROCESS_ID, _VIEW_ID = "01a200b712bc703e8390ee82dd3a0000", "01a200b712bc703e8390ee82dd400000"
_ANNA = "cn=anna,ou=users,o=placet"
_AT = "20261123090000000+0000"
_PERSON = {"DN": _ANNA, "Value": "Anna Berg", "GUID": "", "Link": ""}
_EXAMPLE: dict[str, Any] = {
    "columns": ["ProcessId", "Initiator", "CreationTime"],
    "rows": [[_PROCESS_ID, _ANNA, "2026-11-23T09:00:00.000Z"]],
    "next": None,
    "names": {_ANNA: "Anna Berg"},
    "count": {"value": 1, "exact": True},
}
_VIEW: dict[str, Any] = {
    "GUID": _VIEW_ID,
    "Link": f"{_VIEWS}/{_VIEW_ID}",
    "Name": "Stuck",
    "Owner": _PERSON,
    "Resource": "processes",
    "Query": "ProcessStatus = Running and CreationTime < -7d",
    "Shared": True,
    "Revision": 1,
    "Created": _AT,
    "Updated": "",
}
_EVENT: dict[str, Any] = {
    "Kind": "work_item.approved",
    "Time": _AT,
    "Process": {"GUID": _PROCESS_ID, "Link": f"/v1/wf/processes/{_PROCESS_ID}"},
    "Activity": "manager",
    "WorkItem": {"GUID": f"{_PROCESS_ID[:28]}0001", "Link": f"/v1/wf/workitems/{_PROCESS_ID[:28]}0001"},
    "Actor": _PERSON,
}

_RESOURCE = Parameter(
    "id", "What is searched.", {"type": "string", "enum": list(_NAMES)}, "path", required=True,
    example="processes",
)  # fmt: skip
_OF_RESULTS = (
    Parameter("count", "Also how many rows there are.", {"type": "string", "enum": ["exact", "estimated"]}),
    Parameter(
        "facet", "Also how often each value of this field occurs; may be repeated.", {"type": "array", "items": _TEXT}
    ),
    Parameter("explain", "Also how it is run.", {"type": "string", "enum": ["true", "false"]}, example="true"),
)
_BODY = body_of(
    q={**TEXT_MEMBER, "description": "The query."},
    limit={"type": ["integer", "null"], "minimum": 1, "maximum": MOST_ROWS},
    cursor=TEXT_MEMBER,
    count={"enum": ["exact", "estimated", None]},
    facet={"type": ["array", "string", "null"], "items": _TEXT},
    explain={"type": ["boolean", "null"]},
    zone=TEXT_MEMBER,
)
_RUNS = {200: Reply("A page of the result; as CSV or NDJSON all of it.", _RESULT, _EXAMPLE, kinds=OFFERED)}
_WANTED = body_of(
    ("Name", "Query"),
    Name={"type": "string", "minLength": 1, "maxLength": 100},
    Query={"type": "string", "maxLength": 10_000},
    Resource={"enum": [*_NAMES, None], "description": "What is searched; processes unless said otherwise."},
    Shared={"type": ["boolean", "null"], "description": "Whether everybody sees it."},
)
_NEW = {"Name": "Stuck", "Query": _VIEW["Query"], "Shared": True}
_ID = id_of("view", _VIEW_ID)
_OF_BODIES = (413, 415)


def _answer(shape: Object | Array, text: str, example: Any, *headers: str, **more: Any) -> Reply:
    return Reply(text, json_schema(shape, refer=True), example, headers, **more)


_FOUND = {"id": "$response.body#/GUID"}
_READING = (
    Operation(
        "getViews",
        "GET",
        _VIEWS,
        "Saved views",
        {200: _answer(Array(VIEW), "Your own by name, then those that others share.", [_VIEW])},
        parameters=(Parameter("resource", "Only those of this one.", {"type": "string", "enum": list(_NAMES)}),),
    ),
    Operation(
        "getView",
        "GET",
        f"{_VIEWS}/{{id}}",
        "One saved view",
        {
            200: _answer(VIEW, "As it is stored.", _VIEW, "ETag"),
            304: Reply("It is still what the client has.", headers=("ETag",)),
        },
        faults=(404,),
        parameters=(_ID, IF_NONE_MATCH),
    ),
)
_QUERIES = (
    Operation(
        "query",
        "GET",
        _QUERY,
        "Ask a query",
        _RUNS,
        "People are DNs, times ISO 8601 in UTC, statuses their names; `next` is the cursor of the next page.",
        (404, 422),
        (_RESOURCE, Q, LIMIT, CURSOR, ZONE, *_OF_RESULTS),
    ),
    Operation(
        "queryByPost",
        "POST",
        _QUERY,
        "Ask a long query",
        _RUNS,
        "The same, for a query that is too long for a URL.",
        (404, *_OF_BODIES, 422),
        (_RESOURCE,),
        Body(_BODY, {"q": "ProcessStatus = Running sort CreationTime", "limit": 50}),
    ),
    Operation(
        "completeQuery",
        "GET",
        f"{_QUERY}/complete",
        "How a query may go on",
        {
            200: Reply(
                "What may stand at that place instead of what begins at `start`.",
                _COMPLETIONS,
                {"completions": [{"start": 0, "text": "Initiator", "kind": "field", "hint": ""}]},
            )
        },
        faults=(404, 422),
        parameters=(_RESOURCE, Q, Parameter("at", "The place in it; its end where it is not given.", _COUNT)),
    ),
)
_OF_EVENTS = Operation(
    "getEvents",
    "GET",
    _EVENTS,
    "Events, as a list or as they happen",
    {200: _answer(Array(EVENT), "The newest first.", [_EVENT], "Link", kinds=("application/json", STREAM))},
    "As text/event-stream the answer goes on with what happens; each message has a position as its id, behind which "
    "`Last-Event-ID` or `after` resumes.",
    (422,),
    (
        replace(Q, example="Kind = work_item.approved"),
        LIMIT,
        Parameter("sort", "Time for the oldest first, -Time for the newest first.", {"enum": ["Time", "-Time"]}),
        CURSOR,
        ZONE,
        Parameter(
            "after",
            "Of the stream: the position behind which it begins.",
            {"type": "string", "pattern": "^[0-9]{1,18}-[0-9]{1,18}$"},
        ),
        Parameter("Last-Event-ID", "Of the stream: the position that was seen last.", _TEXT, "header"),
    ),
)
_CHANGING = (
    Operation(
        "addView",
        "POST",
        _VIEWS,
        "Save a query",
        {
            201: _answer(
                VIEW,
                "It is kept.",
                _VIEW,
                "Location",
                links={word: (f"{word}View", _FOUND) for word in ("get", "change", "remove")},
            )
        },
        faults=(409, *_OF_BODIES),
        body=Body(_WANTED, _NEW),
    ),
    Operation(
        "changeView",
        "PUT",
        f"{_VIEWS}/{{id}}",
        "Put another view in its place",
        {200: _answer(VIEW, "As it is stored now.", _VIEW, "ETag")},
        "Only its owner may.",
        (404, 409, 412, *_OF_BODIES),
        (_ID, IF_MATCH),
        Body(_WANTED, _NEW),
    ),
    Operation(
        "removeView",
        "DELETE",
        f"{_VIEWS}/{{id}}",
        "Remove a view",
        {204: Reply("It is gone.")},
        "Only its owner may.",
        (404, 412),
        (_ID, IF_MATCH),
    ),
)

OPERATIONS = ServiceOperations(
    "Queries",
    "The query language over everything that can be searched, saved queries, and events as they happen. Everybody is "
    "shown what he may see.",
    (*_QUERIES, _OF_EVENTS, *_READING, *_CHANGING, *map(with_matrix, (*_READING, _OF_EVENTS))),
    FAULTS,
    (*ANYWHERE, 401, 403, 406, 429),
    {"Fault": FAULT, **{each.name: object_schema(each, refer=True) for each in (EVENT, VIEW)}},
    security=tuple(SIGN_IN),
)
