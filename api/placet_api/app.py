"""The applications: one to mount anywhere on an engine of the host's, and one that opens its own engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from placet.directory.administrator import ensure_administrator
from placet.engine import Engine
from placet.errors import Unavailable
from placet.settings import Settings
from placet_api.answers import Answer, json_answer
from placet_api.errors import fault, fault_of, symbol_of
from placet_api.ris.service import Service

Lifespan: TypeAlias = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(engine: Engine, *, ready: Callable[[], bool] | None = None) -> Starlette:
    """An application over an engine that the host opens and closes; may be mounted below any path.

        host.mount("/workflow", create_app(engine))

    `ready` says whether commands are taken, which `/readyz` tells; by default they are while the engine is open.
    """
    return _application(engine, ready or (lambda: engine.is_open))


def serve_app(
    settings: Settings, *, engine: Engine | None = None, tell_password: Callable[[str], None] | None = None
) -> Starlette:
    """An application that opens an engine by its settings when it starts, and closes it when it stops.

    `engine` takes one that is made already and not yet open. `app.state.engine` is the engine; set
    `app.state.draining` to let `/readyz` say 503 before a stop. An administrator without a password gets that of the
    settings, else a random one that `tell_password` is called with.
    """
    engine = engine or Engine(settings=settings, definitions=_definitions(settings))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with engine:
            password = await ensure_administrator(engine.store, settings.admin_password or None)
            await engine.refresh()
            if password is not None and tell_password is not None:
                tell_password(password)
            yield
            app.state.draining = True

    app = _application(engine, lambda: engine.is_open and not app.state.draining, lifespan)
    app.state.engine, app.state.draining = engine, False
    return app


def _definitions(settings: Settings) -> str | None:
    """The folder to load; the one that is only a default need not be there."""
    given = "definitions" in settings.sources or Path(settings.definitions).is_dir()
    return settings.definitions if given else None


def _application(engine: Engine, ready: Callable[[], bool], lifespan: Lifespan | None = None) -> Starlette:
    async def healthz(request: Request) -> Response:
        return _response(json_answer({"status": "ok"}))

    async def readyz(request: Request) -> Response:
        if ready():
            return _response(json_answer({"status": "ready"}))
        return _response(fault_of(Unavailable("No commands are taken: the engine is starting or stopping.")))

    app = Starlette(
        routes=[Service(engine), Route("/healthz", healthz), Route("/readyz", readyz)],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a client of the contract follows no redirects
    return app


async def _refused(request: Request, refusal: Exception) -> Response:
    """What no route takes, as a fault."""
    assert isinstance(refusal, HTTPException)
    headers = [(name.lower().encode(), value.encode()) for name, value in (refusal.headers or {}).items()]
    text = f"{request.method} {request.url.path[:200]}: {refusal.detail}. The service is at /v1 and /RIS/v1."
    return _response(fault(refusal.status_code, symbol_of(refusal.detail.lower().replace(" ", "-")), text, headers))


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers.extend(answer.headers)
    return response
