"""The service: from a path and its headers to a handler, and from its answer or its error to what is sent.

The order of checks is that of ProcessMaker: version and workspace, body, what is accepted, route, who asks, his rights,
the uids of the path, and then what the operation itself asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from placet.core.people import Person
from placet.engine import Engine
from placet.errors import InvalidInput, NotAllowed, Unavailable
from placet_api.answers import Answer, send_answer
from placet_api.auth import SCHEMES, Scheme, address_of, authenticate
from placet_api.bearer import FORM_TOKEN
from placet_api.errors import MethodNotAllowed, NotAcceptable
from placet_api.known import ROUTE
from placet_api.negotiation import LONGEST_ACCEPT, content_type
from placet_api.processmaker import texts
from placet_api.processmaker.answers import JSON, error, error_of
from placet_api.processmaker.request import Request, parse_form, read_body
from placet_api.processmaker.resources import Operation, Resource, find, pattern_of
from placet_api.refusals import note_refusal
from placet_api.tracking import UNMATCHED

PREFIX = "/api"
VERSION = "1.0"
_PLACE = "placet.processmaker"
_OFFERED = ("application/json",)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_OVERRIDE = b"x-http-method-override"


@dataclass(frozen=True, slots=True)
class _Place:
    """The parts of a path: version, workspace, and the segments behind it."""

    version: str
    workspace: str
    segments: list[str]


def parse_place(path: str) -> _Place | None:
    """The parts of a path; None where it is not below `/api`. Slashes at the end do not count."""
    if path != PREFIX and not path.startswith(f"{PREFIX}/"):
        return None
    segments = path.removeprefix(PREFIX).strip("/").split("/")
    version, workspace, *below = [*segments, "", ""][: max(2, len(segments))]
    return _Place(version, workspace, "/".join(below).strip("/").split("/"))


class Service(BaseRoute):
    """Everything below `/api`, as one route of an application; `oauth2` there is a route of its own before it."""

    def __init__(self, engine: Engine, schemes: Sequence[Scheme] = SCHEMES) -> None:
        self._engine, self._schemes = engine, schemes
        self._workspaces = frozenset(engine.settings.workspaces.split(","))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        place = parse_place(scope["path"].removeprefix(scope.get("root_path", "")))
        return (Match.NONE, {}) if place is None else (Match.FULL, {_PLACE: place, ROUTE: _route(place)})

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)  # nothing here makes links

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        query: Mapping[str, str] = {}
        try:
            query = parse_form(scope["query_string"])
            answer = await self._answer(scope, scope[_PLACE], query, receive)
        except Exception as failure:
            note_refusal(self._engine, scope, failure)
            answer = error_of(failure)
        if query.get("suppress_response_codes") == "true":  # for clients that see no body but that of a 200
            answer = replace(answer, status=200)
        await send_answer(answer, receive, send, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, place: _Place, query: Mapping[str, str], receive: Receive) -> Answer:
        if place.version != VERSION:
            raise InvalidInput(texts.VERSION)
        if place.workspace not in self._workspaces:
            raise InvalidInput(texts.WORKSPACE)
        if not self._engine.is_open:
            raise Unavailable("The engine is not open yet, or is stopping; try again in a moment.")
        headers = dict(scope["headers"])
        body = await self._body(scope, headers, receive)
        _require_acceptable(headers)
        found = find(place.segments)
        if found is None:
            return error(404)
        resource, path = found
        method = _method(scope, headers, query)
        if method == "OPTIONS":
            return Answer(200, b"", (JSON, (b"allow", ", ".join(resource.allowed).encode())))
        operation = _operation(resource, method, scope)
        actor = await authenticate(self._engine, scope, headers, self._schemes)
        _require_right(operation, actor)
        request = Request(self._engine, actor, address_of(scope), path, query, body)
        request.check_uids()
        return await operation.handler(request)

    async def _body(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Mapping[str, Any]:
        if scope["method"] not in _WITH_BODY:
            return {}
        body = await read_body(receive, headers, self._engine.settings.body_limit)
        token = body.pop("access_token", None)
        if isinstance(token, str):
            scope[FORM_TOKEN] = token
        return body


def _route(place: _Place) -> str:
    pattern = pattern_of(place.segments) if place.version == VERSION else None
    return UNMATCHED if pattern is None else f"{PREFIX}/{VERSION}/{{workspace}}/{pattern}"


def _method(scope: Scope, headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> str:
    """What is to be done, which a POST may say in another place, for clients that can send nothing else."""
    method: str = scope["method"]
    if method == "HEAD":
        return "GET"
    if method == "POST":
        return (headers.get(_OVERRIDE, b"").decode("latin-1") or query.get("http_method", "") or method).upper()
    return method


def _operation(resource: Resource, method: str, scope: Scope) -> Operation:
    operation = resource.methods.get(method)
    if operation is None:
        raise MethodNotAllowed(method, scope["path"][:200], resource.allowed)
    return operation


def _require_right(operation: Operation, actor: Person) -> None:
    if not operation.allows(actor):
        raise NotAllowed(f"This takes the permission {' or '.join(operation.needs)}.")


def _require_acceptable(headers: Mapping[bytes, bytes]) -> None:
    accept = headers.get(b"accept", b"").decode("latin-1")[:LONGEST_ACCEPT]
    if content_type(accept, _OFFERED) is None:
        raise NotAcceptable(texts.ACCEPT)
