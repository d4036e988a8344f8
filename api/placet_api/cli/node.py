"""A node: an engine, its service on a port, and the signals that it listens to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Coroutine, Iterator
from typing import Any

import structlog
import uvicorn
import uvloop

from placet import Engine, Settings
from placet.directory.administrator import ensure_administrator
from placet.errors import InvalidDefinition, InvalidInput, PlacetError, Unavailable
from placet.settings import hide_secret
from placet_api.app import create_app
from placet_api.cli.demo import load_with_progress
from placet_api.cli.gate import Gate
from placet_api.cli.logging import set_up_logging
from placet_api.cli.welcome import print_welcome

log = structlog.get_logger("placet.serve")

_BACKLOG = 2048


def run_node(settings: Settings, demo: bool) -> None:
    """Run a node until SIGTERM or SIGINT; whatever keeps it from starting is raised."""
    set_up_logging(settings.log_level)
    with (
        _bound(settings.host, settings.port) as listener,
        contextlib.suppress(asyncio.CancelledError),  # told to stop before it had started
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_run(settings, demo, listener))


async def _run(settings: Settings, demo: bool, listener: socket.socket) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    if demo:
        await load_with_progress(settings)
    async with Engine(settings=settings, definitions=settings.definitions) as engine:
        password = await ensure_administrator(engine.store, settings.admin_password or None)
        await engine.refresh()
        _spare_collector()
        await _Node(engine, listener).serve(password, demo)


def _spare_collector() -> None:
    """Let the garbage collector pass over what stays for ever, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


class _Node:
    """One engine behind one listening socket."""

    def __init__(self, engine: Engine, listener: socket.socket) -> None:
        self._engine, self._listener = engine, listener
        self._gate = Gate(create_app(engine, ready=lambda: not self._gate.is_closed))
        self._server = _Server(_configuration(self._gate, engine.settings))
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, password: str | None, demo: bool) -> None:
        """Serve until a signal asks to stop and everybody inside was answered."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload()))
        serving = asyncio.create_task(self._server.serve([self._listener]))
        await self._server.listening.wait()
        settings = self._engine.settings
        address = url_of(self._listener)
        print_welcome(address, settings, password, len(await self._engine.definitions()), demo)
        log.info("serving", address=address, engine_id=settings.engine_id, database=hide_secret(settings.database_url))
        await serving
        log.info("stopped")

    def _stop(self) -> None:
        if self._gate.is_closed:  # asked twice: who is still inside is not waited for
            self._server.force_exit = self._server.should_exit = True
        else:
            self._spawn(self._drain())

    async def _drain(self) -> None:
        log.info("stopping")
        if not await self._gate.close(self._engine.settings.drain_seconds):
            log.warning("some requests were not answered in time")
        self._server.should_exit = True

    async def _reload(self) -> None:
        """Deploy what has changed in the folder of definitions; where there are faults everything stays as it is."""
        async with self._reloading:
            try:
                deployed = await self._engine.load_definitions(self._engine.settings.definitions)
            except InvalidDefinition as failure:
                for fault in failure.faults:
                    log.error("a definition has a fault", fault=str(fault))
                log.error("no definition was reloaded", faults=len(failure.faults))
            except PlacetError as failure:
                log.error("no definition was reloaded", reason=failure.message)
            else:
                changed = {each.name: version for each, version, is_new in deployed if is_new}
                log.info("definitions reloaded", changed=changed)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)


class _Server(uvicorn.Server):
    """Uvicorn's server without its own ideas about signals; `listening` is set once it takes connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def _configuration(app: Gate, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        backlog=_BACKLOG,
        server_header=False,
        timeout_graceful_shutdown=max(1, settings.drain_seconds),
    )


def _bound(host: str, port: int) -> socket.socket:
    """A socket that holds the port but does not listen yet, so that a taken port shows before anything else is done."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError:
        raise InvalidInput(f"{host!r} is no address of this machine; --host takes one such as 127.0.0.1.") from None
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as failure:
        listener.close()
        raise Unavailable(
            f"Cannot listen on {host} port {port}: {failure.strerror}; stop what uses it, or give another --port."
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
