"""Whether the database takes what an engine writes, as far as the engine has been told or has seen for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection

from placet.clock import Clock
from placet.errors import Unavailable
from placet.log import get_logger
from placet.store import counters

log = get_logger("placet.engine")

_COUNTER = "readiness"
#: How long what was seen is believed.
_BELIEVED = timedelta(seconds=1)
#: How long a database may take to answer before it counts as away.
PATIENCE_SECONDS = 2.0

#: Runs a store function in a transaction of its own.
Run: TypeAlias = Callable[[Callable[[Connection], object]], Awaitable[Any]]


class Readiness:
    """The last write that failed, until one succeeds; `read` and `write` are how it looks for itself.

    Whoever writes tells: also of a write that is made here, once it has succeeded.
    """

    def __init__(self, read: Run, write: Run, clock: Clock) -> None:
        self._read, self._write, self._clock = read, write, clock
        self._failure: Unavailable | None = None
        self._seen: datetime | None = None  # when the database was last seen to work
        self._looking: asyncio.Task[None] | None = None

    def failed(self, failure: Unavailable) -> None:
        self._failure = failure

    def succeeded(self) -> None:
        self._failure, self._seen = None, self._clock.now()

    async def check(self) -> None:
        """Return if the database works, as far as was seen within the last second; raises `Unavailable`.

        While nothing has failed a read shows that. Once something has, a write does, made here, for who sends no
        commands to a node that is not ready would never learn that it is again. Of many who ask at once one looks; the
        others wait for him, or are told what has failed.
        """
        if self._failure is None and self._is_known_to_work():
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_for_a_while(), name="placet-readiness")
        elif self._failure is not None:
            raise self._failure
        await asyncio.wait([self._looking])  # whoever asks may go away, and the look goes on
        if self._failure is not None:
            raise self._failure

    def _is_known_to_work(self) -> bool:
        return self._seen is not None and timedelta() <= self._clock.now() - self._seen < _BELIEVED

    async def _look_for_a_while(self) -> None:
        """Look, and not for long: the connection to a machine that is gone may say nothing for minutes."""
        looking = asyncio.create_task(self._look(), name="placet-look")
        await asyncio.wait([looking], timeout=PATIENCE_SECONDS)
        if not looking.done():
            self.failed(Unavailable(f"The database has not answered within {PATIENCE_SECONDS:g} s."))
            looking.cancel()

    async def _look(self) -> None:
        began = self._clock.now()
        try:
            if self._failure is None:
                await self._read(counters.values)
            else:
                await self._write(lambda tx: counters.bump(tx, _COUNTER))
        except Unavailable as failure:
            self.failed(failure)
        except Exception:
            log.exception("the database could not be looked at")
            self.failed(Unavailable("The database does not work as it should; the log says how."))
        else:
            self._seen = began
