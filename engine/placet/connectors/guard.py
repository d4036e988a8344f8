"""The guard: nothing is sent to an address inside, whatever its name, its spelling or who sent us there.

A name is resolved once for each connection, every address that it has is looked at, and one of those is what is
connected to: a name that changes its mind in between changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpcore2
import httpx2

from placet.connectors.networks import Address, Network, why_closed
from placet.lookups import Lookups

#: Resolves a host name: the addresses that it has, in order of preference. Raises `OSError` where it has none.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

_LONGEST = 8_000  # characters of a URL
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as the last part of a host, it makes the whole a spelling of an address


class Forbidden(Exception):
    """A URL or an address to which nothing is sent."""


def checked_url(text: str | httpx2.URL) -> httpx2.URL:
    """A URL that leads somewhere and says so in one way only; raises `Forbidden` for every other."""
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as failure:
        raise Forbidden(f"The URL is not one: {failure}.") from None
    except ValueError:  # half of a surrogate pair
        raise Forbidden("The URL is not one: it holds a character that cannot be sent.") from None
    if url.scheme not in ("http", "https"):
        raise Forbidden(f"Nothing is sent by {url.scheme[:20] or 'a URL without a scheme'!r}; use http or https.")
    if url.userinfo:
        raise Forbidden("The URL has a user or password in it; they belong into an authentication configuration.")
    if url.port is not None and not 0 < url.port < 65_536:
        raise Forbidden(f"The URL has the port {url.port}; there are 1 to 65535.")
    if len(str(url)) > _LONGEST:
        raise Forbidden(f"The URL is longer than {_LONGEST:,} characters.")
    host = _checked_host(host_of(url))
    return url.copy_with(host=host, fragment=None) if host != host_of(url) or url.fragment else url


def host_of(url: httpx2.URL) -> str:
    """The host as it is asked for; `url.host` is what people read, and fails for names that are none."""
    return url.raw_host.decode("ascii")


def _checked_host(host: str) -> str:
    """A host in the one spelling that it may have: a name, 192.0.2.7 or [2001:db8::7]."""
    if ":" in host:
        if "%" in host:
            raise Forbidden(f"The host [{host[:60]}] names a zone; give an address without one.")
        return str(ip_address(host))
    name = host.removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return str(IPv4Address(name))
        except ValueError:
            raise Forbidden(f"The host {host[:60]!r} is an odd spelling of an address; write 192.0.2.7.") from None
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise Forbidden(f"The host {host[:60]!r} is none; write a name or an address.")
    return name


class Guard(httpcore2.AsyncNetworkBackend):
    """Opens connections to addresses that are open to all, or allowed; raises `Forbidden` for every other.

    Without a `resolver` names are looked up by the system's.
    """

    def __init__(self, allowed: tuple[Network, ...] = (), resolver: Resolver | None = None) -> None:
        self._allowed, self._resolver = allowed, resolver or Lookups().addresses
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the port is the library's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception | None = None
        for address in await self._open(host, port):
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                failure = failed
        raise failure or httpcore2.ConnectError(f"{host[:60]} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # the port is the library's
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise Forbidden("Nothing is sent to a socket in the file system.")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)

    async def _open(self, host: str, port: int) -> list[Address]:
        """The addresses of a host, all of which may be connected to."""
        addresses = [_parsed(text) for text in await self._resolved(host, port)]
        for address in addresses:
            why = why_closed(address, self._allowed)
            if why is not None:
                of = "" if str(address) == host else f" of {host[:60]}"
                raise Forbidden(
                    f"Nothing is sent to the address {address}{of}, which is {why}; an operator allows it by the "
                    f"setting outbound_allow, for example {address}/{address.max_prefixlen}."
                )
        return list(dict.fromkeys(addresses))

    async def _resolved(self, host: str, port: int) -> Sequence[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        try:
            return await self._resolver(host, port)
        except (OSError, UnicodeError) as failure:
            reason = getattr(failure, "strerror", None) or "it is no name"
            raise httpcore2.ConnectError(f"{host[:60]} is not found ({reason})") from None


def _parsed(text: str) -> Address:
    """An address, the zone left out: it says by which way a link-local one is reached, and none of those is open."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.scope_id:
        return IPv6Address(int(address))
    return address
