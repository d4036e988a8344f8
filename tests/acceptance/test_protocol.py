"""What goes over the wire: requests that do not arrive, or that are none, on a real socket and with little patience."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from placet import Settings
from placet.errors import Unavailable
from placet_api.answers import Answer, json_answer, send_answer
from placet_api.body import read_object
from placet_api.cli.protocol import MOST_IN_HEAD, TimedProtocol
from placet_api.cli.server import Server, configuration, listening
from placet_api.errors import fault_of

SECONDS = 0.3
PUT = b"PUT /v1 HTTP/1.1\r\nHost: test\r\n\r\n"
ASK = b"GET /v1 HTTP/1.1\r\nHost: test\r\n\r\n"


@dataclass
class Wire:
    """One connection, of which everything is read to its end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, data: bytes = ASK) -> bytes:
        """Send a request and read the head and the body of its answer."""
        self.writer.write(data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
        return head + await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that comes until the server hangs up."""
        said = b""
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionResetError):  # what was still on its way to a server that had closed
                while piece := await self.reader.read(65_536):
                    said += piece
        return said


class Listening:
    """A server, and connections to it."""

    def __init__(self, port: int, protocol: type[TimedProtocol]) -> None:
        self._port, self.protocol = port, protocol
        self._open: list[asyncio.StreamWriter] = []

    async def __call__(self, data: bytes = b"") -> Wire:
        """A new connection over which something has been sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._open.append(writer)
        writer.write(data)
        return Wire(reader, writer)

    async def patience_ends(self) -> None:
        """Return after as long as a request may take: another one that never arrives is told so."""
        assert (await (await self(b"GET")).rest()).startswith(b"HTTP/1.1 408 ")

    async def has_read(self) -> None:
        """Return once the server has read what was sent before: it has answered what was sent after."""
        await (await self()).ask(PUT)

    async def close(self) -> None:
        for writer in self._open:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def served(app: ASGIApp, settings: Settings | None = None) -> AsyncIterator[Listening]:
    """An application behind the server of a node that waits for a third of a second."""
    config: Any = configuration(app, settings or Settings())
    config.http.seconds = SECONDS
    server = Server(config)
    with listening("127.0.0.1", 0) as listener:
        running = asyncio.create_task(server.serve([listener]))
        await server.listening.wait()
        connect = Listening(listener.getsockname()[1], config.http)
        try:
            yield connect
        finally:
            await connect.close()
            server.should_exit = True
            await running


@pytest.fixture
def taken() -> list[Any]:
    """The bodies that have arrived."""
    return []


@pytest.fixture
async def connect(taken: list[Any]) -> AsyncIterator[Listening]:
    """Connections to an application that reads the body of a POST, and of nothing else."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = json_answer("done")
        if scope["method"] == "POST":
            try:
                taken.append(await read_object(receive, dict(scope["headers"]), 100_000))
            except Exception as failure:
                answer = fault_of(failure)
        await send_answer(answer, receive, send)

    async with served(app) as connect:
        yield connect


def fault_in(answer: bytes) -> tuple[int, str, str]:
    """The status, the symbol and the sentence of an answer that is whole and the last of its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.decode().lower().split("\r\n")
    assert {"content-type: application/json", "connection: close", f"content-length: {len(body)}"} <= set(headers)
    fault = json.loads(body)["Fault"]
    assert fault["Code"]["Value"] == "Sender"
    return int(status.split()[1]), fault["Code"]["Subcode"]["Value"], fault["Reason"]["Text"]


LATE = (408, "RequestTimeout", "The request did not arrive within 0.3 seconds; send all of it without a pause.")

POST = b"POST /v1 HTTP/1.1\r\nHost: test\r\n"
BODY = b'{"DataItems": [{"Name": "days", "Value": "3"}]}'

# -- in time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"G",
        b"GET /v1 HTTP/1.1\r\nHost: test\r\n",
        POST + b"Content-Length: %d\r\n\r\n" % len(BODY),
        POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY[:-1],
        POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(BODY), BODY),
    ],
)
async def test_a_request_that_does_not_arrive_in_time(connect: Listening, taken: list[Any], sent: bytes):
    wire = await connect(sent)

    assert fault_in(await wire.rest()) == LATE
    assert taken == []


async def test_a_request_that_trickles_in(connect: Listening):
    """What counts is the whole of it and not the time between two bytes."""
    wire = await connect(POST + b"Content-Length: 100000\r\n\r\n")
    answer = asyncio.create_task(wire.rest())
    while not answer.done():
        wire.writer.write(b" ")
        await asyncio.wait([answer], timeout=SECONDS / 20)

    assert fault_in(await answer) == LATE


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_a_connection_that_says_nothing_is_closed_without_a_word(connect: Listening, sent: bytes):
    assert await (await connect(sent)).rest() == b""


async def test_empty_lines_keep_no_connection_open(connect: Listening):
    wire = await connect()
    await wire.ask()
    wire.writer.write(b"\r\n")

    assert await wire.rest() == b""


async def test_between_two_requests_a_connection_may_rest(connect: Listening):
    wire = await connect(ASK[:9])
    await connect.has_read()  # so that there was a time to keep
    assert b"200 OK" in await wire.ask(ASK[9:])
    await connect.patience_ends()

    assert b"200 OK" in await wire.ask()


async def test_the_time_begins_with_the_first_byte(connect: Listening):
    """And not with the connection, which has less of it left."""
    wire, other = await connect(), await connect(b"GET")
    await connect.has_read()
    connect.protocol.seconds = 60
    wire.writer.write(ASK[:9])

    assert b"408" in await other.rest()
    assert b"200 OK" in await wire.ask(ASK[9:])


async def test_every_request_of_a_connection_has_its_time(connect: Listening):
    wire = await connect()
    await wire.ask()
    wire.writer.write(b"GET /v")
    await connect.patience_ends()

    assert fault_in(await wire.rest()) == LATE


async def test_who_is_answered_before_he_has_sent_all_has_to_send_it_in_time(connect: Listening):
    wire = await connect()

    assert b"200 OK" in await wire.ask(b"PUT /v1 HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n")
    assert await wire.rest() == b""


@asynccontextmanager
async def slow_answers(chunked: bool) -> AsyncIterator[tuple[Listening, asyncio.Event]]:
    """An application whose answers end when the event is set."""
    end = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        await end.wait()
        yield b"END"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "PUT":
            await send_answer(json_answer("at once"), receive, send)
        elif scope["method"] == "POST":
            await read_object(receive, {}, 100)
        elif chunked:
            await send_answer(Answer(200, b"begin, ", more=parts()), receive, send)
        else:
            await end.wait()
            await send_answer(Answer(200, b"begin, END"), receive, send)

    async with served(app) as connect:
        yield connect, end


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_may_take_as_long_as_it_likes(chunked: bool):
    async with slow_answers(chunked) as (connect, end):
        wire = await connect(ASK)
        await connect.patience_ends()
        await connect.patience_ends()
        end.set()
        wire.writer.write(ASK.replace(b"Host", b"Connection: close\r\nHost"))
        answers = await wire.rest()

    assert (answers.count(b"HTTP/1.1 200 OK"), answers.count(b"END")) == (2, 2)


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_goes_out_before_what_follows_is_refused(chunked: bool):
    async with slow_answers(chunked) as (connect, end):
        wire = await connect(ASK + b"GET /v")
        await connect.patience_ends()
        await connect.patience_ends()
        end.set()
        answer = await wire.rest()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b"END") == 1
    assert b"408" not in answer


async def test_an_answer_that_has_begun_is_not_broken_off_for_a_body_that_does_not_come():
    async with slow_answers(chunked=True) as (connect, end):
        wire = await connect(ASK[:-2] + b"Content-Length: 5\r\n\r\nabc")
        await wire.reader.readuntil(b"begin, ")
        await connect.patience_ends()
        await connect.patience_ends()
        end.set()

        rest = await wire.rest()

    assert b"END" in rest
    assert b"408" not in rest


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_request_that_waits_behind_another_is_refused_in_its_turn(chunked: bool):
    async with slow_answers(chunked) as (connect, end):
        wire = await connect(ASK + POST + b"Content-Length: 5\r\n\r\n")
        await connect.patience_ends()
        await connect.patience_ends()
        end.set()
        first, _, second = (await wire.rest()).partition(b"HTTP/1.1 408")

    assert first.startswith(b"HTTP/1.1 200 OK")
    assert b"END" in first
    assert fault_in(b"HTTP/1.1 408" + second) == LATE


# -- that are none -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"HELLO there\r\n\r\n", " (Invalid method encountered)"),
        (b"\x16\x03\x01\x02\x00\x01", " (Invalid method encountered)"),
        (b"GET /v1 HTTP/9.1\r\n\r\n", " (Invalid HTTP version)"),
        (b"GET /v1 HTTP/1.1\r\nno colon\r\n\r\n", " (Invalid header token)"),
        (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: test\r\n\r\n", " (Invalid char in url path)"),
        (b"GET http://test:99999/ HTTP/1.1\r\nHost: test\r\n\r\n", ""),
        (b"GET /v1 HTTP/1.1\r\nContent-Length: many\r\n\r\n", " (Invalid character in Content-Length)"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nmany\r\n", " (Invalid character in chunk size)"),
    ],
)
async def test_what_is_no_request_is_refused_with_a_fault(connect: Listening, sent: bytes, said: str):
    answer = await (await connect(sent)).rest()

    text = f"This is no request of HTTP/1.1{said}; check its first line, headers and lengths."
    assert fault_in(answer) == (400, "InvalidInput", text)


async def test_what_follows_a_request_and_is_none_leaves_it_its_answer():
    async with slow_answers(chunked=False) as (connect, end):
        wire = await connect(ASK + b"HELLO there\r\n\r\n")
        await connect.patience_ends()
        end.set()
        answer = await wire.rest()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"begin, END")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1 HTTP/1.1\r\nX: %b\r\n\r\n" % (b"x" * MOST_IN_HEAD),
        b"GET /%b HTTP/1.1\r\n\r\n" % (b"x" * MOST_IN_HEAD),
        b"GET /v1 HTTP/1.1\r\n%b\r\n" % (b"X: 1\r\n" * MOST_IN_HEAD),
    ],
)
async def test_headers_that_are_too_large(connect: Listening, head: bytes):
    wire = await connect()
    answer = asyncio.create_task(wire.rest())
    for start in range(0, len(head), 20_000):
        wire.writer.write(head[start : start + 20_000])
        await asyncio.wait([answer], timeout=0)

    text = "The request line and the headers are larger than 65,536 bytes; send fewer or shorter ones."
    assert fault_in(await answer) == (431, "HeadTooLarge", text)


async def test_headers_without_an_end(connect: Listening):
    wire = await connect(b"GET /v1 HTTP/1.1\r\n")
    answer = asyncio.create_task(wire.rest())
    while not answer.done():
        wire.writer.write(b"X: %b\r\n" % (b"x" * 10_000))
        await asyncio.wait([answer], timeout=0.01)

    assert fault_in(await answer)[0] == 431


async def test_a_body_does_not_count_as_headers(connect: Listening, taken: list[Any]):
    """Nor does what stands before a request in the same piece."""
    wire = await connect(POST + b"Content-Length: 90000\r\n\r\n" + BODY.ljust(90_000) + ASK[:20])
    await connect.has_read()
    await wire.ask(ASK[20:])

    assert len(taken) == 1
    assert b"200 OK" in await wire.ask(b"")


# -- what is broken off --------------------------------------------------------------------------


async def test_an_answer_that_is_broken_off_is_told_of_once_in_the_log(caplog: pytest.LogCaptureFixture):
    async def rows() -> AsyncGenerator[bytes, None]:
        yield b"one"
        raise Unavailable("The database is away.")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send_answer(Answer(200, more=rows()), receive, send)

    async with served(app) as connect:
        answer = await (await connect(ASK)).rest()

    assert answer.endswith(b"\r\n\r\n3\r\none\r\n"), "the client sees that this is not all"
    assert [line.getMessage() for line in caplog.records] == ["an answer was broken off"]


# -- where it comes from -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ("", "203.0.113.9", "127.0.0.1"),  # else anybody could say that he comes from elsewhere
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8, 127.0.0.0/8", "1.2.3.4, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1"),
    ],
)
async def test_only_proxies_of_the_settings_are_believed(trusted: str, forwarded: str, address: str):
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send_answer(json_answer(scope["client"][0]), receive, send)

    async with served(app, Settings(trusted_proxies=trusted)) as connect:
        wire = await connect()
        answer = await wire.ask(ASK.replace(b"Host", f"X-Forwarded-For: {forwarded}\r\nHost".encode()))

    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == address
