"""Addresses that an application gives when it is registered: where its users are sent back, and its web site."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from placet.errors import InvalidInput

_LONGEST = 2000
# What RFC 3986 lets an address consist of: nothing else survives a Location header and a web page unchanged.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_RUN_BY_BROWSERS = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"})


def check_redirect_uri(uri: str) -> None:
    """Refuse an address that nobody should be sent to; raises `InvalidInput`."""
    parts = _parsed(uri)
    if parts is None or parts.scheme in _RUN_BY_BROWSERS:
        raise InvalidInput(
            f"The redirect URI {uri[:100]!r} is no complete address; give one such as https://example.org/signed-in."
        )
    if "#" in uri:
        raise InvalidInput(f"The redirect URI {uri[:100]!r} has a fragment; leave # and what follows out.")
    if parts.scheme in ("http", "https") and (not parts.hostname or parts.username is not None):
        raise InvalidInput(f"The redirect URI {uri[:100]!r} needs a host, and no user before it.")


def check_web_site(address: str) -> None:
    """Refuse a web site that is no web address; raises `InvalidInput`."""
    if not address:
        return
    parts = _parsed(address)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(f"The web site {address[:100]!r} is no web address; give one such as https://example.org.")


def origin_of(uri: str) -> str:
    """The scheme, host and port of an address, as far as a content security policy can name them."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https") and parts.hostname and re.fullmatch("[A-Za-z0-9.-]+", parts.hostname):
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    return f"{parts.scheme}:"


def _parsed(uri: str) -> SplitResult | None:
    if len(uri) > _LONGEST or not _ADDRESS.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts
