"""Every operation of the service for the OpenAPI document: a method of a resource, what it takes and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from placet.query import fields
from placet_api.openapi.faults import ANYWHERE, FAULT, FAULTS
from placet_api.openapi.operation import SIGN_IN, Body, Operation, Parameter, Reply, ServiceOperations, reference
from placet_api.ris import bodies, examples
from placet_api.ris.inside_operations import INSIDE
from placet_api.ris.inside_schemas import NAMED as NAMED_OF_INSIDE
from placet_api.ris.parameters import (
    CURSOR,
    GUID,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    KIND,
    LANGUAGE,
    LIMIT,
    PREFER,
    REASON,
    SORT,
    ZONE,
    Q,
    filter_of,
    id_of,
    with_matrix,
)
from placet_api.ris.resources import RESOURCES
from placet_api.ris.schemas import NAMED, json_schema, object_schema
from placet_api.ris.service import PREFIXES
from placet_api.ris.waiting_operations import CHANGES_DATA, WAITING
from placet_api.ris.waiting_schemas import NAMED as NAMED_OF_WAITING

Q_ITEMS = replace(Q, example="Addressee = me")
Q_DEFINITIONS = replace(Q, example="Name contains 'a'")
_FAULTS_OF_COMMANDS = (403, 404, 409)
_FAULTS_OF_BODIES = (413, 415)

_DEFINITION_ID = id_of("definition", examples.DEFINITION_ID)
_PROCESS_ID = id_of("process", examples.PROCESS_ID)
_WORK_ITEM_ID = id_of("work item", examples.WORK_ITEM_ID)


def _reads(shape: str, text: str, example: Any, **more: Any) -> Reply:
    """The answer of GET, by the schema of its resource."""
    schema = RESOURCES[shape].schema
    assert schema is not None
    return Reply(text, json_schema(schema.spec, refer=True), example, **more)


def _first_of(operation: str, name: str = "first") -> dict[str, tuple[str, Mapping[str, str]]]:
    """The link from a collection to an operation on its first member."""
    return {name: (operation, {"id": "$response.body#/0/GUID"})}


_NOT_CHANGED = Reply("It is still what the client has.", headers=("ETag",))
_DONE = Reply("It is done.")
_PROCESS_LINKS = {
    "process": ("getProcess", {"id": "$response.body#/GUID"}),
    "comments": ("getProcessComments", {"id": "$response.body#/GUID"}),
}
_ITEM_LINKS = {
    "item": ("getWorkItem", {"id": "$response.body#/GUID"}),
    "comments": ("getWorkItemComments", {"id": "$response.body#/GUID"}),
    "process": ("getProcess", {"id": "$response.body#/Process/GUID"}),
}
_STARTED = Reply(
    "The process, where it is preferred; or its id alone, where the server is set to answer that.",
    {
        "anyOf": [
            reference("Process"),
            {
                "type": "object",
                "properties": {"requestID": GUID},
                "required": ["requestID"],
                "additionalProperties": False,
            },
        ]
    },
    examples.PROCESS | {"requestID": examples.PROCESS_ID},
    headers=("Location", "ETag", "Preference-Applied"),
    links=_PROCESS_LINKS,
)

_READING = (
    Operation(
        "getCollections",
        "GET",
        "",
        "The three collections",
        {200: _reads("", "Links to what there is.", examples.ROOT)},
    ),
    Operation(
        "getDefinitions",
        "GET",
        "/wf/definitions",
        "All that can be started",
        {
            200: _reads(
                "wf/definitions",
                "The newest version of each definition.",
                [examples.DEFINITION],
                links=_first_of("getDefinition") | _first_of("startProcess", "start"),
            )
        },
        faults=(422,),
        parameters=(Q_DEFINITIONS, ZONE, LANGUAGE),
    ),
    Operation(
        "getDefinition",
        "GET",
        "/wf/definitions/{id}",
        "One definition",
        {200: _reads("wf/definitions/*", "What it asks for.", examples.DEFINITION)},
        faults=(404,),
        parameters=(_DEFINITION_ID, LANGUAGE),
    ),
    Operation(
        "getDefinitionForm",
        "GET",
        "/wf/definitions/{id}/form",
        "The form of a request",
        {
            200: _reads(
                "wf/definitions/*/form", "What is asked, from what one can choose, and its schema.", examples.FORM
            )
        },
        faults=(404, 409),
        parameters=(_DEFINITION_ID, LANGUAGE),
    ),
    Operation(
        "getProcesses",
        "GET",
        "/wf/processes",
        "The processes that you may see",
        {
            200: _reads(
                "wf/processes",
                "The newest first, unless sorted otherwise.",
                [examples.PROCESS],
                headers=("Link",),
                links=_first_of("getProcess"),
            )
        },
        faults=(422,),
        parameters=(filter_of(fields.PROCESSES, "ProcessStatus=Running"), Q, ZONE, LIMIT, SORT, CURSOR, LANGUAGE),
    ),
    Operation(
        "getProcess",
        "GET",
        "/wf/processes/{id}",
        "One process",
        {
            200: _reads("wf/processes/*", "How far it is.", examples.PROCESS, headers=("ETag",), links=_PROCESS_LINKS),
            304: _NOT_CHANGED,
        },
        faults=(404,),
        parameters=(_PROCESS_ID, IF_NONE_MATCH, LANGUAGE),
    ),
    Operation(
        "getProcessComments",
        "GET",
        "/wf/processes/{id}/comments",
        "The comments of a process",
        {200: _reads("wf/processes/*/comments", "The oldest first.", [examples.COMMENT])},
        faults=(404,),
        parameters=(_PROCESS_ID, filter_of(fields.COMMENTS, "Type=User")),
    ),
    *WAITING,
    *INSIDE,
    Operation(
        "getWorkItems",
        "GET",
        "/wf/workitems",
        "The work items that you may see",
        {
            200: _reads(
                "wf/workitems",
                "The oldest first, unless sorted otherwise; the open and claimed ones, unless a Status is asked for.",
                [examples.WORK_ITEM],
                headers=("Link",),
                links=_first_of("getWorkItem"),
            )
        },
        faults=(422,),
        parameters=(filter_of(fields.WORK_ITEMS, "Addressee=self"), Q_ITEMS, ZONE, LIMIT, SORT, CURSOR, LANGUAGE),
    ),
    Operation(
        "getWorkItem",
        "GET",
        "/wf/workitems/{id}",
        "One work item",
        {
            200: _reads(
                "wf/workitems/*",
                "What is asked, and the actions that you may take now.",
                examples.WORK_ITEM,
                headers=("ETag",),
                links=_ITEM_LINKS,
            ),
            304: _NOT_CHANGED,
        },
        faults=(404,),
        parameters=(_WORK_ITEM_ID, IF_NONE_MATCH, LANGUAGE),
    ),
    Operation(
        "getWorkItemForm",
        "GET",
        "/wf/workitems/{id}/form",
        "The form of a work item",
        {200: _reads("wf/workitems/*/form", "What can be changed with the answer.", examples.ITEM_FORM)},
        faults=(404, 409),
        parameters=(_WORK_ITEM_ID, LANGUAGE),
    ),
    Operation(
        "getWorkItemComments",
        "GET",
        "/wf/workitems/{id}/comments",
        "The comments of a work item's step",
        {200: _reads("wf/workitems/*/comments", "The oldest first.", [examples.COMMENT])},
        faults=(404,),
        parameters=(_WORK_ITEM_ID, filter_of(fields.COMMENTS, "Type=User")),
    ),
)


def _ends(name: str, method: str, text: str = "") -> Operation:
    return Operation(
        name,
        method,
        "/wf/processes/{id}",
        "End a process",
        {204: _DONE},
        text,
        (*_FAULTS_OF_COMMANDS, 412),
        (_PROCESS_ID, KIND, REASON, IF_MATCH),
    )


def _acts(name: str, method: str, text: str) -> Operation:
    return Operation(
        name,
        method,
        "/wf/workitems/{id}",
        "Act on a work item",
        {
            200: _reads(
                "wf/workitems/*", "The item as it then is.", examples.ANSWERED, headers=("ETag",), links=_ITEM_LINKS
            )
        },
        text,
        (*_FAULTS_OF_COMMANDS, 412, *_FAULTS_OF_BODIES),
        (_WORK_ITEM_ID, IF_MATCH, LANGUAGE),
        Body(bodies.ACT, examples.ACT),
    )


def _switches(name: str, path: str, summary: str) -> Operation:
    faults = (*_FAULTS_OF_COMMANDS, 412)
    return Operation(name, "POST", path, summary, {204: _DONE}, faults=faults, parameters=(_PROCESS_ID, IF_MATCH))


def _says(name: str, path: str, summary: str, id_: Parameter) -> Operation:
    faults = (*_FAULTS_OF_COMMANDS, *_FAULTS_OF_BODIES)
    body = Body(bodies.COMMENT, examples.SAY)
    return Operation(name, "POST", path, summary, {204: _DONE}, faults=faults, parameters=(id_,), body=body)


def _fills_in(name: str, path: str, summary: str, id_: Parameter, shape: str, example: Any) -> Operation:
    return Operation(
        name,
        "POST",
        path,
        summary,
        {200: _reads(shape, "What is asked by then; nothing is kept.", example)},
        faults=(*_FAULTS_OF_COMMANDS, *_FAULTS_OF_BODIES),
        parameters=(id_, LANGUAGE),
        body=Body(bodies.FILLED_IN, {"Data": {"days": 4}}),
    )


_CHANGING = (
    _fills_in(
        "fillInDefinitionForm",
        "/wf/definitions/{id}/form",
        "The form of a request with something filled in",
        _DEFINITION_ID,
        "wf/definitions/*/form",
        examples.FORM,
    ),
    _fills_in(
        "fillInWorkItemForm",
        "/wf/workitems/{id}/form",
        "The form of a work item with something filled in",
        _WORK_ITEM_ID,
        "wf/workitems/*/form",
        examples.ITEM_FORM,
    ),
    Operation(
        "startProcess",
        "POST",
        "/wf/definitions/{id}",
        "Start a process",
        {200: _STARTED, 204: Reply("It is started; Location has its path.", headers=("Location",))},
        "Read the definition, fill in the values of its DataItems and send it back; other members are ignored.",
        (*_FAULTS_OF_COMMANDS, *_FAULTS_OF_BODIES),
        (_DEFINITION_ID, IDEMPOTENCY_KEY, PREFER, LANGUAGE),
        Body(bodies.START, examples.START),
    ),
    _ends("endProcess", "DELETE"),
    _ends("endProcessByPost", "POST", "For clients that cannot send DELETE."),
    _says("addProcessComment", "/wf/processes/{id}/comments", "Comment on a process", _PROCESS_ID),
    _switches("pauseProcess", "/wf/processes/{id}/pause", "Pause a process"),
    _switches("resumeProcess", "/wf/processes/{id}/resume", "Resume a process"),
    CHANGES_DATA,
    _acts(
        "actOnWorkItem",
        "PUT",
        "Read the item, cut its AvailableActions down to the one to take and send it back; other members are ignored.",
    ),
    _acts("actOnWorkItemByPost", "POST", "For clients that cannot send PUT."),
    _says("addWorkItemComment", "/wf/workitems/{id}/comments", "Comment on the step of a work item", _WORK_ITEM_ID),
)

OPERATIONS = ServiceOperations(
    "Workflow",
    "Definitions are read and started, processes read and ended, work items read and acted on. Two parameters may "
    "stand behind any part of a path: `;schema` has the schema answered, as JSON Schema where that is "
    "accepted, and `;debug` indents the JSON. HEAD works wherever GET does; OPTIONS is 204 with Allow.",
    (*_READING, *_CHANGING, *map(with_matrix, _READING)),
    FAULTS,
    (*ANYWHERE, 401, 403, 406, 429),
    {
        "Fault": FAULT,
        **{each.name: object_schema(each, refer=True) for each in (*NAMED, *NAMED_OF_WAITING, *NAMED_OF_INSIDE)},
    },
    PREFIXES,
    tuple(SIGN_IN),
)
