"""The console as one route of an application: from a path to a page, and from an error to words and a way back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from placet.core.access import require_act
from placet.core.people import Person
from placet.engine import Engine
from placet.errors import NotFound, PlacetError, Unavailable
from placet_api.answers import Answer, send_answer
from placet_api.auth import authenticate
from placet_api.console import troubles
from placet_api.console.page import PREFIX, Page, Shell
from placet_api.console.routes import Table, all_routes
from placet_api.console.static_files import static_files
from placet_api.console.templating import environment
from placet_api.errors import MethodNotAllowed
from placet_api.known import ROUTE
from placet_api.refusals import note_refusal
from placet_api.sessions import SessionScheme, require_own_page

_STATIC = "/static/"
_SCHEMES = (SessionScheme(),)  # a page is for a browser, and a token may be for less than a page can do
NOBODY = Person("", "")


class Console(BaseRoute):
    """Everything below `/console`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shell = Shell(environment(), static_files(), Table(all_routes()))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return Match.NONE, {}
        return Match.FULL, {"placet.console": path.removeprefix(PREFIX)}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)  # links are made by `Page.url`

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["placet.console"]
        answer = self._static(scope, path)
        if answer is None:
            page = Page(self._engine, self._shell, scope, receive, path, {}, NOBODY)
            try:
                answer = await self._answer(page)
            except Exception as failure:
                note_refusal(self._engine, scope, failure)
                answer = await troubles.answer_of(page, failure)
        await send_answer(answer, receive, send, head=scope["method"] == "HEAD")

    def _static(self, scope: Scope, path: str) -> Answer | None:
        if scope["method"] not in ("GET", "HEAD") or not path.startswith(_STATIC):
            return None
        scope[ROUTE] = f"{PREFIX}{_STATIC}{{file}}"
        return self._shell.static.answer(path.removeprefix(_STATIC))

    async def _answer(self, page: Page) -> Answer:
        if page.path == "":
            return page.redirect(page.url("/"))
        if not self._engine.is_open:
            raise Unavailable("The engine is not open yet, or is stopping; try again in a moment.")
        found = self._shell.table.find(page.path)
        method = "GET" if page.scope["method"] == "HEAD" else page.scope["method"]
        route, page.parameters = found.get(method, (None, {}))
        page.keeps_secret = route is None or route.secret
        if route is not None:
            page.scope[ROUTE] = f"{PREFIX}{route.path}"
        if route is None or not route.open_to_all:
            page.person = await authenticate(self._engine, page.scope, page.headers, _SCHEMES)
        if route is None:
            raise _no_route(page, method, found)
        require_own_page(page.scope, page.headers)
        if route.act is not None:
            require_act(self._engine.directory, page.person.dn, route.act)
        return await route.handler(page)


def _no_route(page: Page, method: str, found: Collection[str]) -> PlacetError:
    if found:
        return MethodNotAllowed(method, page.scope["path"][:200], found)
    return NotFound(f"There is no page {page.scope['path'][:200]!r}.")
