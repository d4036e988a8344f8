"""Noticing at the start that stored secrets do not open, before somebody needs one of them."""

from __future__ import annotations

from placet.directory.database import Database
from placet.directory.secrets import Vault
from placet.errors import Unavailable
from placet.log import get_logger
from placet.store import sealed
from placet.store.directory_version import Transaction

log = get_logger("placet.secrets")

WARNING = "Some of the stored secrets do not open with the key of this node; its log says more."

_AT_ONCE = 500


async def check_key(database: Database, vault: Vault, *, is_node: bool) -> bool:
    """Whether the keys that are at hand fit all stored secrets; a node where they do not says so in its log.

    A single command may have no use for a key. Where there are secrets and no key, none is made.
    """
    tell = log.error if is_node else log.debug
    stored = await database.read(_stored)
    if not stored:
        return True
    vault.makes_file = False
    try:
        lost = sum(not vault.knows(secret) for secret in stored)
    except Unavailable as failure:
        tell("stored secrets do not open", secrets=len(stored), reason=failure.message)
        return False
    if lost:
        tell(
            "stored secrets do not open",
            secrets=lost,
            of=len(stored),
            reason="they were encrypted with another key than those of this node",
            do="set PLACET_SECRET_KEY or the key file to that key, or add it to PLACET_SECRET_KEYS_OLD",
        )
    return not lost


def _stored(tx: Transaction) -> list[bytes]:
    found: list[bytes] = []
    for kind in sealed.EVERY:
        page = kind.page(tx, None, _AT_ONCE)
        while page:
            found += [secret for _, secret in page]
            page = kind.page(tx, page[-1][0], _AT_ONCE) if len(page) == _AT_ONCE else []
    return found
