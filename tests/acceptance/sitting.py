"""Somebody before the terminal console: what is typed, and what is on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
from textual.events import Key, Paste
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
from tests.acceptance.conftest import PASSWORD, SECONDS, RunningServer

_MOMENT = 0.01  # between two looks at the screen


class Sitting:
    """A console of 80 by 24 characters."""

    def __init__(self, app: Console, pilot: Pilot[None]) -> None:
        self.app, self._pilot = app, pilot

    @property
    def text(self) -> str:
        """What is on the screen, line by line; of a dialog only what is in it."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when all that follows from the one before is done."""
        for key in keys:
            driver = self.app._driver
            assert driver is not None
            event = Key(key, key if len(key) == 1 else None)
            event.set_sender(self.app)
            driver.send_message(event)
            await self._settled()

    async def type(self, text: str) -> None:
        """Type a text at once, as terminals send what is pasted."""
        self.app.post_message(Paste(text))
        await self._settled()

    async def on(self, widget_id: str) -> None:
        """Wait until a widget has the focus."""
        await self.until(lambda: self.app.focused and self.app.focused.id == widget_id, f"on {widget_id}")

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the console go on until something holds."""
        deadline, looked = _now() + SECONDS, _now()
        while not condition():
            assert _now() < deadline, f"never {what or 'so'}; said was {self._said()}:\n{self.text}"
            await self._a_moment(2 * (_now() - looked))
            looked = _now()

    async def sees(self, *texts: str) -> None:
        """Wait until all of this is on the screen."""
        await self.until(lambda: self._shows(texts), f"with {texts}")

    def _shows(self, texts: tuple[str, ...]) -> bool:
        shown = self.text
        return all(each in shown for each in texts)

    async def hears(self, text: str) -> None:
        """Wait until this is said in passing."""
        await self.until(lambda: any(text in each for each in self._said()), f"saying {text!r}")

    def _said(self) -> list[str]:
        return [each.message for each in self.app._notifications]

    async def _settled(self) -> None:
        """Return once every message has been dealt with and all work is done that no dialog holds up.

        Textual's own `Pilot.press` waits until the process hardly uses the processor for 20 ms, twice a key and for
        at most a second: that takes long, and says little on a machine that others use too.
        """
        deadline = _now() + SECONDS
        await self._pilot.pause(0)
        while self._has_messages() or self._work():
            while work := self._work():
                assert _now() < deadline, f"{work} goes on and on:\n{self.text}"
                await asyncio.wait(work, timeout=_MOMENT, return_when=asyncio.FIRST_COMPLETED)
            await self._pilot.pause(0)

    async def _a_moment(self, at_least: float) -> None:
        """Let everything else go on for a moment, and draw what has changed."""
        await asyncio.sleep(max(_MOMENT, at_least))  # on a slow machine to look at the screen would take all its time
        self.app.screen._on_timer_update()

    def _work(self) -> list[asyncio.Task[None]]:
        """What is under way: all but what follows the events, and behind a dialog what may be waiting for it."""
        screen = self.app.screen
        return [
            each._task
            for each in self.app.workers
            if each._task is not None
            and not each._task.done()
            and each.name != "_follow"
            and not (screen.is_modal and each.node is not screen and screen not in each.node.ancestors)
        ]

    def _has_messages(self) -> bool:
        pumps = [self.app, *self.app.screen.walk_children(with_self=True)]
        return any(pump._message_queue.qsize() or pump._next_callbacks for pump in pumps)


def _now() -> float:
    return asyncio.get_running_loop().time()


def way_to(database_url: str) -> str:
    """How a console gets at a database: each way is taken with one of the two, since the console knows neither.

    What it asks, in either way, is tested on both databases by the tests of the commands.
    """
    return "database" if database_url.startswith("sqlite") else "server"


@asynccontextmanager
async def sitting(server: RunningServer, user: str, way: str = "database") -> AsyncIterator[Sitting]:
    """A user's console on the server's database, or through the server."""
    async with httpx2.AsyncClient(auth=(user, PASSWORD), timeout=SECONDS) as client:
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
        app.animation_level = "none"
        app.NOTIFICATION_TIMEOUT = SECONDS  # what was said is heard also on a slow machine
        async with app.run_test(size=(80, 24)) as pilot:
            here = Sitting(app, pilot)
            await here.sees("live")
            yield here
