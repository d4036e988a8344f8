"""The options that the commands about connectors share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from placet_api.cli.connector_desk import Of
from placet_api.cli.options import Anywhere, OnDatabase

if TYPE_CHECKING:
    from placet_api.cli.connector_desk import ConnectorDesk

Noun = Annotated[Of, Parameter(name="--of", metavar="WHAT")]


@Parameter(name="*")
@dataclass(frozen=True)
class Where(Anywhere):
    """Where commands about connectors are carried out."""

    @asynccontextmanager
    async def connectors(self) -> AsyncIterator[ConnectorDesk]:
        server = self.named_server()
        if server:
            from placet_api.cli.connection import open_connection
            from placet_api.cli.remote_connectors import RemoteConnectorDesk

            async with open_connection(server) as connection:
                yield RemoteConnectorDesk(connection)
            return
        from placet_api.cli.local_connectors import LocalConnectorDesk

        async with OnDatabase(self.database).engine() as engine:
            yield LocalConnectorDesk(engine, self.actor)


WHERE = Where()
