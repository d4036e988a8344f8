"""The door of a node that stops: who is inside is served, who comes is told to try again."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from placet.errors import Unavailable
from placet_api.answers import send_answer
from placet_api.errors import fault_of

_ALWAYS_OPEN = ("/healthz", "/readyz")  # these tell that the node stops
_REFUSAL = fault_of(Unavailable("This engine is stopping; try again in a moment."))


class Gate:
    """An ASGI application before another one; `close` lets nobody in any more and waits for those inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self.is_closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (self.is_closed and scope["path"] in _ALWAYS_OPEN):
            await self._app(scope, receive, send)
        elif self.is_closed:
            await send_answer(_REFUSAL, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._inside += 1
        self._empty.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def close(self, seconds: float) -> bool:
        """Let nobody in, and return whether everybody inside had left within so many seconds."""
        self.is_closed = True
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True
