"""Secrets of webhooks, and what a receiver can hold a delivery to."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from placet.directory.secrets import Vault
from placet.errors import InvalidInput
from placet.store.sealed import WEBHOOKS
from placet.webhooks.records import BOTH_SECRETS, LONGEST_SECRET, SHORTEST_SECRET


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secret of a webhook, and the one before it `until` that is forgotten."""

    now: str = field(repr=False)
    before: str | None = field(default=None, repr=False)
    until: datetime | None = None

    def in_use(self, at: datetime) -> list[str]:
        """Those that sign, the newest first."""
        is_both = self.before is not None and self.until is not None and at < self.until
        return [self.now, self.before] if is_both and self.before is not None else [self.now]

    def followed_by(self, secret: str, at: datetime) -> Secrets:
        """The secrets once there is another one: this one signs along for a while."""
        return Secrets(secret, self.now, at + BOTH_SECRETS)


def checked_secret(text: str | None) -> str:
    """The secret that is asked for, or a new one; raises `InvalidInput` for one that is too short or no header's."""
    if text is None:
        return secrets.token_urlsafe(32)
    if not (SHORTEST_SECRET <= len(text) <= LONGEST_SECRET and text.isascii() and text.isprintable()):
        raise InvalidInput(
            f"This secret has {len(text)} characters; give {SHORTEST_SECRET} to {LONGEST_SECRET} of ASCII, or none "
            "and one is made."
        )
    return text


def seal(vault: Vault, webhook_id: str, secret: Secrets) -> bytes:
    """Secrets as they are stored; raises `Unavailable` without a key."""
    until = None if secret.until is None else secret.until.isoformat()
    text = json.dumps({"now": secret.now, "before": secret.before, "until": until})
    return vault.seal(text, of=WEBHOOKS.row_name(webhook_id))


def opened(vault: Vault, webhook_id: str, sealed: bytes) -> Secrets:
    """The secrets of a webhook; raises `Unavailable` where they do not open with the key that there is."""
    stored = json.loads(vault.open(sealed, of=WEBHOOKS.row_name(webhook_id)))
    until = None if stored["until"] is None else datetime.fromisoformat(stored["until"])
    return Secrets(stored["now"], stored["before"], until)


def signed(secret: Secrets, body: bytes, at: datetime) -> dict[str, str]:
    """The headers by which a receiver knows who sent a body, and when."""
    stamp = str(int(at.timestamp()))
    message = stamp.encode() + b"." + body
    digests = [hmac.digest(each.encode(), message, "sha256").hex() for each in secret.in_use(at)]
    return {
        "Placet-Timestamp": stamp,
        "Placet-Signature": ",".join([f"t={stamp}", *(f"v1={each}" for each in digests)]),
    }
