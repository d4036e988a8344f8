"""A stretch of wire between an engine and PostgreSQL that can be cut at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

COMMIT = b"COMMIT;\0"
CUTS = ("before COMMIT", "after COMMIT", "COMMIT arrives late", "COMMIT is not answered")
LATE = 0.3  # seconds; time enough to look for what has not arrived yet


class Proxy:
    """Forwards connections; the next `left` COMMITs lose theirs in the way that `cut` says.

    A connection that is silent stays open, takes everything, and forwards nothing.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.cut, self.left = CUTS[0], 0
        self.is_silent = False  # whether new connections are
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if self.is_silent:
            self._silent.add(task)
        server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
        back = asyncio.create_task(_copy(server_reader, writer))
        try:
            while data := await reader.read(65536):
                if task in self._silent:
                    continue
                if COMMIT in data and self.left:
                    await self._lose(data, server_writer, writer, back)
                    self._silent.add(task)
                else:
                    server_writer.write(data)
        except (OSError, asyncio.CancelledError):  # the test is over
            pass
        finally:
            back.cancel()
            writer.close()
            server_writer.close()
            self._tasks.discard(task)
            self._silent.discard(task)

    def fall_silent(self, *, for_good: bool = False) -> None:
        """Have every connection that is open fall silent, and with `for_good` those to come as well."""
        self._silent |= self._tasks
        self.is_silent = for_good

    async def _lose(
        self, data: bytes, server: asyncio.StreamWriter, client: asyncio.StreamWriter, back: asyncio.Task[None]
    ) -> None:
        self.left -= 1
        back.cancel()  # whatever the server still says is not heard
        if self.cut in ("after COMMIT", "COMMIT is not answered"):
            server.write(data)
            await server.drain()
        if self.cut == "COMMIT is not answered":
            return
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
    except OSError:  # a server that was asked something more when it had gone
        pass
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
