"""One request out and its whole answer back, within bounds of time, size and redirects."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeAlias

import httpcore2
import httpx2

from placet.connectors.connections import Connections
from placet.connectors.guard import Forbidden, Guard, Resolver, checked_url, host_of
from placet.connectors.networks import parse_networks
from placet.settings import Settings

_CONNECT_SECONDS = 10.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TO_ANY_ORIGIN = ("accept", "accept-encoding", "user-agent")  # all else may tell who asks, or for what
_OF_BODY = ("content-length", "content-type", "transfer-encoding")
_NOT_PACKED = ("identity", "")
_MOST_MEMBERS = 100  # packed one behind the other in one answer
_PIECE = 65_536  # bytes that are unpacked at once: what is behind the end of a member is copied

_Reading: TypeAlias = Callable[[httpcore2.Response, httpx2.Headers], Awaitable[bytes]]


class CallFailed(Exception):
    """No whole answer came; `transient` says whether another try may fare better."""

    def __init__(self, message: str, *, transient: bool, timed_out: bool = False) -> None:
        super().__init__(message)
        self.message, self.transient, self.timed_out = message, transient, timed_out


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, decompressed; `url` is where it came from in the end."""

    status: int
    headers: httpx2.Headers = field(repr=False)
    body: bytes = field(repr=False)
    url: httpx2.URL = field(repr=False)


class Client:
    """Sends requests for one loop.

    Each lane has connections of its own, so that a service that hangs takes none from another. Proxies of the
    environment are not used, cookies are not kept, and certificates are always verified.
    """

    def __init__(self, settings: Settings, *, resolver: Resolver | None = None) -> None:
        self.longest, self._redirects = settings.outbound_bytes, settings.outbound_redirects  # bytes of an answer
        self._guard = Guard(parse_networks(settings.outbound_allow), resolver)
        self._connections = Connections(self._guard, lambda: self._tls)

    async def send(
        self,
        request: httpx2.Request,
        *,
        seconds: float,
        lane: str = "",
        follow: bool = True,
        longest: int | None = None,
        whole: bool = True,
    ) -> Reply:
        """The answer to a request, after redirects unless it is not to `follow` any.

        `longest` bounds its size further than the settings do. Of one that need not be `whole` no more is read than
        that, and nothing unpacked: its status is what counts. Raises `CallFailed`.
        """
        limit = self.longest if longest is None else min(longest, self.longest)
        read = _read if whole else _begun
        with _failures_of(request, seconds):
            async with asyncio.timeout(seconds):
                return await self._follow(request, lane, self._redirects if follow else 0, partial(read, limit=limit))

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()

    async def _follow(self, request: httpx2.Request, lane: str, redirects: int, read: _Reading) -> Reply:
        url, left = checked_url(request.url), redirects
        while True:
            reply = await self._once(request, url, lane, read)
            to = reply.headers.get("location") if reply.status in _REDIRECTS else None
            if to is None or not redirects:
                return reply
            if not left:
                raise CallFailed(f"It was redirected more than {redirects} times.", transient=False)
            left -= 1
            request = _redirected(request, url, reply.status, _target(url, to))
            url = request.url

    async def _once(self, request: httpx2.Request, url: httpx2.URL, lane: str, read: _Reading) -> Reply:
        raw_url = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = httpcore2.Request(
            request.method,
            raw_url,
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": {"connect": _CONNECT_SECONDS}},
        )
        async with self._connections.response(sent, lane) as response:
            headers = httpx2.Headers(response.headers)
            body = await read(response, headers)
        return Reply(response.status, headers, body, url)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx2.create_ssl_context()


@contextmanager
def _failures_of(request: httpx2.Request, seconds: float) -> Iterator[None]:
    """What goes wrong on the way, in words that hold no more of the request than its host."""
    host = host_of(request.url)[:60]
    try:
        yield
    except TimeoutError:
        raise CallFailed(f"{host} gave no whole answer within {seconds:g} s.", transient=True, timed_out=True) from None
    except httpcore2.ConnectTimeout:
        text = f"{host} could not be connected to within {_CONNECT_SECONDS:g} s."
        raise CallFailed(text, transient=True, timed_out=True) from None
    except Forbidden as failure:
        raise CallFailed(str(failure), transient=False) from None
    except httpcore2.ConnectError as failure:
        raise CallFailed(f"{host} cannot be connected to: {_reason(failure)}.", transient=True) from None
    except httpcore2.LocalProtocolError:
        raise CallFailed("The request cannot be written as HTTP; look at its headers.", transient=False) from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as failure:
        raise CallFailed(f"{host} broke off: {_reason(failure)}.", transient=True) from None


def _reason(failure: Exception) -> str:
    return (str(failure)[:200].rstrip(".") or "the connection ended").replace("\n", " ")


async def _read(response: httpcore2.Response, headers: httpx2.Headers, limit: int) -> bytes:
    """The body of an answer; an end is put to what is longer than the limit, sent or unpacked."""
    parts, size = [], 0
    async for part in _parts(response):
        size += len(part)
        if size > limit:
            raise too_long(limit)
        parts.append(part)
    body = b"".join(parts)
    coding = _coding(headers)
    if not body or coding in _NOT_PACKED:
        return body
    if coding in ("gzip", "x-gzip", "deflate"):
        return _unpacked(body, limit)
    raise CallFailed(f"The answer is packed as {coding[:40]!r}; gzip and deflate can be read.", transient=False)


async def _begun(response: httpcore2.Response, headers: httpx2.Headers, limit: int) -> bytes:
    """As much of a body as the limit lets through; nothing of one that is packed."""
    body = b""
    async for part in _parts(response):
        body += part[: limit - len(body)]
        if len(body) == limit:
            break
    return body if _coding(headers) in _NOT_PACKED else b""


def _parts(response: httpcore2.Response) -> AsyncIterable[bytes]:
    assert isinstance(response.stream, AsyncIterable)
    return response.stream


def _coding(headers: httpx2.Headers) -> str:
    return headers.get("content-encoding", "identity").strip().lower()


def _unpacked(packed: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = at = members = 0
    stream = None
    while at < len(packed):
        if stream is None:
            members += 1
            stream = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either of the two
        if members > _MOST_MEMBERS:
            raise CallFailed(f"The answer is packed in more than {_MOST_MEMBERS} pieces.", transient=False)
        piece = packed[at : at + _PIECE]
        try:
            parts.append(stream.decompress(piece, limit + 1 - size))
        except zlib.error:
            raise CallFailed("The answer says that it is packed, and cannot be unpacked.", transient=False) from None
        size += len(parts[-1])
        if size > limit:
            raise too_long(limit)
        at += len(piece) - len(stream.unused_data)
        if stream.eof:
            stream = None
    if stream is not None:
        raise CallFailed("The answer is packed, and broke off.", transient=True)
    return b"".join(parts)


def too_long(limit: int) -> CallFailed:
    """The failure of an answer that is longer than so many bytes."""
    text = f"The answer is longer than {limit:,} bytes; an operator allows more by the setting outbound_bytes."
    return CallFailed(text, transient=False)


def _target(url: httpx2.URL, location: str) -> httpx2.URL:
    try:
        return checked_url(url.join(location))
    except (httpx2.InvalidURL, ValueError):  # the standard library's own word where it joins them
        raise CallFailed("It was redirected to what is no URL.", transient=False) from None
    except Forbidden as failure:
        raise CallFailed(f"It was redirected to where nothing is sent. {failure}", transient=False) from None


def _redirected(request: httpx2.Request, at: httpx2.URL, status: int, to: httpx2.URL) -> httpx2.Request:
    """The request that follows a redirect; another origin is told nothing that may be a secret."""
    again = request.method in ("GET", "HEAD") or (status != 303 and (request.method != "POST" or status in (307, 308)))
    is_same = origin(at) == origin(to)
    headers = request.headers.copy()
    headers["host"] = to.netloc.decode("ascii")
    if again and is_same:
        return httpx2.Request(request.method, to, headers=headers, content=request.content)
    if again and request.content:
        text = f"It was redirected to {host_of(to)[:60]}, and what was sent is not sent to another server."
        raise CallFailed(text, transient=False)
    for name in list(headers):
        if name in _OF_BODY or not (is_same or name in (*_TO_ANY_ORIGIN, "host")):
            del headers[name]
    return httpx2.Request(request.method if again else "GET", to, headers=headers)


def origin(url: httpx2.URL) -> tuple[str, bytes, int | None]:
    """Scheme, host and port: what shares credentials."""
    return url.scheme, url.raw_host, url.port
