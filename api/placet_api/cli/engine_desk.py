"""What commands about engines ask for, answered by the database or by a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from placet import EngineNode
from placet.system import System
from placet_api.cli.connection import Connection, open_connection
from placet_api.cli.options import OnDatabase, refusals_noted
from placet_api.cli.remote_views import time

if TYPE_CHECKING:
    from placet_api.cli.options import Anywhere

_PATH = "/v1/engines"


@dataclass(frozen=True, slots=True)
class EngineView:
    id: str
    status: str
    address: str
    host: str
    pid: int
    version: str
    started_at: datetime
    running_since: datetime | None
    beat_at: datetime
    draining_since: datetime | None
    drained_at: datetime | None
    ended_at: datetime | None

    @property
    def runs_nothing(self) -> bool:
        """Whether nothing of it runs any more but what is asked for."""
        return self.drained_at is not None or self.status in ("Shutdown", "Timedout")


class EngineDesk(Protocol):
    """Every method may raise the errors of `placet.errors`."""

    async def every(self) -> list[EngineView]: ...

    async def one(self, engine_id: str) -> EngineView: ...

    async def drain(self, engine_id: str) -> EngineView: ...


@asynccontextmanager
async def open_engines(where: Anywhere) -> AsyncIterator[EngineDesk]:
    """Where a command about engines is carried out."""
    server = where.named_server()
    if server:
        async with open_connection(server) as connection:
            yield RemoteEngines(connection)
        return
    actor = where.local_actor()
    async with OnDatabase(where.database).engine() as engine:
        with refusals_noted(engine, actor):
            yield LocalEngines(engine.as_system(), actor)


class LocalEngines:
    """On a database; `actor` None is the engine itself."""

    def __init__(self, engine: System, actor: str | None) -> None:
        self._engine, self._actor = engine, actor

    async def every(self) -> list[EngineView]:
        return [_view(each) for each in await self._engine.nodes(actor=self._actor)]

    async def one(self, engine_id: str) -> EngineView:
        return _view(await self._engine.node(engine_id, actor=self._actor))

    async def drain(self, engine_id: str) -> EngineView:
        return _view(await self._engine.drain_node(engine_id, actor=self._actor))


class RemoteEngines:
    """Through the REST service of a server."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection

    async def every(self) -> list[EngineView]:
        return [_told(each) for each in await self._server.get(_PATH)]

    async def one(self, engine_id: str) -> EngineView:
        return _told(await self._server.get(_path(engine_id)))

    async def drain(self, engine_id: str) -> EngineView:
        return _told((await self._server.send("POST", f"{_path(engine_id)}/drain")).json())


def _path(engine_id: str) -> str:
    return f"{_PATH}/{quote(engine_id, safe='')}"


def _view(node: EngineNode) -> EngineView:
    names = [name for name in EngineView.__dataclass_fields__ if name not in ("status", "address")]
    given = {name: getattr(node, name) for name in names}
    return EngineView(status=node.status.value, address=node.address or "", **given)


def _told(row: Mapping[str, Any]) -> EngineView:
    started_at, beat_at = time(row["Started"]), time(row["Beat"])
    assert started_at is not None
    assert beat_at is not None
    return EngineView(
        id=row["EngineId"],
        status=row["Status"],
        address=row["Address"],
        host=row["Host"],
        pid=row["PID"],
        version=row["Version"],
        started_at=started_at,
        running_since=time(row["RunningSince"]),
        beat_at=beat_at,
        draining_since=time(row["DrainingSince"]),
        drained_at=time(row["Drained"]),
        ended_at=time(row["Ended"]),
    )
