"""The guard: which URLs and which addresses nothing is sent to, however they are written."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import httpcore2
import pytest
from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from

from placet.connectors.guard import Forbidden, Guard, checked_url, host_of
from placet.connectors.networks import parse_networks, why_closed
from placet.errors import InvalidInput
from placet.settings import Settings

# Each with a word of the reason.
HOSTILE_URLS = {
    "ftp://example.org/": "use http or https",
    "file:///etc/passwd": "use http or https",
    "gopher://example.org:70/_x": "use http or https",
    "javascript:alert(1)": "use http or https",
    "//example.org/": "use http or https",
    "example.org/path": "use http or https",
    "": "use http or https",
    "http://": "The host '' is none",
    "http:///path": "The host '' is none",
    "http://user@example.org/": "user or password",
    "http://user:secret@example.org/": "user or password",
    "http://example.org@127.0.0.1/": "user or password",
    "http://example.org\\@127.0.0.1/": "user or password",
    "http://127.0.0.1\\.example.org/": "is none",
    "http://example.org:0/": "the port 0",
    "http://example.org:65536/": "the port 65536",
    "http://example.org:-80/": "the port -80",
    "http://example.org:80x/": "is not one",
    "http://2130706433/": "odd spelling",
    "http://0x7f000001/": "odd spelling",
    "http://0x7f.0.0.1/": "odd spelling",
    "http://0177.0.0.1/": "not one",
    "http://017700000001/": "odd spelling",
    "http://127.1/": "odd spelling",
    "http://127.0.1/": "odd spelling",
    "http://127.0.0.1.1/": "odd spelling",
    "http://127.0.0.0x1/": "odd spelling",
    "http://0/": "odd spelling",
    "http://256.1.1.1/": "not one",
    "http://127.0.0.1%00.example.org/": "is none",
    "http://%31%32%37.0.0.1/": "odd spelling",
    "http://%6cocalhost/": "is none",
    "http://example.org%2f@evil.org/": "user or password",
    "http://exam ple.org/": "is none",
    "http://example.org\r\nX-Evil: 1/": "is not one",
    "http://example.org/\x00": "is not one",
    "http://１２７.０.０.１/": "is not one",
    "http://①②⑦.⓪.⓪.①/": "is not one",
    "http://ⓛocalhost/": "is not one",
    "http://-example.org/": "is none",
    "http://example..org/": "is none",
    "http://.example.org/": "is none",
    "http://[::1/": "is not one",
    "http://[fe80::1%25eth0]/": "zone",
    "http://[127.0.0.1]/": "is not one",
    "http://example.org/\ud800": "cannot be sent",
    "http://\ud800.org/": "is not one",
    f"http://{'a' * 64}.org/": "is none",
    f"http://{'a.' * 200}org/": "is none",
    f"http://example.org/{'a' * 8_001}": "longer than",
}

CLOSED_ADDRESSES = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "10.0.0.1": "private",
    "100.64.0.1": "carrier",
    "100.100.100.200": "carrier",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "metadata",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "reserved",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarks",
    "203.0.113.9": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "IPv4",
    "::8.8.8.8": "IPv4",
    "::ffff:127.0.0.1": "IPv4",
    "::ffff:169.254.169.254": "IPv4",
    "::ffff:8.8.8.8": "IPv4",
    "::ffff:0:127.0.0.1": "IPv4",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b:1::a00:1": "NAT64",
    "100::1": "discarded",
    "2001::1": "Teredo",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo",
    "2001:20::1": "reserved",
    "2001:db8::1": "documentation",
    "2002:7f00:1::1": "6to4",
    "2002:808:808::1": "6to4",
    "3fff::1": "documentation",
    "4000::1": "reserved",
    "5f00::1": "reserved",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
}
OPEN_ADDRESSES = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1"]


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_url_is_refused(url: str):
    with pytest.raises(Forbidden, match=HOSTILE_URLS[url].replace("(", r"\(")) as caught:
        checked_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("http://example.org", "http://example.org"),
        ("HTTPS://Example.ORG:443/a?b=c#d", "https://example.org/a?b=c"),
        ("http://example.org.:8080/", "http://example.org:8080/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://[0:0:0:0:0:0:0:1]:81/", "http://[::1]:81/"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://a_b.example.org:65535/", "http://a_b.example.org:65535/"),
    ],
)
def test_a_url_has_one_spelling(url: str, called: str):
    assert str(checked_url(url)) == called


def test_a_host_that_people_cannot_read_is_asked_for_as_it_is():
    url = checked_url("http://_xn--a.example.org/")

    assert host_of(url) == "_xn--a.example.org"


@settings(max_examples=500)
@given(lists(sampled_from([*"ht p:/\\@[]%.?#0x127aü。１_-", "127.0.0.1", "::1", "xn--", "\ud800"]), max_size=9))
def test_whatever_the_text_it_is_a_url_of_one_spelling_or_refused(parts: list[str]):
    try:
        url = checked_url(f"http://{''.join(parts)}")
    except Forbidden:
        return
    assert checked_url(str(url)) == url


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
def test_a_closed_address_is_refused_with_the_reason(address: str):
    assert CLOSED_ADDRESSES[address] in (why_closed(ip_address(address), ()) or "")


@pytest.mark.parametrize("address", OPEN_ADDRESSES)
def test_an_open_address_is_not(address: str):
    assert why_closed(ip_address(address), ()) is None


@pytest.mark.parametrize(
    ("allowed", "address", "is_open"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "::1", False),
        ("127.0.0.0/8,::1", "::1", True),
        ("10.1.0.0/16", "10.2.0.1", False),
        ("127.0.0.0/8", "::ffff:127.0.0.1", False),
        ("64:ff9b::/96", "64:ff9b::8.8.8.8", True),
        ("64:ff9b::/96", "64:ff9b::127.0.0.1", False),
        ("64:ff9b::/96,127.0.0.0/8", "64:ff9b::127.0.0.1", True),
        ("2002::/16", "2002:7f00:1::1", False),
        ("2002::/16", "2002:808:808::1", True),
        ("::/0", "::ffff:10.0.0.1", False),
    ],
)
def test_what_is_allowed_is_open_as_far_as_it_leads(allowed: str, address: str, is_open: bool):
    assert (why_closed(ip_address(address), parse_networks(allowed)) is None) == is_open


class Network:
    """Names with their addresses, and a network that only notes where a connection is opened to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **names: Sequence[str]) -> None:
        self.names = {name.replace("_", "."): list(addresses) for name, addresses in names.items()}
        self.resolved: list[str] = []
        self.connected: list[str] = []
        monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", self._connect)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.resolved.append(host)
        if host not in self.names:
            raise socket.gaierror(-2, "Name or service not known")
        return self.names[host]

    async def _connect(self, host: str, port: int, *rest: object) -> httpcore2.AsyncNetworkStream:
        self.connected.append(host)
        if host.startswith("9."):
            raise httpcore2.ConnectError("nobody listens")
        return httpcore2.AsyncMockStream([])


async def test_what_is_connected_to_is_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch):
    network = Network(monkeypatch, example_org=["8.8.8.8"])

    await Guard(resolver=network.resolve).connect_tcp("example.org", 80)

    assert (network.resolved, network.connected) == (["example.org"], ["8.8.8.8"])


async def test_a_name_that_changes_its_mind_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    """A name of an attacker's gives an open address at first and one inside at once after that."""
    network = Network(monkeypatch)
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["8.8.8.8"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    guard = Guard(resolver=rebinding)
    await guard.connect_tcp("evil.example", 80)
    with pytest.raises(Forbidden, match=r"Nothing is sent to the address 127.0.0.1 of evil.example, which is loopback"):
        await guard.connect_tcp("evil.example", 80)

    assert network.connected == ["8.8.8.8"]


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
async def test_one_closed_address_among_open_ones_closes_a_name(address: str, monkeypatch: pytest.MonkeyPatch):
    network = Network(monkeypatch, example_org=["8.8.8.8", address])

    with pytest.raises(Forbidden, match="an operator allows it by the setting outbound_allow"):
        await Guard(resolver=network.resolve).connect_tcp("example.org", 80)
    assert network.connected == []


async def test_an_address_is_looked_at_without_asking_anybody(monkeypatch: pytest.MonkeyPatch):
    network = Network(monkeypatch)

    with pytest.raises(Forbidden, match=r"example 127.0.0.1/32"):
        await Guard(resolver=network.resolve).connect_tcp("127.0.0.1", 80)
    await Guard(parse_networks("127.0.0.0/8"), network.resolve).connect_tcp("127.0.0.1", 80)

    assert (network.resolved, network.connected) == ([], ["127.0.0.1"])


async def test_the_next_address_is_tried_where_nobody_listens(monkeypatch: pytest.MonkeyPatch):
    network = Network(monkeypatch, example_org=["9.9.9.9", "8.8.8.8"], away_org=["9.9.9.9", "9.9.9.9"])

    await Guard(resolver=network.resolve).connect_tcp("example.org", 80)
    with pytest.raises(httpcore2.ConnectError, match="nobody listens"):
        await Guard(resolver=network.resolve).connect_tcp("away.org", 80)

    assert network.connected == ["9.9.9.9", "8.8.8.8", "9.9.9.9"]


async def test_a_name_that_is_not_known_is_said_to_be(monkeypatch: pytest.MonkeyPatch):
    network = Network(monkeypatch)

    with pytest.raises(httpcore2.ConnectError, match=r"nowhere.example is not found \(Name or service not known\)"):
        await Guard(resolver=network.resolve).connect_tcp("nowhere.example", 80)


async def test_a_link_local_address_with_its_zone_is_refused(monkeypatch: pytest.MonkeyPatch):
    network = Network(monkeypatch, example_org=["fe80::1%2"])

    with pytest.raises(Forbidden, match=r"fe80::1 of example.org, which is link-local"):
        await Guard(resolver=network.resolve).connect_tcp("example.org", 80)


async def test_no_socket_in_the_file_system_is_opened():
    with pytest.raises(Forbidden, match="file system"):
        await Guard().connect_unix_socket("/run/docker.sock")


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "127.0.0.1;10.0.0.1", "10.0.0.0/33"])
def test_a_setting_that_names_no_network_is_refused(text: str):
    with pytest.raises(InvalidInput, match="outbound_allow takes addresses or networks"):
        Settings(outbound_allow=text)
