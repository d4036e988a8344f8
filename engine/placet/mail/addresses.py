"""Mail addresses: which can be used at all, and how a server is told of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr

from placet.query.storable import UNSTORABLE

_ADDRESS = re.compile(
    r"(?P<local>[^\s@<>()\[\],;:\\\"\x00-\x20\x7f]{1,64})@(?P<domain>[^\s@<>()\[\],;:\\\"/\x00-\x20\x7f]{1,253})"
)

_ENCODED = "=?"  # begins a word of RFC 2047, which can hold line breaks, and which a header's parser reads


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody who gets mail; the domain of `address` is in ASCII, and the rest as he writes it."""

    address: str
    name: str = ""

    @property
    def is_ascii(self) -> bool:
        """Whether every server takes it."""
        return self.address.isascii()


def mailbox(address: str, name: str = "") -> Mailbox | None:
    """An address with a name as it can be used, or None where it is none."""
    found = _ADDRESS.fullmatch(address.strip())
    if found is None or _ENCODED in address or UNSTORABLE.search(address):
        return None
    if found["local"].startswith(".") or found["local"].endswith(".") or ".." in found["local"]:
        return None
    try:
        domain = found["domain"].encode("idna").decode()
    except UnicodeError:
        return None
    return Mailbox(f"{found['local']}@{domain}", one_line(name))


def sender(text: str) -> Mailbox:
    """Who mails come from, as the setting has it."""
    name, address = parseaddr(text)
    return Mailbox(address, one_line(name))


def one_line(text: str) -> str:
    """A text as a header can have it: without line breaks and other control characters, and nothing in it encoded."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line.replace(_ENCODED, "= ?")
