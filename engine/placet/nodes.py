"""Engine nodes: what there is to know of all that are on a database, and what this one is called."""

from __future__ import annotations

import os
import re
import secrets
import socket
from functools import partial

from placet.core.access import Act
from placet.core.statuses import NodeStatus
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.door import Door
from placet.errors import Conflict, NotFound
from placet.query.storable import UNSTORABLE
from placet.store import nodes as rows
from placet.store.directory_version import Transaction
from placet.store.nodes import EngineNode, Start


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
        return await self._read(partial(_required, node_id=node_id))

    async def drain_node(self, node_id: str, *, actor: str | None = None) -> EngineNode:
        """Have a node take no more jobs, timers and deliveries; it goes on answering until it is stopped.

        It begins within a second. `drained_at` of the node tells when nothing of it runs any more.

        Raises `NotFound`; `Conflict` for a node that has ended or timed out; `NotAllowed` without the permission
        PM_SETUP_ADVANCE; `InvalidInput` for an unknown actor.
        """
        dn = await self._permitted(actor, Act.OPERATE)
        directory = self._world.directory
        caller = Caller(None if dn is None else directory.person(dn), directory, self.clock.now())
        return await self._write(partial(_drain, node_id=node_id, caller=caller))


def _drain(tx: Transaction, node_id: str, caller: Caller) -> EngineNode:
    node = _required(tx, node_id)
    if node.status is NodeStatus.TIMED_OUT:
        raise Conflict(
            f"The engine {node_id!r} has not been heard of since {node.beat_at:%F %T} UTC and cannot be told anything: "
            f"others do its work. Should process {node.pid} on {node.host} still be there, end it with kill -9 before "
            "you start another in its place."
        )
    if not node.status.is_alive:
        raise Conflict(f"The engine {node_id!r} is {node.status.value}, so that there is nothing to drain.")
    if node.status is not NodeStatus.DRAINING:
        rows.drain(tx, node_id)
        note(tx, caller, "engine.drained", node_id)
    return _required(tx, node_id)


def _required(tx: Transaction, node_id: str) -> EngineNode:
    node = None if UNSTORABLE.search(node_id) else rows.one(tx, node_id)
    if node is None:
        raise NotFound(f"There is no engine {node_id[:100]!r}; `placet engines list` shows those that there are.")
    return node
