"""Connections that stay open between two requests: each lane has its own, and the one used last is used next."""

from __future__ import annotations

import ssl
import time
from asyncio import Semaphore
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from httpcore2 import (
    AsyncHTTPConnection,
    AsyncNetworkBackend,
    Origin,
    ReadError,
    RemoteProtocolError,
    Request,
    Response,
)

_MOST, _IDLE, _IDLE_SECONDS = 1_000, 20, 30.0  # of each lane; how many calls run at once its service says
_LOOKS_AGAIN_SECONDS = 5.0
_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})

#: A lane, and the scheme, host and port of an origin.
Key: TypeAlias = tuple[str, bytes, bytes, int]


class Connections:
    """Opens connections and keeps them for a while.

    The library's own pool looks at every connection for each request, which costs more than the request itself.
    """

    def __init__(self, backend: AsyncNetworkBackend, tls: Callable[[], ssl.SSLContext]) -> None:
        self._backend, self._tls = backend, tls
        self._idle: dict[Key, list[AsyncHTTPConnection]] = {}
        self._in_use: set[AsyncHTTPConnection] = set()
        self._room: dict[str, Semaphore] = defaultdict(lambda: Semaphore(_MOST))
        self._looked_at = 0.0
        self._is_closed = False

    @asynccontextmanager
    async def response(self, request: Request, lane: str) -> AsyncIterator[Response]:
        """The response to a request, for as long as its body is read.

        A kept connection may turn out to be closed: what may be sent twice is then sent once more, on a new one.
        """
        origin = request.url.origin
        key = lane, origin.scheme, origin.host, origin.port
        async with self._room[lane]:
            connection, response = await self._answered(key, request)
            try:
                try:
                    yield response
                finally:
                    await response.aclose()
            finally:
                await self._release(key, connection)

    async def close(self) -> None:
        """Close all connections; what is under way breaks off."""
        self._is_closed = True
        kept = [connection for each in self._idle.values() for connection in each]
        self._idle.clear()
        for connection in [*kept, *self._in_use]:
            await connection.aclose()

    async def _answered(self, key: Key, request: Request) -> tuple[AsyncHTTPConnection, Response]:
        kept = await self._kept(key)
        if kept is not None:
            try:
                return kept, await self._ask(key, kept, request)
            except (ReadError, RemoteProtocolError) as failure:
                if not (_is_of_closed(failure) and may_be_repeated(request)):
                    raise
        connection = self._new(key)
        return connection, await self._ask(key, connection, request)

    async def _ask(self, key: Key, connection: AsyncHTTPConnection, request: Request) -> Response:
        self._in_use.add(connection)
        try:
            return await connection.handle_async_request(request)
        except BaseException:
            await self._release(key, connection)
            raise

    async def _release(self, key: Key, connection: AsyncHTTPConnection) -> None:
        self._in_use.discard(connection)
        await self._keep(key, connection)

    async def _kept(self, key: Key) -> AsyncHTTPConnection | None:
        await self._close_expired()
        kept = self._idle.get(key, [])
        while kept:
            connection = kept.pop()
            if connection.is_idle() and not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    def _new(self, key: Key) -> AsyncHTTPConnection:
        _, scheme, host, port = key
        tls = self._tls() if scheme == b"https" else None
        return AsyncHTTPConnection(Origin(scheme, host, port), tls, _IDLE_SECONDS, network_backend=self._backend)

    async def _keep(self, key: Key, connection: AsyncHTTPConnection) -> None:
        if connection.is_closed():
            return
        kept = self._idle.setdefault(key, [])
        if connection.is_idle() and len(kept) < _IDLE and not self._is_closed:
            kept.append(connection)
        else:
            await connection.aclose()

    async def _close_expired(self) -> None:
        """Now and then let go of what nobody has used for long, wherever it leads."""
        now = time.monotonic()
        if now - self._looked_at < _LOOKS_AGAIN_SECONDS:
            return
        self._looked_at = now
        expired = []
        for key, kept in list(self._idle.items()):
            expired += [each for each in kept if each.has_expired()]
            kept[:] = [each for each in kept if each not in expired]  # in place: somebody may be taking from it
            if not kept:
                del self._idle[key]
        for connection in expired:
            await connection.aclose()


def may_be_repeated(request: Request) -> bool:
    """Whether to send a request twice does what once does: by its method, or by the key that says that it is the same.

    That is section 9.2.2 of RFC 9110.
    """
    return request.method in _IDEMPOTENT or any(name.lower() == b"idempotency-key" for name, _ in request.headers)


def _is_of_closed(failure: Exception) -> bool:
    """Whether a connection ended before an answer began; what h11 says of bytes that came is the cause of another."""
    return isinstance(failure, ReadError) or failure.__cause__ is None
