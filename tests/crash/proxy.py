"""A stretch of wire between an engine and PostgreSQL that can be cut at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

COMMIT = b"COMMIT;\0"
#: In the values of an INSERT of processes. A batch of new ones has one statement and needs no COMMIT.
NEW_PROCESSES = b'"process_status":'
CUTS = ("before COMMIT", "after COMMIT", "COMMIT arrives late", "COMMIT is not answered")
LATE = 0.3  # seconds; time enough to look for what has not arrived yet


class Proxy:
    """Forwards connections; the next `left` that send `until` lose theirs in the way that `cut` says.

    A connection that is silent stays open, takes everything, and forwards nothing in either direction. What is
    forwarded takes `delay` seconds.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.cut, self.left, self.until = CUTS[0], 0, COMMIT
        self.is_silent = False  # whether new connections are
        self.delay = 0.0
        self.hides_the_end = False  # whether a client hears why the server ends a connection, and not that it does
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if self.is_silent:
            self._silent.add(task)
        try:
            server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
        except (OSError, asyncio.CancelledError):  # the server is away
            self._forget(task)
            writer.transport.abort()
            return
        back = asyncio.create_task(self._answer(task, server_reader, writer))
        try:
            while data := await reader.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if task in self._silent:
                    continue
                if self.until in data and self.left:
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
            self._forget(task)

    async def _answer(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Forward what the server says."""
        try:
            while data := await reader.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if task not in self._silent:
                    writer.write(data)
        except OSError:  # a server that was asked something more when it had gone
            pass
        if task not in self._silent and not self.hides_the_end:
            writer.close()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._silent.discard(task)

    def hang_up(self) -> None:
        """Lose every connection that is open, from one moment to the next."""
        for task in self._tasks:
            task.cancel()

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
