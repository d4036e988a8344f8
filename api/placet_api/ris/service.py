"""The service: from a path and its headers to a handler, and from its answer or its error to what is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from placet.core.ids import is_id
from placet.core.records import split_work_item_id
from placet.engine import Engine
from placet.errors import NotFound, Unavailable
from placet.log import PROCESS_ID
from placet_api.admin.resources import RESOURCES as ADMINISTRATION
from placet_api.answers import Answer, json_answer, send_answer
from placet_api.auth import SCHEMES, Scheme, authenticate
from placet_api.errors import MethodNotAllowed, NotAcceptable, fault_of, unprompted
from placet_api.known import ROUTE
from placet_api.negotiation import LONGEST_ACCEPT, content_type
from placet_api.params import is_on
from placet_api.refusals import note_refusal
from placet_api.ris.render import Renderer
from placet_api.ris.request import NOBODY, Request, Target
from placet_api.ris.resource import Resource
from placet_api.ris.resources import RESOURCES
from placet_api.tracking import UNMATCHED

PREFIXES = ("/v1", "/RIS/v1")
_DATA = ("application/json",)
_SCHEMA = ("application/json", "application/schema+json")
_OF_PROCESSES = ("wf/processes/", "wf/workitems/", "incidents/")  # whose ids tell the process
_ROUTES = {
    (prefix, shape): f"{prefix}/{shape}".rstrip("/").replace("*", "{id}")
    for prefix, shapes in zip(PREFIXES, ([*RESOURCES, *ADMINISTRATION], RESOURCES), strict=True)
    for shape in shapes
}


def parse_target(path: str) -> Target | None:
    """What a path leads to; None where it is not below `/v1` or `/RIS/v1`.

    Matrix parameters may stand anywhere: `/v1;debug/wf/processes` is `/v1/wf/processes;debug`.
    """
    segments, matrix = path.split("/"), []
    if ";" in path:
        for place, segment in enumerate(segments):
            segments[place], *given = segment.split(";")
            matrix += given
    if segments[-1] == "":
        segments.pop()
    if segments[1:2] == ["v1"]:
        prefix, below = PREFIXES[0], segments[2:]
    elif segments[1:3] == ["RIS", "v1"]:
        prefix, below = PREFIXES[1], segments[3:]
    else:
        return None
    place = 2  # where the id stands
    if below[:1] != ["wf"]:
        if "/".join(below) in ADMINISTRATION:  # all of it are names
            return Target(prefix, "/".join(below), "", matrix)
        place = 2 if "/".join(below[:2]) in ADMINISTRATION else 1
    if len(below) > place:
        id_, below[place] = below[place], "*"
        return Target(prefix, "/".join(below), id_, matrix)
    return Target(prefix, "/".join(below), "", matrix)


class Service(BaseRoute):
    """Everything below `/v1` and `/RIS/v1`, as one route of an application."""

    def __init__(self, engine: Engine, schemes: Sequence[Scheme] = SCHEMES) -> None:
        self._engine, self._schemes = engine, schemes
        self._renderers: dict[str, Renderer] = {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        target = parse_target(_path(scope))
        if target is None:
            return Match.NONE, {}
        return Match.FULL, {"placet.target": target, ROUTE: _ROUTES.get((target.prefix, target.shape), UNMATCHED)}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)  # links are made by `placet_api.links`

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        target: Target = scope["placet.target"]
        before = PROCESS_ID.set(_process_of(target))
        try:
            answer = await self._answer(scope, target, receive)
        except Exception as failure:
            note_refusal(self._engine, scope, failure)
            answer = unprompted(fault_of(failure), dict(scope["headers"]))
        finally:
            PROCESS_ID.reset(before)
        await send_answer(answer, receive, send, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, target: Target, receive: Receive) -> Answer:
        if not self._engine.is_open:
            raise Unavailable("The engine is not open yet, or is stopping; try again in a moment.")
        headers, method = dict(scope["headers"]), scope["method"]
        actor = NOBODY
        if method not in _open_to_all(target):
            actor = await authenticate(self._engine, scope, headers, self._schemes)
        resource = _resource(scope, target)
        if target.matrix:
            target.debug, target.schema = is_on("debug", target.matrix), is_on("schema", target.matrix)
        if target.schema:
            return _schema(scope, target, resource, headers)
        handler = resource.methods.get("GET" if method == "HEAD" else method)
        if handler is None:
            return _other_method(scope, resource.allowed)
        _negotiate(headers, resource.offered)
        render = self._renderer(scope.get("root_path", "") + target.prefix)
        return await handler(
            Request(self._engine, target, method, headers, scope["query_string"], receive, render, actor, scope)
        )

    def _renderer(self, prefix: str) -> Renderer:
        found = self._renderers.get(prefix)
        if found is None:
            found = self._renderers[prefix] = Renderer(self._engine, prefix)
        return found


def _path(scope: Scope) -> str:
    """The path below where the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    below = path[len(root) :]
    return below if path.startswith(root) and below[:1] in ("", "/", ";") else path


def _process_of(target: Target) -> str:
    """The id of the process that a path leads to or into; empty where that is none."""
    if target.id and target.shape.startswith(_OF_PROCESSES) and is_id(target.id):
        return split_work_item_id(target.id.lower())[0]
    return ""


def _found(target: Target) -> Resource | None:
    found = RESOURCES.get(target.shape)
    if found is None and target.prefix == PREFIXES[0]:
        found = ADMINISTRATION.get(target.shape)
    return found


def _open_to_all(target: Target) -> Collection[str]:
    """The methods for which nobody has to say who he is."""
    resource = _found(target)
    return () if resource is None else resource.open_to_all


def _resource(scope: Scope, target: Target) -> Resource:
    path, raw = scope["path"], scope.get("raw_path") or b""
    if b"%" in raw and b"%2f" in raw.lower():  # a slash that is part of a name, and no name here has one
        path, found = raw.decode("latin-1"), None
    else:
        found = _found(target)
    if found is None:
        raise NotFound(f"There is no resource {path[:200]!r}; {target.prefix} lists those that there are.")
    return found


def _schema(scope: Scope, target: Target, resource: Resource, headers: Mapping[bytes, bytes]) -> Answer:
    if resource.schema is None:
        raise NotFound("This resource answers without content, so that it has no schema.")
    if scope["method"] not in ("GET", "HEAD"):
        return _other_method(scope, ("GET", "HEAD", "OPTIONS"))
    kind = _negotiate(headers, _SCHEMA)
    if kind == _DATA[0]:
        return json_answer(resource.schema.chapter(), indented=target.debug)
    document = json_answer(resource.schema.standard(), indented=target.debug)
    return Answer(200, document.body, ((b"content-type", kind.encode()),))


def _other_method(scope: Scope, allowed: Sequence[str]) -> Answer:
    if scope["method"] == "OPTIONS":
        return Answer(204, headers=((b"allow", ", ".join(allowed).encode()),))
    raise MethodNotAllowed(scope["method"], scope["path"][:200], allowed)


def _negotiate(headers: Mapping[bytes, bytes], offered: tuple[str, ...]) -> str:
    accept = headers.get(b"accept")
    if accept is None or accept in (b"*/*", b"application/json"):
        return offered[0]
    asked = accept.decode("latin-1")[:LONGEST_ACCEPT]
    kind = content_type(asked, offered)
    if kind is None:
        raise NotAcceptable(f"Accept: {asked[:100]} names nothing that is offered here; accept {' or '.join(offered)}.")
    return kind
