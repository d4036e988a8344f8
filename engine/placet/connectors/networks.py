"""Addresses that are not the open internet, and why each is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_CLOSED = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by customers of a carrier",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "metadata of a cloud",
    "169.254.0.0/16": "link-local, where clouds keep their metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved for protocols",
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::/96": "an IPv4 address in a form of IPv6",
    "::ffff:0:0/96": "an IPv4 address in a form of IPv6",
    "::ffff:0:0:0/96": "an IPv4 address in a form of IPv6",
    "64:ff9b::/96": "NAT64",
    "64:ff9b:1::/48": "NAT64",
    "100::/64": "discarded",
    "2001::/32": "Teredo",
    "2001::/23": "reserved for protocols",
    "2001:db8::/32": "for documentation",
    "2002::/16": "6to4",
    "3fff::/20": "for documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "private",
    "ff00::/8": "multicast",
}
_NETWORKS: Sequence[tuple[Network, str]] = [(ip_network(text), why) for text, why in _CLOSED.items()]
_GLOBAL = IPv6Network("2000::/3")  # all of IPv6 that is given out to the internet
_WITH_IPV4_LAST = [IPv6Network(text) for text in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")]


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks parted by commas, as the settings have them."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


@lru_cache(maxsize=1024)
def why_closed(address: Address, allowed: tuple[Network, ...]) -> str | None:
    """Why nothing is sent to an address; None where something may be.

    An allowed address that has an IPv4 address in it is as open as that one.
    """
    if _is_in(address, allowed):
        inner = _inner(address)
        return None if inner is None else why_closed(inner, allowed)
    for network, why in _NETWORKS:
        if address in network:
            return why
    if isinstance(address, IPv6Address) and address not in _GLOBAL:
        return "reserved"
    return None


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _inner(address: Address) -> IPv4Address | None:
    """The IPv4 address that what is sent to an IPv6 address will come to, as far as the address tells."""
    if isinstance(address, IPv4Address) or int(address) <= 1:
        return None
    if _is_in(address, _WITH_IPV4_LAST):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)
