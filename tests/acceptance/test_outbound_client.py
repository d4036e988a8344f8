"""What other people's servers do wrong, one by one: each ends soon, in words, and takes nothing down with it."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from placet.connectors import client as connection
from placet.connectors import connections
from placet.connectors.client import CallFailed, Client, Reply
from placet.settings import Settings
from tests import fault_server
from tests.fault_server import FaultServer, refused_url

SETTINGS = Settings(outbound_allow="127.0.0.0/8", outbound_bytes=100_000, outbound_redirects=3)


@pytest.fixture
async def faults() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client(SETTINGS)
    yield client
    await client.close()


async def get(client: Client, url: str, seconds: float = 10, **more: Any) -> Reply:
    return await client.send(httpx2.Request("GET", url, **more), seconds=seconds)


async def refused(client: Client, url: str, seconds: float = 10, **more: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await get(client, url, seconds, **more)
    return caught.value


async def test_an_answer_comes_whole_and_the_connection_is_used_again(client: Client, faults: FaultServer):
    first, second = await get(client, faults.url("/ok")), await get(client, faults.url("/ok"))

    assert (first.status, first.body, second.body) == (200, b'{"ok": true}', b'{"ok": true}')
    assert len(faults._tasks) == 1


# The path, whether it is for good, whether time was up, and the words that it ends in.
FAULTS = {
    "/close": (True, False, r"127.0.0.1 broke off: Server disconnected without sending a response\.$"),
    "/hang": (True, True, r"127.0.0.1 gave no whole answer within 0\.3 s\.$"),
    "/drip": (True, True, r"127.0.0.1 gave no whole answer within 0\.3 s\.$"),
    "/half": (True, False, r"127.0.0.1 broke off: "),
    "/garbage": (True, False, r"127.0.0.1 broke off: "),
    "/large": (False, False, r"longer than 100,000 bytes; an operator allows more by the setting outbound_bytes\.$"),
    "/large?length=0": (False, False, r"longer than 100,000 bytes"),
    "/bomb": (False, False, r"longer than 100,000 bytes"),
    "/members": (False, False, r"longer than 100,000 bytes"),
    "/loop": (False, False, r"redirected more than 3 times"),
}


@pytest.mark.parametrize("path", FAULTS)
async def test_a_fault_ends_soon_and_in_words(path: str, client: Client, faults: FaultServer):
    began = time.monotonic()
    failure = await refused(client, faults.url(path), 0.3 if path in ("/hang", "/drip") else 10)

    transient, timed_out, words = FAULTS[path]
    assert (failure.transient, failure.timed_out) == (transient, timed_out)
    assert re.search(words, failure.message), failure.message
    assert time.monotonic() - began < 5
    assert (await get(client, faults.url("/ok"))).status == 200


async def test_where_nobody_listens_another_try_may_do(client: Client):
    failure = await refused(client, refused_url())

    assert failure.transient
    assert "127.0.0.1 cannot be connected to" in failure.message


async def test_a_private_address_is_refused_for_good(faults: FaultServer):
    client = Client(Settings())
    failure = await refused(client, faults.url("/ok"))
    await client.close()

    assert not failure.transient
    assert "which is loopback" in failure.message
    assert faults.requests == []


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "file:///x",
    ],
)
async def test_a_redirect_to_inside_is_refused(to: str, client: Client, faults: FaultServer):
    failure = await refused(client, faults.url(f"/redirect?to={to}"))

    assert not failure.transient
    assert "Nothing is sent" in failure.message or "redirected to where nothing is sent" in failure.message
    assert len(faults.requests) == 1


async def test_a_redirect_through_a_name_that_leads_inside_is_refused(faults: FaultServer):
    async def resolver(host: str, port: int) -> list[str]:
        return ["10.1.2.3"]

    client = Client(SETTINGS, resolver=resolver)
    failure = await refused(client, faults.url("/redirect?to=http://harmless.example/"))
    await client.close()

    assert "10.1.2.3 of harmless.example, which is private" in failure.message


async def test_credentials_stay_with_their_server(client: Client, faults: FaultServer):
    async with FaultServer() as other:
        headers = {"authorization": "Bearer secret", "x-api-key": "secret", "cookie": "a=secret", "x-custom": "secret"}
        await get(client, faults.url(f"/redirect?to={other.url('/echo')}"), headers=headers)
        await get(client, faults.url("/redirect?to=/echo"), headers=headers)

    [told], [kept] = other.seen("/echo"), faults.seen("/echo")
    assert "secret" not in str(told.headers)
    assert told.headers["host"] == f"127.0.0.1:{other.port}"
    assert kept.headers["authorization"] == "Bearer secret"
    assert kept.headers["x-custom"] == "secret"


@pytest.mark.parametrize(
    ("method", "code", "again"),
    [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
        ("PUT", 303, "GET"),
        ("PUT", 302, "PUT"),
        ("HEAD", 303, "HEAD"),
    ],
)
async def test_a_redirect_goes_on_with_the_right_method(
    method: str, code: int, again: str, client: Client, faults: FaultServer
):
    content = None if method == "HEAD" else b"a=b"
    request = httpx2.Request(method, faults.url(f"/redirect?code={code}&to=/echo"), content=content)
    await client.send(request, seconds=10)

    [seen] = faults.seen("/echo")
    assert seen.method == again
    assert seen.body == (b"a=b" if again in ("POST", "PUT") else b"")
    assert ("content-length" in seen.headers) == (again in ("POST", "PUT"))


@pytest.mark.parametrize("code", [307, 308])
async def test_what_was_sent_is_not_sent_to_another_server(code: int, client: Client, faults: FaultServer):
    async with FaultServer() as other:
        request = httpx2.Request(
            "POST", faults.url(f"/redirect?code={code}&to={other.url('/echo')}"), json={"a": "secret"}
        )
        with pytest.raises(CallFailed, match="not sent to another server"):
            await client.send(request, seconds=10)

    assert other.requests == []


async def test_closing_breaks_off_what_is_under_way(faults: FaultServer):
    client = Client(SETTINGS)
    asking = asyncio.create_task(get(client, faults.url("/held")))
    await faults.wait_for(1, "/held")
    await client.close()

    with pytest.raises(CallFailed, match="broke off") as caught:
        await asking
    assert caught.value.transient


async def test_cookies_are_not_kept(client: Client, faults: FaultServer):
    await get(client, faults.url("/ok"), headers={"cookie": "a=b"})
    await get(client, faults.url("/ok"))

    assert [request.headers.get("cookie") for request in faults.requests] == ["a=b", None]


async def test_proxies_of_the_environment_are_not_used(faults: FaultServer, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, refused_url())
    client = Client(SETTINGS)

    assert (await get(client, faults.url("/ok"))).status == 200
    await client.close()


async def test_what_unpacks_to_very_much_is_not_unpacked_first():
    packed = zlib.compress(b"0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(CallFailed, match="longer than 1,000 bytes"):
            connection._unpacked(packed, 1_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (gzip.compress(b"ab")[:-9], "is packed, and broke off"),
        (b"ab", "says that it is packed, and cannot be unpacked"),
        (gzip.compress(b"a" * 600) + gzip.compress(b"b" * 600), "longer than 1,000 bytes"),
    ],
    ids=["broken off", "no packing", "long"],
)
def test_what_cannot_be_unpacked_is_said_to_be(packed: bytes, words: str):
    with pytest.raises(CallFailed, match=words):
        connection._unpacked(packed, 1_000)


def test_what_is_packed_in_several_parts_is_unpacked():
    assert connection._unpacked(gzip.compress(b"a") + gzip.compress(b"b"), 1_000) == b"ab"
    assert connection._unpacked(zlib.compress(b"a"), 1_000) == b"a"


async def test_a_packing_that_is_not_known_is_refused(client: Client, faults: FaultServer, monkeypatch: Any):
    async def packed(server: FaultServer, request: Any, writer: Any) -> None:
        fault_server.answer(writer, b"ab", Content_Encoding="gzip, gzip")

    monkeypatch.setitem(fault_server.FAULTS, "/ok", packed)
    assert "packed as 'gzip, gzip'; gzip and deflate can be read" in (await refused(client, faults.url("/ok"))).message


async def test_a_service_that_hangs_takes_no_connection_from_another(
    client: Client, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "_MOST", 5)

    def sent(path: str, lane: str) -> Any:
        return client.send(httpx2.Request("GET", faults.url(path)), seconds=10, lane=lane)

    hanging = [asyncio.create_task(sent("/held", "one")) for _ in range(9)]
    await faults.wait_for(5, "/held")

    assert (await sent("/ok", "two")).status == 200

    faults.release.set()
    assert {reply.status for reply in await asyncio.gather(*hanging)} == {200}


async def test_a_certificate_that_nobody_vouches_for_is_refused(client: Client, tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    failure = await refused(client, f"https://127.0.0.1:{port}/")
    server.close()
    await server.wait_closed()

    assert "certificate" in failure.message.lower(), failure.message


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
    return str(folder / "cert.pem"), str(folder / "key.pem")


async def test_a_connection_that_nobody_uses_is_closed_in_the_end(
    client: Client, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "_LOOKS_AGAIN_SECONDS", 0)
    monkeypatch.setattr(connections, "_IDLE_SECONDS", 0)
    request = httpx2.Request("GET", faults.url("/ok"))
    await client.send(request, seconds=10, lane="one")
    assert client._connections._idle

    await refused(client, refused_url())  # any use of any lane looks at all of them

    assert not client._connections._idle


async def test_a_connection_that_was_closed_meanwhile_is_not_used_again(client: Client, faults: FaultServer):
    await get(client, faults.url("/ok"))
    [[connection]] = client._connections._idle.values()
    await connection.aclose()

    assert (await get(client, faults.url("/ok"))).status == 200


WITH_KEY = {"idempotency-key": "k-1"}


@pytest.mark.parametrize(
    ("method", "headers", "repeated"),
    [
        ("GET", {}, True),
        ("PUT", {}, True),
        ("DELETE", {}, True),
        ("POST", WITH_KEY, True),
        ("PATCH", WITH_KEY, True),
        ("POST", {}, False),
        ("PATCH", {}, False),
    ],
)
async def test_a_kept_connection_that_is_found_closed_is_opened_anew_where_a_request_may_be_repeated(
    method: str, headers: dict[str, str], repeated: bool, client: Client, faults: FaultServer
):
    """A server may close one in the moment in which the next request is on its way, and then has not seen it."""
    await get(client, faults.url("/ok"))
    request = httpx2.Request(method, faults.url("/close?times=1"), headers=headers, content=b"the body")
    if repeated:
        assert (await client.send(request, seconds=10)).status == 200
    else:
        with pytest.raises(CallFailed, match="Server disconnected without sending a response"):
            await client.send(request, seconds=10)

    arrived = [(each.method, each.key, each.body) for each in faults.seen("/close")]
    assert arrived == [(method, headers.get("idempotency-key"), b"the body")] * (2 if repeated else 1)
    assert not client._connections._in_use


@pytest.mark.parametrize(
    ("before", "path", "arrived"),
    [
        ("", "/close", 1),  # nobody closed it early: it was new
        ("/ok", "/close", 2),  # once is enough
        ("/ok", "/garbage", 1),  # something was answered
        ("/ok", "/half", 1),
    ],
)
async def test_nothing_else_is_repeated(before: str, path: str, arrived: int, client: Client, faults: FaultServer):
    if before:
        await get(client, faults.url(before))
    await refused(client, faults.url(path), headers=WITH_KEY)

    assert len(faults.seen(path)) == arrived


async def test_names_that_hang_keep_no_other_service_waiting(faults: FaultServer, monkeypatch: pytest.MonkeyPatch):
    found, release = socket.getaddrinfo, threading.Event()

    def hanging(host: str, port: int, **more: Any) -> Any:
        if host.startswith("hang"):
            release.wait()
        return found("127.0.0.1", port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    client = Client(SETTINGS)
    calls = [get(client, f"http://hang{number}.example/", 0.2) for number in range(40)]
    failures = await asyncio.gather(*calls, return_exceptions=True)
    assert {str(failure)[-32:] for failure in failures} == {" gave no whole answer within 0.2 s."[-32:]}

    assert (await get(client, faults.url("/ok").replace("127.0.0.1", "other.example"), 5)).status == 200
    release.set()
    await client.close()


def test_what_is_packed_in_very_many_pieces_is_not_unpacked():
    with pytest.raises(CallFailed, match="packed in more than 100 pieces"):
        connection._unpacked(gzip.compress(b"") * 200_000, 10_000_000)
    assert connection._unpacked(gzip.compress(b"a") * 100, 1_000) == b"a" * 100


@pytest.mark.parametrize("path", ["/large", "/members", "/bomb"])
async def test_an_answer_whose_status_counts_is_read_no_further(path: str, client: Client, faults: FaultServer):
    request = httpx2.Request("GET", faults.url(path))
    reply = await client.send(request, seconds=10, longest=1_000, whole=False)

    assert reply.status == 200
    assert reply.body == (b'"' + b"x" * 999 if path == "/large" else b"")
