"""The database of a run, and what can be done to it: a SQLite file, or a PostgreSQL server of the run's own."""

from __future__ import annotations

import asyncio
import resource
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg

from tests.conftest import DISK
from tests.crash.proxy import Proxy, proxied
from tests.crash.test_connections import restart
from tests.postgres import Server

#: A file of SQLite may be written up to here while it may not grow: less than any of them has.
ROOM = 4096
#: Whether the disk is full is asked for each event: a server whose files really may not grow ends itself, and so a full
#: disk that leaves the server alone has to be played.
FULL_DISK = """
CREATE FUNCTION kit_full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER kit_full_disk BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION kit_full_disk();
"""
FULL = "RAISE EXCEPTION 'could not extend file \"event\": No space left on device' USING ERRCODE = 'disk_full';"
IS_FULL = (
    "CREATE OR REPLACE FUNCTION kit_full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$"
)


class SqliteFile:
    """A file, which all nodes are to write."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/placet.db"

    async def prepare(self) -> None:
        """Nothing has to be made ready."""

    def url_of(self, node: int) -> str:
        return self.url

    async def fill(self, pids: Sequence[int]) -> None:
        """Let no file of these processes grow any more."""
        _limit(pids, ROOM)

    async def empty(self, pids: Sequence[int]) -> None:
        """Let them grow again."""
        _limit(pids, resource.RLIM_INFINITY)


def _limit(pids: Sequence[int], size: int) -> None:
    for pid in pids:
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        except ProcessLookupError:  # it has just been killed
            continue


class PostgresServer:
    """A server, and for each node a wire to it of its own."""

    def __init__(self, url: str, wires: Sequence[tuple[str, Proxy]]) -> None:
        self.url = url
        self._wires = wires
        self._one_at_a_time = asyncio.Lock()

    async def prepare(self) -> None:
        """Have the disk ready to be full."""
        await self._execute(FULL_DISK)

    def url_of(self, node: int) -> str:
        return self._wires[node][0]

    def wire(self, node: int) -> Proxy:
        return self._wires[node][1]

    async def restart(self) -> None:
        """Have the server die, and start it again."""
        async with self._one_at_a_time:
            await restart(self.url)

    async def fill(self, pids: Sequence[int]) -> None:
        """Answer whoever adds an event as a server does whose disk is full."""
        await self._execute(IS_FULL.format(FULL))

    async def empty(self, pids: Sequence[int]) -> None:
        """Have room again."""
        await self._execute(IS_FULL.format(""))

    async def _execute(self, statement: str) -> None:
        async with self._one_at_a_time:
            connection = await asyncpg.connect(self.url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()


@asynccontextmanager
async def database(kind: str, nodes: int) -> AsyncIterator[SqliteFile | PostgresServer]:
    """An empty database whose commits are on the disk when it says so, for the length of a block."""
    async with AsyncExitStack() as stack:
        if kind == "sqlite":
            yield SqliteFile(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="placet-kit-", dir=DISK))))
            return
        server = await asyncio.to_thread(Server, DISK, durable=True)
        stack.callback(server.stop)
        url = f"{server.address}/postgres"
        yield PostgresServer(url, [await stack.enter_async_context(proxied(url)) for _ in range(nodes)])
