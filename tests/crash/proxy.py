"""A stretch of wire between an engine and PostgreSQL that can be cut at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

COMMIT = b"COMMIT;\0"
CUTS = ("before COMMIT", "after COMMIT", "COMMIT arrives late")
LATE = 0.3  # seconds; time enough to look for what has not arrived yet


class Proxy:
    """Forwards connections; the next `left` COMMITs lose theirs in the way that `cut` says."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.cut, self.left = CUTS[0], 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
        back = asyncio.create_task(_copy(server_reader, writer))
        try:
            while data := await reader.read(65536):
                if COMMIT in data and self.left:
                    await self._lose(data, server_writer, writer, back)
                    return
                server_writer.write(data)
        except (OSError, asyncio.CancelledError):  # the test is over
            pass
        finally:
            back.cancel()
            writer.close()
            server_writer.close()
            self._tasks.discard(task)

    async def _lose(
        self, data: bytes, server: asyncio.StreamWriter, client: asyncio.StreamWriter, back: asyncio.Task[None]
    ) -> None:
        self.left -= 1
        back.cancel()  # whatever the server still says is not heard
        if self.cut == "after COMMIT":
            server.write(data)
            await server.drain()
        client.transport.abort()
        if self.cut == "COMMIT arrives late":
            await asyncio.sleep(LATE)
            server.write(data)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except OSError:
        return
    writer.close()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[str, Proxy]]:
    """The URL of a database by way of a proxy, and the proxy."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    proxy = Proxy(parts.hostname, parts.port)
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield url.replace(f":{parts.port}/", f":{port}/"), proxy
    finally:
        server.close()
        await proxy.close()
