"""A primary and its standby, and what is done to them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from tests.postgres import Server

_COPY = "pg_basebackup --pgdata=data --write-recovery-conf --checkpoint=fast --no-sync --dbname="


class Pair:
    """A server, and a standby that each of its commits waits for; `url` names both."""

    def __init__(self, primary: Server, standby: Server) -> None:
        self._primary, self._standby = primary, standby
        places = ",".join(f"127.0.0.1:{server.port}" for server in (primary, standby))
        self.url = f"postgresql://postgres@{places}/postgres?target_session_attrs=read-write"

    async def on_primary(self, *statements: str) -> list[Any]:
        """Run statements one by one, and return what the last one has found."""
        return await _on(self._primary, statements)

    async def on_standby(self, *statements: str) -> list[Any]:
        """Run statements one by one, and return what the last one has found."""
        return await _on(self._standby, statements)

    async def synchronize(self) -> None:
        """Have commits wait for the standby from now on."""
        await self.on_primary("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        async with asyncio.timeout(30):
            while await self.on_primary("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'") == []:
                pass

    async def kill_primary(self) -> None:
        """Kill the server and all its sessions at once, so that nobody is told."""
        [row] = await self.on_primary("SELECT array_agg(pid) AS pids FROM pg_stat_activity")
        [folder] = await self.on_primary("SELECT current_setting('data_directory') AS at")
        lines = (Path(folder["at"]) / "postmaster.pid").read_text().splitlines()
        for pid in (int(lines[0]), *row["pids"]):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # the session that asked
                continue
        removing = ["ipcrm", "-m", lines[6].split()[1]]  # what a killed server leaves with the system
        await asyncio.to_thread(subprocess.run, removing, check=False, capture_output=True)

    async def demote_primary(self) -> None:
        """Have the primary take no more writes, as somebody does who is about to put another in its place."""
        await self.on_primary("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        async with asyncio.timeout(30):
            while await self.on_primary("SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL"):
                pass

    @asynccontextmanager
    async def standby_stopped(self) -> AsyncIterator[None]:
        """Have the standby confirm nothing for the length of a block."""
        [receiver] = await self.on_standby("SELECT pid FROM pg_stat_wal_receiver")
        os.kill(receiver["pid"], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(receiver["pid"], signal.SIGCONT)

    async def promote(self) -> None:
        """Have the standby take writes."""
        await self.on_standby("SELECT pg_promote(true, 60)")


async def _on(server: Server, statements: tuple[str, ...]) -> list[Any]:
    connection = await asyncpg.connect(f"{server.address}/postgres")
    try:
        for statement in statements:
            found: list[Any] = await connection.fetch(statement)
        return found
    finally:
        await connection.close()


@asynccontextmanager
async def pair(folder: Path | None = None) -> AsyncIterator[Pair]:
    """A primary and its standby, whose commits are on both disks, for the length of a block."""
    async with AsyncExitStack() as stack:
        primary = await asyncio.to_thread(Server, folder, durable=True)
        stack.callback(primary.stop)
        copy = f"{_COPY}{primary.address}/postgres"
        standby = await asyncio.to_thread(Server, folder, durable=True, made_by=copy)
        stack.callback(standby.stop)
        made = Pair(primary, standby)
        await made.synchronize()
        yield made
