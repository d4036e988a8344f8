"""The applications: one to mount anywhere on an engine of the host's, and one that opens its own engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from placet.directory.administrator import ensure_administrator
from placet.directory.lost_key import WARNING
from placet.engine import Engine
from placet.errors import Unavailable
from placet.log import get_logger
from placet.settings import Settings
from placet.telemetry.otlp import provider_of
from placet_api.answers import Answer, json_answer
from placet_api.console.service import Console
from placet_api.errors import fault, fault_of, symbol_of
from placet_api.known import ROUTE
from placet_api.metrics import MetricsPage
from placet_api.openapi.routes import docs, openapi_json
from placet_api.processmaker.oauth import OAuthService
from placet_api.processmaker.service import Service as ProcessMakerService
from placet_api.ris.service import Service
from placet_api.tracking import Tracking

log = get_logger("placet.api")

Lifespan: TypeAlias = Callable[[Starlette], AbstractAsyncContextManager[None]]

_READY_WITHOUT_SECRETS = {"status": "ready", "warning": WARNING}
_OPEN_METHODS = ("GET", "HEAD", "OPTIONS")


def create_app(engine: Engine) -> Starlette:
    """An application over an engine that the host opens and closes; may be mounted below any path.

    host.mount("/workflow", create_app(engine))
    """
    return _application(engine)


def serve_app(
    settings: Settings, *, tell_password: Callable[[str], None] | None = None, address: str | None = None
) -> Starlette:
    """An application that opens an engine by its settings when it starts, and closes it when it stops.

    `app.state.engine` is the engine. An administrator without a password gets that of the settings, else a random one
    that `tell_password` is called with. `address` is where it answers, for the list of engines. Traces go where the
    settings say.

    Raises `InvalidInput` for settings that it cannot work with.
    """
    provider = provider_of(settings) if settings.otlp_endpoint else None
    engine = Engine(settings=settings, definitions=_definitions(settings), address=address, tracer_provider=provider)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with engine:
                password = await ensure_administrator(engine.store, settings.admin_password or None)
                await engine.refresh()
                await _ensure_connectors_plugin(engine)
                if password is not None and tell_password is not None:
                    tell_password(password)
                yield
        finally:
            if provider is not None:
                await asyncio.to_thread(provider.shutdown)

    app = _application(engine, lifespan)
    app.state.engine = engine
    return app


async def _ensure_connectors_plugin(engine: Engine) -> None:
    """Have the application of the connectors there; without a key for its secret everything else works all the same."""
    try:
        await engine.oauth.applications.ensure_connectors_plugin(engine.directory)
    except Unavailable as failure:
        log.warning("there is no application for connectors", reason=str(failure))


def _definitions(settings: Settings) -> str | None:
    """The folder to load; the one that is only a default need not be there."""
    given = "definitions" in settings.sources or Path(settings.definitions).is_dir()
    return settings.definitions if given else None


def _application(engine: Engine, lifespan: Lifespan | None = None) -> Starlette:
    async def healthz(request: Request) -> Response:
        return _response(json_answer({"status": "ok"}))

    async def readyz(request: Request) -> Response:
        if not engine.is_open:
            return _response(fault_of(Unavailable("No commands are taken: the engine is starting or stopping.")))
        try:
            await engine.require_ready()
        except Unavailable as failure:
            return _response(fault_of(failure))
        return _response(json_answer({"status": "ready"} if engine.opens_secrets else _READY_WITHOUT_SECRETS))

    page = MetricsPage(engine)

    async def metrics(request: Request) -> Response:
        return _response(await page.answer(request))

    app = Starlette(
        routes=[
            Service(engine),
            OAuthService(engine),
            ProcessMakerService(engine),  # behind the other, which has its own answers below the same path
            Console(engine),
            _open_to_all("/healthz", healthz),
            _open_to_all("/readyz", readyz),
            _open_to_all("/metrics", metrics),
            _open_to_all("/openapi.json", _at_once(openapi_json)),
            _open_to_all("/docs", _at_once(docs)),
        ],
        middleware=[Middleware(Tracking, engine=engine)],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a client of the contract follows no redirects
    return app


def _at_once(make: Callable[[Request], Answer]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return _response(make(request))

    return endpoint


def _open_to_all(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route for who has no credentials, with the methods of every resource that is read."""

    async def answer(request: Request) -> Response:
        request.scope[ROUTE] = path
        if request.method == "OPTIONS":
            return _response(Answer(204, headers=((b"allow", ", ".join(_OPEN_METHODS).encode()),)))
        return await endpoint(request)

    return Route(path, answer, methods=_OPEN_METHODS)


async def _refused(request: Request, refusal: Exception) -> Response:
    """What no route takes, as a fault."""
    assert isinstance(refusal, HTTPException)
    headers = [(name.lower().encode(), value.encode()) for name, value in (refusal.headers or {}).items()]
    root = request.scope.get("root_path", "")
    text = f"{request.method} {request.url.path[:200]}: {refusal.detail}. {_services(root)}"
    return _response(fault(refusal.status_code, symbol_of(refusal.detail.lower().replace(" ", "-")), text, headers))


def _services(root: str) -> str:
    return f"The services are at {root}/v1, {root}/RIS/v1 and {root}/api/1.0; {root}/docs describes them."


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers.extend(answer.headers)
    return response
