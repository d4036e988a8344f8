"""Engine nodes: this one among the others on its database, and what there is to know of all of them."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Literal

from placet.core.access import Act
from placet.core.statuses import NodeStatus
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.door import Door
from placet.errors import Conflict, NotFound, PlacetError, Unavailable
from placet.log import get_logger
from placet.store import nodes as rows
from placet.store.database import Liveness
from placet.store.directory_version import Transaction
from placet.store.nodes import EngineNode, Start
from placet.store.writer import Writer

log = get_logger("placet.nodes")

#: How often a node says that it lives.
BEAT_SECONDS = 1.0
#: How long the lock of a node that has just ended may take to come free.
_PATIENCE_SECONDS, _AGAIN_SECONDS = 1.0, 0.05
#: After so many beats those that ended long ago are looked for.
_BEATS_OF_AN_HOUR = 3600


def default_engine_id(database_url: str, of_host: str | int | None = None) -> str:
    """What a node is called that was given no name; `of_host` tells it from others on the same machine.

    One is enough for a SQLite file, whose nodes are all on one machine.
    """
    if database_url.startswith("sqlite"):
        return "ENGINE"
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).lstrip("._-")[:48] or "engine"
    return host if of_host is None else f"{host}-{of_host}"


def start_here(engine_id: str, address: str | None, version: str) -> Start:
    """A node that begins in this program."""
    return Start(engine_id, secrets.token_hex(16), address, socket.gethostname(), os.getpid(), version)


class Nodes(Door):
    """What there is to know of the nodes on this database; all of it takes PM_SETUP_ADVANCE."""

    async def nodes(self, *, actor: str | None = None) -> list[EngineNode]:
        """All nodes, those that live first, by id; one that has ended is listed for a day.

        Raises `NotAllowed` without the permission PM_SETUP_ADVANCE; `InvalidInput` for an unknown actor.
        """
        await self._permitted(actor, Act.OPERATE)
        return await self._read(rows.every)

    async def node(self, node_id: str, *, actor: str | None = None) -> EngineNode:
        """The node that has an id, or had it last.

        Raises `NotFound`; `NotAllowed` without the permission PM_SETUP_ADVANCE; `InvalidInput` for an unknown actor.
        """
        await self._permitted(actor, Act.OPERATE)
        return _required(await self._read(partial(rows.one, node_id=node_id)), node_id)

    async def drain_node(self, node_id: str, *, actor: str | None = None) -> EngineNode:
        """Have a node take no more jobs, timers and deliveries; it goes on answering until it is stopped.

        It begins within a second. `drained_at` of the node tells when nothing of it runs any more.

        Raises `NotFound`; `Conflict` for a node that has ended; `NotAllowed` without the permission PM_SETUP_ADVANCE;
        `InvalidInput` for an unknown actor.
        """
        dn = await self._permitted(actor, Act.OPERATE)
        directory = self._world.directory
        caller = Caller(None if dn is None else directory.person(dn), directory, self.clock.now())
        return await self._write(partial(_drain, node_id=node_id, caller=caller))


def _drain(tx: Transaction, node_id: str, caller: Caller) -> EngineNode:
    node = _required(rows.one(tx, node_id), node_id)
    if not node.status.is_alive:
        raise Conflict(f"The engine {node_id!r} is {node.status.value}, so that there is nothing to drain.")
    if node.status is not NodeStatus.DRAINING:
        rows.drain(tx, node_id)
        note(tx, caller, "engine.drained", node_id)
    return _required(rows.one(tx, node_id), node_id)


def _required(node: EngineNode | None, node_id: str) -> EngineNode:
    if node is None:
        raise NotFound(f"There is no engine {node_id[:100]!r}; `placet engines list` shows those that there are.")
    return node


class OwnNode:
    """This node among the others: it takes its id, beats, and drains when it is told to.

    `drain` ends what takes work of its own accord, and returns once nothing of it runs any more.
    """

    def __init__(self, start: Start, store: Writer, lock: Liveness, drain: Callable[[], Awaitable[None]]) -> None:
        self._start, self._store, self._lock, self._drain = start, store, lock, drain
        self._beating: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._takes_none: str | None = None
        self._beats, self._is_silent = 0, False
        self.is_first = False  # of those that run: what one is to do at a time is its work

    def require_taking(self) -> None:
        """Raise `Unavailable`, with the reason, where this node takes no more work."""
        if self._takes_none is not None:
            raise Unavailable(self._takes_none)

    async def enter(self) -> None:
        """Take the id and be listed; raises `Conflict` where another node lives under it."""
        if not await self._locked():
            raise Conflict(await self._refusal())
        await self._store.write(partial(rows.register, start=self._start), refresh=False)
        self._beating = asyncio.create_task(self._beat_on(), name="placet-node")

    async def begin(self) -> None:
        """Be known as one that runs."""
        await self._mark("running_since")

    async def leave(self) -> None:
        """Be known as one that has ended; that it cannot be told keeps nobody."""
        if self._beating is None:
            return
        ending = [each for each in (self._beating, self._draining) if each is not None]
        for task in ending:  # what a drain waits for has been ended by now
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        with suppress(PlacetError):
            await self._mark("ended_at")

    async def release(self) -> None:
        """Let another node have the id."""
        await self._lock.release()

    async def _locked(self) -> bool:
        """Take the lock; whoever has just ended may still be about to let go of it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_SECONDS
        while not await self._lock.take():
            if loop.time() > until:
                return False
            await asyncio.sleep(_AGAIN_SECONDS)
        return True

    async def _refusal(self) -> str:
        id_ = self._start.id
        other = await self._store.read(partial(rows.one, node_id=id_))
        who = "" if other is None else f": process {other.pid} on {other.host}, since {other.started_at:%F %H:%M} UTC"
        return (
            f"The engine {id_!r} runs already{who}. Stop that one first, or give this one a name of its own: "
            "--engine-id or the setting engine_id."
        )

    async def _mark(self, what: Literal["running_since", "drained_at", "ended_at"]) -> None:
        await self._store.write(
            partial(rows.mark, node_id=self._start.id, run=self._start.run, what=what), refresh=False
        )

    # -- beating ---------------------------------------------------------------------------------

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._beat()
                self._is_silent = False
            except PlacetError as failure:
                if not self._is_silent:
                    log.warning("this engine could not tell that it lives", error=failure.message)
                self._is_silent = True
            except Exception:
                log.exception("a beat failed")

    async def _beat(self) -> None:
        if not await self._lock.is_held():
            await self._lock.take()  # if it is not free, a lost session of our own may have it still: the row tells
        this = partial(rows.beat, node_id=self._start.id, run=self._start.run)
        beat = await self._store.write(this, refresh=False)
        if beat is None:
            self._lose()
            return
        self.is_first = beat.is_first
        if beat.drains:
            self._stop_taking(f"The engine {self._start.id} is draining: it takes no more work and is to be stopped.")
        self._beats += 1
        if self.is_first and self._beats % _BEATS_OF_AN_HOUR == 0:
            await self._store.write(rows.forget, refresh=False)

    def _lose(self) -> None:
        """Another node has the id: while this one was cut off, it was taken for dead."""
        self._stop_taking(f"The id {self._start.id} is another engine's by now; restart this one.")

    def _stop_taking(self, reason: str) -> None:
        if self._draining is None:
            self._takes_none, self.is_first = reason, False
            log.warning("this engine takes no more work", reason=reason)
            self._draining = asyncio.create_task(self._drained(), name="placet-drain")

    async def _drained(self) -> None:
        try:
            await self._drain()
            await self._mark("drained_at")
        except Exception:
            log.exception("draining failed")
        else:
            log.info("drained: nothing runs here any more but what is asked for")
