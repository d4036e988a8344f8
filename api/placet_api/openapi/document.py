"""The OpenAPI document of services, of what each says of its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from placet import __version__
from placet_api.openapi.operation import HEADERS, SIGN_IN, Body, Operation, Parameter, Reply, ServiceOperations

_ABOUT = (
    "Approval workflows with durable state. Every path is below the server's URL. Where an operation is marked as the "
    "same as another, it is that operation under a second path."
)


def document(services: Sequence[ServiceOperations], root: str = "") -> dict[str, Any]:
    """The document of services that are mounted below `root`."""
    paths: dict[str, dict[str, Any]] = {}
    for service in services:
        for path, method, operation in _every(service):
            paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.1",
        "info": {"title": "Placet", "version": __version__, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": root or "/"}],
        "tags": [{"name": service.name, "description": service.text} for service in services],
        "paths": paths,
        "components": {
            "schemas": _merged(service.schemas for service in services),
            "responses": _merged(map(_refusals, services)),
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()},
            "securitySchemes": SIGN_IN,
        },
    }


def _merged(parts: Any) -> dict[str, Any]:
    """All parts as one; two of the same name have to be the same."""
    whole: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if whole.setdefault(name, value) != value:
                raise ValueError(f"Two services give different things the name {name}.")
    return whole


def _every(service: ServiceOperations) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and object of each operation; it has a name of its own under each further path."""
    for operation in service.operations:
        value = _operation(service, operation)
        paths = [prefix + path for prefix in service.prefixes for path in (operation.path, *operation.also_at)]
        method = operation.method.lower()
        yield paths[0], method, value
        for number, path in enumerate(paths[1:], 2):
            yield path, method, value | {"operationId": f"{operation.name}{number}", "x-same-as": paths[0]}


def _operation(service: ServiceOperations, operation: Operation) -> dict[str, Any]:
    statuses = sorted({*operation.faults, *service.always} - set(operation.replies))
    refused = {str(status): {"$ref": f"#/components/responses/{_name(service, status)}"} for status in statuses}
    security = service.security if operation.security is None else operation.security
    value: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [service.name],
        "summary": operation.summary,
        "description": operation.text,
        "x-variant-of": operation.variant_of,
        "parameters": [_parameter(each) for each in operation.parameters],
        "requestBody": _body(operation.body) if operation.body else None,
        "responses": {str(status): _reply(reply) for status, reply in operation.replies.items()} | refused,
    }
    return {name: each for name, each in value.items() if each} | {"security": [{name: []} for name in security]}


def _name(service: ServiceOperations, status: int) -> str:
    return f"{service.name.replace(' ', '')}{status}"


def _refusals(service: ServiceOperations) -> dict[str, Any]:
    used = {*service.always, *(status for operation in service.operations for status in operation.faults)}
    return {_name(service, status): _reply(service.refusals[status]) for status in sorted(used)}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    value = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.text,
        "required": parameter.required,
        "schema": parameter.schema,
        "style": parameter.style,
        "example": parameter.example,
    }
    return {name: each for name, each in value.items() if each is not None}


def _body(body: Body) -> dict[str, Any]:
    return {"required": body.required, "content": _content(body.kinds, body.schema, body.example)}


def _reply(reply: Reply) -> dict[str, Any]:
    value: dict[str, Any] = {"description": reply.text}
    if reply.headers:
        value["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in reply.headers}
    if reply.schema is not None:
        value["content"] = _content(reply.kinds, reply.schema, reply.example)
    if reply.links:
        value["links"] = {
            name: {"operationId": operation, "parameters": parameters}
            for name, (operation, parameters) in reply.links.items()
        }
    return value


def _content(kinds: Sequence[str], schema: Mapping[str, Any], example: Any) -> dict[str, Any]:
    media = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return dict.fromkeys(kinds, media)
