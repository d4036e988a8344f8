"""What the terminal console draws from: the backend of other commands, their queries, and what else it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from placet_api.actions import Offer
from placet_api.cli.backend import Backend
from placet_api.cli.query_desk import QueryDesk
from placet_api.cli.views import DataItemView, FieldView, Named
from placet_api.hands import Hands

if TYPE_CHECKING:
    from placet_api.cli.options import AnywhereNamed


class ProcessDesk(Protocol):
    """Every method may raise the errors of `placet.errors`."""

    @property
    def hands(self) -> Hands:
        """What carries out actions in the name of whoever acts."""

    async def me(self) -> Named: ...

    async def offers(self, process_id: str) -> Sequence[Offer]:
        """What whoever acts can do now with a process, its open work items and its incidents."""

    async def data_items(self, process_id: str) -> Sequence[DataItemView]:
        """All that a process may carry."""

    async def diagram(self, process_id: str) -> str:
        """Its definition as text, with where it stands and the way that it took."""

    async def form(self, definition: str, data: Mapping[str, Any]) -> Sequence[FieldView]:
        """The form of a start, by the GUID of a definition, as it is with `data` filled in."""

    async def item_form(self, item_id: str, data: Mapping[str, Any]) -> Sequence[FieldView]:
        """The form of a work item as it is with `data` filled in."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All that the console asks; `place` is the database or the server, for people."""

    backend: Backend
    queries: QueryDesk
    processes: ProcessDesk
    place: str


@asynccontextmanager
async def open_sources(where: AnywhereNamed) -> AsyncIterator[Sources]:
    """What the console draws from; whoever acts on a database has to be named."""
    server = where.named_server()
    if server:
        from placet_api.cli.connection import open_connection
        from placet_api.cli.console.remote import RemoteProcesses
        from placet_api.cli.remote import RemoteBackend
        from placet_api.cli.remote_queries import RemoteQueries

        async with open_connection(server) as connection:
            yield Sources(RemoteBackend(connection), RemoteQueries(connection), RemoteProcesses(connection), server)
        return
    from placet_api.cli.console.local import LocalProcesses
    from placet_api.cli.local import LocalBackend
    from placet_api.cli.local_queries import LocalQueries
    from placet_api.cli.options import OnDatabase

    actor, database = where.local_actor(), OnDatabase(where.database)
    place = place_of(database.settings().database_url)
    async with database.engine() as engine:
        yield Sources(LocalBackend(engine, actor), LocalQueries(engine, actor), LocalProcesses(engine, actor), place)


def place_of(database_url: str) -> str:
    """What a database is called on the screen: never its password."""
    return database_url.rpartition("@")[2].rpartition("///")[2]
