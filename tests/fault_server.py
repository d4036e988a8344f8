"""An HTTP server of our own that does everything that other people's servers do wrong, and notes what it was asked.

    async with FaultServer() as server:
        await call(server.url("/error?code=500&times=2"))  # 500 twice, then 200
        assert [request.key for request in server.requests] == [...]

Each path is a fault; `times` says how often it happens before the answer is right, counted by the whole URL.
"""

from __future__ import annotations

import asyncio
import json
import socket
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it arrived; names of headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FaultServer:
    """A server on a free port of 127.0.0.1.

    `requests` are all that arrived; `/held` answers once `release` is set; `effects` counts what `/effect` did for
    each idempotency key, which it does once for each.
    """

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.effects: Counter[str | None] = Counter()
        self.release = asyncio.Event()
        self.arrived = asyncio.Condition()
        self.open_now = self.most_open = 0
        self._happened: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.release.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, target: str = "/ok") -> str:
        return f"http://127.0.0.1:{self.port}{target}"

    def seen(self, path: str) -> list[Asked]:
        """What was asked of a path, oldest first."""
        return [request for request in self.requests if request.path == path]

    async def wait_for(self, count: int, path: str | None = None, seconds: float = 20) -> None:
        """Return once so many requests have arrived, of a path or in all."""
        async with asyncio.timeout(seconds), self.arrived:
            await self.arrived.wait_for(lambda: len(self.seen(path) if path else self.requests) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                async with self.arrived:
                    self.arrived.notify_all()
                self.open_now += 1
                self.most_open = max(self.most_open, self.open_now)
                try:
                    await FAULTS.get(request.path, _missing)(self, request, writer)
                finally:
                    self.open_now -= 1
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    def is_over(self, request: Asked) -> bool:
        """Whether a fault has happened as often as it was to; without `times` it always happens."""
        if "times" not in request.query:
            return False
        self._happened[request.target] += 1
        return self._happened[request.target] > int(request.query["times"])


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


def answer(
    writer: asyncio.StreamWriter,
    body: bytes | Any,
    code: int = 200,
    content_type: str = "application/json",
    **headers: str,
) -> None:
    """Write a whole answer; names of headers are written with `_` for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {code} {HTTPStatus(code).phrase}", f"Content-Length: {len(content)}"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)


# -- what it does, by path -------------------------------------------------------------------------


async def _ok(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    answer(writer, {"ok": True})


async def _echo(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Everything that was asked, as JSON."""
    said = {"method": request.method, "path": request.path, "query": request.query, "headers": request.headers}
    answer(writer, said | {"body": request.body.decode("utf-8", "replace")})


async def _effect(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Do something once for each key, however often it is asked to; `held=1` waits for `release` in between."""
    server.effects[request.key] = 1
    if "held" in request.query:
        await server.release.wait()
    answer(writer, {"effects": server.effects.total()})


async def _held(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    await server.release.wait()
    answer(writer, {"ok": True})


async def _close(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Hang up without a word."""
    if server.is_over(request):
        answer(writer, {"ok": True})
        return
    writer.transport.abort()
    raise ConnectionAbortedError


async def _hang(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    if server.is_over(request):
        answer(writer, {"ok": True})
        return
    await asyncio.Event().wait()


async def _half(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Promise more than is sent."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"ok": ')
    await writer.drain()
    raise ConnectionAbortedError


async def _error(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Answer with `code`, and with `after` as Retry-After."""
    if server.is_over(request):
        answer(writer, {"ok": True})
        return
    more = {"Retry_After": request.query["after"]} if "after" in request.query else {}
    answer(writer, {"error": "it did not work"}, int(request.query.get("code", "500")), **more)


async def _invalid_json(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    answer(writer, b'{"ok": ')


async def _wrong_type(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    answer(writer, b"<p>Welcome to our proxy</p>", content_type="text/html")


async def _drip(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[")
    while True:
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b" ")


async def _large(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Send `bytes` of JSON text, 50 MB without; with `length=0` nothing says so beforehand."""
    size = int(request.query.get("bytes", "50000000"))
    length = "" if request.query.get("length") == "0" else f"Content-Length: {size}\r\n"
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{length}Connection: close\r\n\r\n".encode())
    writer.write(b'"')
    for sent in range(0, size - 2, 65536):
        writer.write(b"x" * min(65536, size - 2 - sent))
        await writer.drain()
    writer.write(b'"')
    await writer.drain()
    writer.close()
    raise ConnectionAbortedError


async def _bomb(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """A little that unpacks to 100 MB: the same megabyte of zeros again and again, packed once."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, 31), b"0" * 1_000_000
    first, again = (packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    answer(writer, first + again * 99, Content_Encoding="gzip")


async def _members(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """Four megabytes of nothing, packed again and again."""
    answer(writer, zlib.compress(b"") * 500_000, Content_Encoding="deflate")


async def _deep(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """JSON in 600 levels, with the status `code`."""
    answer(writer, b'{"a":' * 600 + b"1" + b"}" * 600, int(request.query.get("code", "200")))


async def _many(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """A megabyte of empty texts, with the status `code`."""
    answer(writer, b"[" + b'"",' * 350_000 + b'""]', int(request.query.get("code", "200")))


async def _slow(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """A page after a fifth of a second, and then another, for ever."""
    await asyncio.sleep(0.2)
    answer(writer, [len(server.requests)])


async def _odd_charset(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """A megabyte of text in a `charset` that nobody writes in."""
    answer(writer, b"a" * 1_000_000, content_type=f"text/plain; charset={request.query['charset']}")


async def _loop(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    answer(writer, b"", 302, "", Location="/loop")


async def _redirect(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """To wherever `to` says."""
    answer(writer, b"", int(request.query.get("code", "302")), "", Location=request.query["to"])


async def _garbage(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"this is no HTTP\r\n\r\n")
    await writer.drain()
    raise ConnectionAbortedError


async def _unstorable(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    """JSON with what no row holds: NUL, half of a surrogate pair, a number of 40 digits."""
    answer(writer, rb'{"nul": "a\u0000b", "half": "\ud800", "large": 1234567890123456789012345678901234567890}')


async def _missing(server: FaultServer, request: Asked, writer: asyncio.StreamWriter) -> None:
    answer(writer, {"error": "no such path"}, 404)


Fault = Callable[[FaultServer, Asked, asyncio.StreamWriter], Awaitable[None]]

FAULTS: dict[str, Fault] = {
    "/ok": _ok,
    "/echo": _echo,
    "/effect": _effect,
    "/held": _held,
    "/close": _close,
    "/hang": _hang,
    "/half": _half,
    "/error": _error,
    "/invalid-json": _invalid_json,
    "/wrong-type": _wrong_type,
    "/drip": _drip,
    "/large": _large,
    "/bomb": _bomb,
    "/members": _members,
    "/deep": _deep,
    "/many": _many,
    "/slow": _slow,
    "/odd-charset": _odd_charset,
    "/loop": _loop,
    "/redirect": _redirect,
    "/garbage": _garbage,
    "/unstorable": _unstorable,
}


def refused_url() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}/"
