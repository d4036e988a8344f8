"""What the commands about incidents ask for, answered by an engine on a database or by a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from placet import FoundIncident
from placet.system import System
from placet_api.cli.connection import Connection, open_connection
from placet_api.cli.data import read_data
from placet_api.cli.local import LocalBackend, every_row, view_definition, view_incident
from placet_api.cli.options import OnDatabase
from placet_api.cli.remote_views import data_items, definition, incident
from placet_api.cli.views import DataItemView, IncidentView

if TYPE_CHECKING:
    from placet_api.cli.options import Anywhere


@dataclass(frozen=True)
class Change:
    """What a retry changes first: data items as they are typed, and inputs by name."""

    data: Sequence[str] = ()
    inputs: Mapping[str, Any] | None = None


class Incidents(Protocol):
    """Every method may raise the errors of `placet.errors`."""

    def every(self, process_id: str | None, resolved: bool, limit: int | None) -> AsyncIterator[IncidentView]:
        """The open ones, with `resolved` all, oldest first; a limit of None gives all."""

    async def one(self, incident_id: str) -> IncidentView: ...

    async def retry(self, incident_id: str, change: Change) -> None: ...

    async def skip(self, incident_id: str, result: Any) -> None: ...


@asynccontextmanager
async def open_incidents(where: Anywhere) -> AsyncIterator[Incidents]:
    """Where a command about incidents is carried out."""
    server = where.named_server()
    if server:
        async with open_connection(server) as connection:
            yield RemoteIncidents(connection)
        return
    async with OnDatabase(where.database).engine() as engine:
        backend = LocalBackend(engine, where.local_actor())
        yield LocalIncidents(engine.as_system(), backend.actor)


class LocalIncidents:
    """On an opened engine; `actor` None is the engine itself."""

    def __init__(self, engine: System, actor: str | None) -> None:
        self._engine, self._actor = engine, actor

    async def every(self, process_id: str | None, resolved: bool, limit: int | None) -> AsyncIterator[IncidentView]:
        async def page(size: int, after: Any) -> list[FoundIncident]:
            return await self._engine.incidents(
                actor=self._actor, process_id=process_id, resolved=resolved, limit=size, after=after
            )

        async for found in every_row(page, limit):
            yield view_incident(found, self._engine.directory)

    async def one(self, incident_id: str) -> IncidentView:
        found = await self._engine.incident(incident_id, actor=self._actor)
        return view_incident(found, self._engine.directory)

    async def retry(self, incident_id: str, change: Change) -> None:
        found = await self._engine.incident(incident_id, actor=self._actor)
        data = read_data(change.data, view_definition(found.definition).data)
        await self._engine.retry_incident(incident_id, actor=self._actor, data=data, inputs=change.inputs)

    async def skip(self, incident_id: str, result: Any) -> None:
        await self._engine.skip_incident(incident_id, actor=self._actor, result=result)


class RemoteIncidents:
    """Through the REST service of a server."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection

    async def every(self, process_id: str | None, resolved: bool, limit: int | None) -> AsyncIterator[IncidentView]:
        asked = [("state", "all" if resolved else "open"), *([("process", process_id)] if process_id else [])]
        async for row in self._server.pages("/v1/incidents", asked, limit):
            yield incident(row)

    async def one(self, incident_id: str) -> IncidentView:
        return incident(await self._server.get(_path(incident_id)))

    async def retry(self, incident_id: str, change: Change) -> None:
        body: dict[str, Any] = {"Inputs": change.inputs}
        if change.data:
            known = await self._items(incident_id)
            body["DataItems"] = data_items(read_data(change.data, known), known)
        await self._server.send("POST", f"{_path(incident_id)}/retry", body)

    async def skip(self, incident_id: str, result: Any) -> None:
        await self._server.send("POST", f"{_path(incident_id)}/skip", {"Result": result})

    async def _items(self, incident_id: str) -> Sequence[DataItemView]:
        """The data items of the definition that an incident's process runs on."""
        found = await self._server.get(_path(incident_id))
        return definition(await self._server.get(f"/v1/wf/definitions/{found['Definition']['GUID']}")).data


def _path(incident_id: str) -> str:
    return f"/v1/incidents/{quote(incident_id, safe='')}"
