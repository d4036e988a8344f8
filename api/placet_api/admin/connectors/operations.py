"""Every operation of connectors for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from placet_api.admin.connectors import bodies, examples
from placet_api.admin.connectors.schemas import CONFIGURATION, CONNECTOR, EXPORT, IMPORT, NAMED, OFFERS, SERVICE, TRIAL
from placet_api.admin.connectors.services import IMAGES
from placet_api.openapi.faults import ANYWHERE, FAULT, FAULTS
from placet_api.openapi.operation import SIGN_IN, STRING, Body, Operation, Parameter, Reply, ServiceOperations
from placet_api.ris.parameters import IF_MATCH, IF_NONE_MATCH, id_of, with_matrix
from placet_api.ris.schemas import Array, Object, json_schema, object_schema

_PREFIX = "/v1/connectors"
_OF_BODIES = (413, 415)
_URL = {"type": "object", "properties": {"URL": STRING}, "required": ["URL"], "additionalProperties": False}
_BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}


def _answer(shape: Object, text: str, example: Any, *headers: str, **more: Any) -> Reply:
    return Reply(text, json_schema(shape, refer=True), example, headers, **more)


def _noun(
    name: str, several: str, path: str, shape: Object, id_: Parameter, new: Body, example: Any
) -> tuple[list[Operation], list[Operation]]:
    """Reading and changing of one of the three."""
    found = {"id": "$response.body#/GUID"}
    links = {word: (f"{word}{name}", found) for word in ("get", "change", "remove")}
    stored = f"{path}/{{id}}"
    unchanged = Reply("It is still what the client has.", headers=("ETag",))
    reading = [
        Operation(
            f"get{several}",
            "GET",
            path,
            f"All {_words(several)}, by name",
            {200: Reply("All of them.", json_schema(Array(shape), refer=True), [example])},
        ),
        Operation(
            f"get{name}",
            "GET",
            stored,
            f"One {_words(name)}",
            {200: _answer(shape, "As it is stored.", example, "ETag"), 304: unchanged},
            faults=(404,),
            parameters=(id_, IF_NONE_MATCH),
        ),
    ]
    changing = [
        Operation(
            f"add{name}",
            "POST",
            path,
            f"Add a {_words(name)}",
            {201: _answer(shape, "It is there.", example, "Location", links=links)},
            faults=(409, *_OF_BODIES),
            body=new,
        ),
        Operation(
            f"change{name}",
            "PUT",
            stored,
            f"Put another {_words(name)} in its place",
            {200: _answer(shape, "As it is stored now.", example, "ETag")},
            faults=(404, 409, 412, *_OF_BODIES),
            parameters=(id_, IF_MATCH),
            body=new,
        ),
        Operation(
            f"remove{name}",
            "DELETE",
            stored,
            f"Remove a {_words(name)}",
            {204: Reply("It is gone.")},
            "Refused while something else needs it.",
            (404, 409, 412),
            (id_, IF_MATCH),
        ),
    ]
    return reading, changing


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _trial(name: str, path: str, summary: str, body: Body, *id_: Parameter) -> Operation:
    reply = _answer(TRIAL, "How it went, with every secret hidden; nothing of it is kept.", examples.TRIAL)
    faults = (404, *_OF_BODIES) if id_ else _OF_BODIES
    return Operation(name, "POST", path, summary, {200: reply}, faults=faults, parameters=id_, body=body)


_CONFIGURATION_ID = id_of("configuration", examples.CONFIGURATION_ID)
_SERVICE_ID = id_of("service", examples.SERVICE_ID)
_CONNECTOR_ID = id_of("connector", examples.CONNECTOR_ID)
_CONFIGURATIONS, _SERVICES = f"{_PREFIX}/configurations", f"{_PREFIX}/services"
_IMAGE = f"{_SERVICES}/{{id}}/image"

_READ_CONNECTORS, _CHANGE_CONNECTORS = _noun(
    "Connector", "Connectors", _PREFIX, CONNECTOR, _CONNECTOR_ID,
    Body(bodies.CONNECTOR, examples.NEW_CONNECTOR), examples.CONNECTOR,
)  # fmt: skip
_READ_SERVICES, _CHANGE_SERVICES = _noun(
    "Service", "Services", _SERVICES, SERVICE, _SERVICE_ID,
    Body(bodies.SERVICE, examples.NEW_SERVICE), examples.SERVICE,
)  # fmt: skip
_READ_CONFIGURATIONS, _CHANGE_CONFIGURATIONS = _noun(
    "Configuration", "Configurations", _CONFIGURATIONS, CONFIGURATION, _CONFIGURATION_ID,
    Body(bodies.CONFIGURATION, examples.NEW_CONFIGURATION), examples.CONFIGURATION,
)  # fmt: skip

_READING = (
    *_READ_CONFIGURATIONS,
    *_READ_SERVICES,
    *_READ_CONNECTORS,
    Operation(
        "exportConnectors",
        "GET",
        f"{_PREFIX}/export",
        "All of them as one connector file, without secrets",
        {200: _answer(EXPORT, "The file in JSON, which is YAML too.", examples.FILE)},
        faults=(404,),
        parameters=(
            Parameter(
                "name",
                "Only this connector and what it needs; may be repeated.",
                {"type": "array", "items": {"type": "string"}},
            ),
        ),
    ),
)

_CHANGING = (
    *_CHANGE_CONFIGURATIONS,
    *_CHANGE_SERVICES,
    *_CHANGE_CONNECTORS,
    _trial(
        "testConnector",
        f"{_PREFIX}/{{id}}/test",
        "Call a connector once",
        Body(bodies.TRY_STORED_CONNECTOR, {"Inputs": {"status": "ACTIVE"}}),
        _CONNECTOR_ID,
    ),
    _trial(
        "testNewConnector",
        f"{_PREFIX}/test",
        "Call a connector that is not stored",
        Body(bodies.TRY_CONNECTOR, examples.NEW_CONNECTOR | {"Inputs": {"status": "ACTIVE"}}),
    ),
    _trial(
        "testConfiguration",
        f"{_CONFIGURATIONS}/{{id}}/test",
        "Try a configuration out",
        Body(bodies.TRY_STORED_CONFIGURATION, {}),
        _CONFIGURATION_ID,
    ),
    _trial(
        "testNewConfiguration",
        f"{_CONFIGURATIONS}/test",
        "Try a configuration out that is not stored",
        Body(bodies.TRY_CONFIGURATION, examples.NEW_CONFIGURATION),
    ),
    Operation(
        "authorizeConfiguration",
        "POST",
        f"{_CONFIGURATIONS}/{{id}}/authorize",
        "Where to agree that a configuration is used",
        {200: Reply("Whoever asks goes there with a browser within ten minutes.", _URL, examples.AUTHORIZE)},
        "Only for configurations of the kind oauth2_authorization_code.",
        (404,),
        (_CONFIGURATION_ID,),
    ),
    Operation(
        "configurationAuthorized",
        "GET",
        f"{_PREFIX}/authorized",
        "Where a service sends an operator back to",
        {200: Reply("A page that says that it is done.", STRING, kinds=("text/html",))},
        "As who was sent there. A browser that shows no session yet is asked to come again from here.",
        (409,),
        (
            Parameter("code", "What the service gave.", example="SplxlOBeZQQYbYS6WxSbIA"),
            Parameter("state", "What the service was sent with.", example="AdQ0…"),
            Parameter("error", "What the service has against it, in place of a code."),
        ),
    ),
    Operation(
        "getServiceImage",
        "GET",
        _IMAGE,
        "The image of a service",
        {200: Reply("The image.", _BYTES, kinds=IMAGES[:-1])},
        faults=(404,),
        parameters=(_SERVICE_ID,),
    ),
    Operation(
        "setServiceImage",
        "PUT",
        _IMAGE,
        "Keep an image for a service",
        {204: Reply("It is kept.")},
        "PNG, JPEG, GIF or WebP of at most 256 KiB, known by its first bytes.",
        (404, 413, 415),
        (_SERVICE_ID,),
        Body(_BYTES, None, IMAGES[:-1]),
    ),
    Operation(
        "removeServiceImage",
        "DELETE",
        _IMAGE,
        "Take the image of a service away",
        {204: Reply("It is gone.")},
        faults=(404,),
        parameters=(_SERVICE_ID,),
    ),
    Operation(
        "importConnectors",
        "POST",
        f"{_PREFIX}/import",
        "Add or change what a connector file asks for",
        {200: _answer(IMPORT, "All of it was done.", examples.IMPORTED)},
        "The file in JSON; all of it is done, or nothing. Secrets may stand in it as texts.",
        (409, *_OF_BODIES),
        body=Body(bodies.FILE, examples.FILE),
    ),
    Operation(
        "importOpenapi",
        "POST",
        f"{_PREFIX}/openapi",
        "Make connectors of an OpenAPI document",
        {200: _answer(OFFERS, "What the document offers, and how much was made of it.", examples.OFFERED)},
        "Without operations nothing is made, and the answer lists what there is.",
        (409, *_OF_BODIES),
        body=Body(bodies.OPENAPI, examples.OPENAPI),
    ),
)

OPERATIONS = ServiceOperations(
    "Connectors",
    "Calls of other people's services: what they are, how they are signed in at, and what may be asked of them. "
    "Everything here takes PM_SETUP_ADVANCE. `;schema` and `;debug` work as in the workflow service.",
    (*_READING, *_CHANGING, *map(with_matrix, _READING)),
    FAULTS,
    (*ANYWHERE, 401, 403, 406, 429),
    {"Fault": FAULT, **{each.name: object_schema(each, refer=True) for each in NAMED}},
    security=tuple(SIGN_IN),
)
