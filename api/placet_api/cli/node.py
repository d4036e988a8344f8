"""A node: an engine, its service on a port, and the signals that it listens to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncIterator, Coroutine
from typing import Any, assert_never

import uvloop

from placet import Engine, Settings
from placet.errors import InvalidDefinition, PlacetError
from placet.log import get_logger
from placet.nodes import default_engine_id
from placet.settings import hide_secret
from placet_api.app import serve_app
from placet_api.cli.demo import load_with_progress
from placet_api.cli.gate import Gate
from placet_api.cli.logging import set_up_logging
from placet_api.cli.server import Server, configuration, listening, reachable_url, url_of
from placet_api.cli.terminal import Terminal, controlling_terminal
from placet_api.cli.welcome import print_welcome

log = get_logger("placet.serve")


def run_node(settings: Settings, demo: bool) -> None:
    """Run a node until SIGTERM or SIGINT; whatever keeps it from starting is raised."""
    set_up_logging(settings.log_level)
    with (
        listening(settings.host, settings.port) as listener,
        controlling_terminal() as terminal,
        contextlib.suppress(asyncio.CancelledError),  # told to stop before it had started
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_run(settings, demo, listener, terminal))
    log.info("stopped")


async def _run(settings: Settings, demo: bool, listener: socket.socket, terminal: Terminal) -> None:
    await _Node(settings, listener, terminal).run(demo)


def _id_of(settings: Settings, listener: socket.socket) -> str:
    """The id of a node that was given none, by the port that it really has."""
    return default_engine_id(settings.database_url, listener.getsockname()[1])


def _spare_collector() -> None:
    """Let the garbage collector pass over what stays for ever, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


class _Node:
    """One engine behind one listening socket; made by the task that runs it."""

    def __init__(self, settings: Settings, listener: socket.socket, terminal: Terminal) -> None:
        self._listener, self._terminal = listener, terminal
        self._password: str | None = None  # of the administrator, if he was given one now
        settings = settings.with_values("default", engine_id=settings.engine_id or _id_of(settings, listener))
        self._app = serve_app(settings, tell_password=self._note_password, address=reachable_url(listener))
        self._engine: Engine = self._app.state.engine
        self._gate = Gate(self._app)
        self._server = Server(configuration(self._gate, settings))
        self._running = asyncio.current_task()
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, demo: bool) -> None:
        """Answer at once, take commands once the engine does, and return when a signal has stopped the node."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up_or_reload)
        async with self._answering() as stopped:
            if demo:
                await load_with_progress(self._engine.settings)
            async with self._app.router.lifespan_context(self._app):
                _spare_collector()
                definitions = len(await self._engine.as_system().definitions())
                self._gate.open()  # from here on a database that goes away ends nothing
                self._welcome(demo, definitions)
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

    def _note_password(self, password: str) -> None:
        self._password = password

    def _welcome(self, demo: bool, definitions: int) -> None:
        settings, address = self._engine.settings, url_of(self._listener)
        log.info(
            "serving", address=address, engine_id=self._engine.engine_id, database=hide_secret(settings.database_url)
        )
        print_welcome(address, settings, self._password, definitions, demo)

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

    def _hang_up_or_reload(self) -> None:
        """Stop where the terminal was closed, of which the shell may tell once more, else look at the definitions."""
        if self._gate.state == "stopping":
            return
        if self._terminal.is_gone():
            self._stop()
        elif self._gate.state == "open":  # before that, what it asks for is under way
            self._spawn(self._reload())

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
                deployed = await self._engine.as_system().load_definitions(self._engine.settings.definitions)
            except InvalidDefinition as failure:
                for fault in failure.faults:
                    log.error("a definition has a fault", fault=str(fault))
                log.error("no definition was reloaded", faults=len(failure.faults))
            except PlacetError as failure:
                log.error("no definition was reloaded", reason=str(failure))
            else:
                changed = {each.name: version for each, version, is_new in deployed if is_new}
                log.info("definitions reloaded", changed=changed)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)
