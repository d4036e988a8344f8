"""Whether the database takes what an engine writes, as far as the engine has been told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection

from placet.errors import Unavailable
from placet.store import counters

_COUNTER = "readiness"


class Readiness:
    """The last write that failed, until one succeeds; `write` runs a store function in a write transaction.

    Whoever writes tells: also of a write that is made here, once it has succeeded.
    """

    def __init__(self, write: Callable[[Callable[[Connection], object]], Awaitable[Any]]) -> None:
        self._write = write
        self._failure: Unavailable | None = None
        self._trying = False

    def failed(self, failure: Unavailable) -> None:
        self._failure = failure

    def succeeded(self) -> None:
        self._failure = None

    async def check(self) -> None:
        """Return if the last write succeeded, or else another one does now; raises `Unavailable`.

        The other one is made here, for who sends no commands to a node that is not ready would never learn that it is
        again. Of many who ask at once one tries.
        """
        if self._failure is None:
            return
        if self._trying:
            raise self._failure
        self._trying = True
        try:
            await self._write(lambda tx: counters.bump(tx, _COUNTER))
        finally:
            self._trying = False
