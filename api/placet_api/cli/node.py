"""A node: an engine, its service on a port, and the signals that it listens to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, assert_never

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
        _listening(settings.host, settings.port) as listener,
        contextlib.suppress(asyncio.CancelledError),  # told to stop before it had started
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_run(settings, demo, listener))
    log.info("stopped")


async def _run(settings: Settings, demo: bool, listener: socket.socket) -> None:
    engine = Engine(settings=settings, definitions=settings.definitions)
    await _Node(engine, listener).run(demo)


def _spare_collector() -> None:
    """Let the garbage collector pass over what stays for ever, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


class _Node:
    """One engine behind one listening socket; made by the task that runs it."""

    def __init__(self, engine: Engine, listener: socket.socket) -> None:
        self._engine, self._listener = engine, listener
        self._gate = Gate(create_app(engine, ready=lambda: self._gate.state == "open"))
        self._server = _Server(_configuration(self._gate, engine.settings))
        self._running = asyncio.current_task()
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, demo: bool) -> None:
        """Answer at once, take commands once the engine does, and return when a signal has stopped the node."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # what it asks for is under way
        async with self._answering() as stopped:
            if demo:
                await load_with_progress(self._engine.settings)
            async with self._engine as engine:
                password = await ensure_administrator(engine.store, engine.settings.admin_password or None)
                await engine.refresh()
                _spare_collector()
                self._gate.open()
                loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload()))
                await self._welcome(password, demo)
                await stopped

    @contextlib.asynccontextmanager
    async def _answering(self) -> AsyncIterator[asyncio.Task[None]]:
        """Answer on the port for the length of the block; the task ends once the server has stopped by itself."""
        serving = asyncio.create_task(self._server.serve([self._listener]))
        try:
            await self._server.listening.wait()
            log.debug("listening", address=url_of(self._listener))
            yield serving
        finally:
            self._server.force_exit = self._server.should_exit = True
            await serving

    async def _welcome(self, password: str | None, demo: bool) -> None:
        settings, address = self._engine.settings, url_of(self._listener)
        print_welcome(address, settings, password, len(await self._engine.definitions()), demo)
        log.info("serving", address=address, engine_id=settings.engine_id, database=hide_secret(settings.database_url))

    def _stop(self) -> None:
        match self._gate.state:
            case "starting":
                self._give_up()
            case "open":
                self._spawn(self._drain())
            case "stopping":  # asked twice: who is still inside is not waited for
                self._server.force_exit = self._server.should_exit = True
            case state:
                assert_never(state)

    def _give_up(self) -> None:
        """Stop before any command was taken; once, so that what was opened is closed in peace."""
        assert self._running is not None
        if not self._running.cancelling():
            log.info("stopping")
            self._running.cancel()

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
        timeout_graceful_shutdown=1,  # the gate has waited as long as the settings say
    )


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a taken port shows before anything else is done."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError:
        raise InvalidInput(f"{host!r} is no address of this machine; --host takes one such as 127.0.0.1.") from None
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as failure:
        listener.close()
        raise Unavailable(
            f"Cannot listen on {host} port {port}: {failure.strerror}; "
            "stop what uses it, or give another --port or PLACET_PORT."
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
