"""The door of a node that starts or stops: who is inside is served, who comes is told to try again."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from placet.errors import Unavailable
from placet_api.answers import send_answer
from placet_api.errors import fault_of
from placet_api.known import STOPPING

State: TypeAlias = Literal["starting", "open", "stopping"]

_ALWAYS_OPEN = "/healthz"  # which tells no more than that the program runs
_REFUSALS = {
    state: fault_of(Unavailable(f"This engine is {state}; try again in a moment."))
    for state in ("starting", "stopping")
}


class Gate:
    """An ASGI application before another one; nobody is let in before `open`, nor after `close`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._stopping = asyncio.Event()
        self.state: State = "starting"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.state == "open":
            await self._serve(scope, receive, send)
        elif scope["type"] != "http" or scope["path"] == _ALWAYS_OPEN:
            await self._app(scope, receive, send)
        else:
            await send_answer(_REFUSALS[self.state], receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._inside += 1
        self._empty.clear()
        scope[STOPPING] = self._stopping
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    def open(self) -> None:
        """Let everybody in."""
        self.state = "open"

    async def close(self, seconds: float) -> bool:
        """Let nobody in, and return whether everybody inside had left within so many seconds."""
        self.state = "stopping"
        self._stopping.set()
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True
