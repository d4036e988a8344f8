"""Somebody before the terminal console: what is typed, and what is on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
from textual.events import Paste
from textual.pilot import Pilot

from placet_api.cli.connection import Connection
from placet_api.cli.console.app import Console
from placet_api.cli.console.local import LocalProcesses
from placet_api.cli.console.remote import RemoteProcesses
from placet_api.cli.console.sources import Sources
from placet_api.cli.local import LocalBackend
from placet_api.cli.local_queries import LocalQueries
from placet_api.cli.remote import RemoteBackend
from placet_api.cli.remote_queries import RemoteQueries
from tests.acceptance.conftest import PASSWORD, RunningServer

_SECONDS = 60


class Sitting:
    """A console of 80 by 24 characters."""

    def __init__(self, app: Console, pilot: Pilot[None]) -> None:
        self.app, self._pilot = app, pilot

    @property
    def text(self) -> str:
        """What is on the screen, line by line; of a dialog only what is in it."""
        self.app.screen.refresh()
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text at once, as terminals send what is pasted."""
        self.app.post_message(Paste(text))
        await self._pilot.pause()

    async def on(self, widget_id: str) -> None:
        """Wait until a widget has the focus."""
        await self.until(lambda: self.app.focused and self.app.focused.id == widget_id, f"on {widget_id}")

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the console go on until something holds."""
        deadline = asyncio.get_running_loop().time() + _SECONDS
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"never {what or 'so'}:\n{self.text}"
            await self._pilot.pause()

    async def sees(self, *texts: str) -> None:
        """Wait until all of this is on the screen."""
        await self.until(lambda: all(each in self.text for each in texts), f"with {texts}")

    async def hears(self, text: str) -> None:
        """Wait until this is said in passing."""
        await self.until(lambda: any(text in each.message for each in self.app._notifications), f"saying {text!r}")


@asynccontextmanager
async def sitting(server: RunningServer, user: str, way: str = "database") -> AsyncIterator[Sitting]:
    """A user's console on the server's database, or through the server."""
    async with httpx2.AsyncClient(auth=(user, PASSWORD)) as client:
        if way == "server":
            connection = Connection(client, server.url)
            sources = Sources(
                RemoteBackend(connection), RemoteQueries(connection), RemoteProcesses(connection), server.url
            )
        else:
            engine = server.engine
            sources = Sources(
                LocalBackend(engine, user), LocalQueries(engine, user), LocalProcesses(engine, user), "placet.db"
            )
        app = Console(sources)
        async with app.run_test(size=(80, 24)) as pilot:
            here = Sitting(app, pilot)
            await here.sees("live")
            yield here
