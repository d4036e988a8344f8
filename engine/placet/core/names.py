"""Distinguished names of users, groups and definitions, and the GUIDs that come of them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from placet.query.names import fold_dn, is_dn

__all__ = [
    "common_name",
    "definition_dn",
    "dn_guid",
    "fold_dn",
    "fold_user_name",
    "group_dn",
    "is_dn",
    "unseen_in",
    "user_dn",
]


# Letters and signs without ink, and what chooses how the one before is drawn.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0").union(map(chr, range(0xFE00, 0xFE10)))


def fold_user_name(text: str) -> str:
    """The form in which two user names are compared: no case, and one spelling of what looks the same (NFKC).

    >>> fold_user_name("ＡDMIN")
    'admin'
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def unseen_in(text: str) -> str:
    """The first character of a name that nobody sees, or that turns the writing around, as `U+200B`; else empty.

    Two names that look the same would be different people.
    """
    found = (each for each in text if not each.isprintable() or each in _BLANK)
    return next((f"U+{ord(each):04X}" for each in found), "")


def common_name(dn: str) -> str:
    """The value of the first part of a name: `anna` of `cn=anna,ou=users,o=placet`."""
    first = re.split(r"(?<!\\),", dn, maxsplit=1)[0]
    return first.partition("=")[2].strip() or dn


def user_dn(user_name: str) -> str:
    """The DN of a user who was given none."""
    return f"cn={user_name},ou=users,o=placet"


def group_dn(title: str) -> str:
    """The DN of a group that was given none."""
    return f"cn={title},ou=groups,o=placet"


def definition_dn(name: str) -> str:
    """The DN of a definition whose file gives none."""
    return f"cn={name},cn=RequestDefs,cn=AppConfig,o=placet"


def dn_guid(dn: str) -> str:
    """32 hex digits derived from a name, the same on every installation."""
    return hashlib.sha256(fold_dn(dn).encode()).hexdigest()[:32]
