"""Service accounts: a key file in place of a password."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from placet.connectors.client import CallFailed
from placet.connectors.records import Configuration

_BEFORE, _SECONDS = 60, 3600  # issued so long ago, for clocks that go differently, and good for an hour


def assertion_of(configuration: Configuration, now: datetime) -> tuple[str, str]:
    """Where an account asks for a token, and the signed statement that it sends; raises `CallFailed`."""
    key, fields = _key(configuration), configuration.fields
    issued_at = int(now.timestamp()) - _BEFORE
    claims = {
        "iss": key["client_email"],
        "aud": fields.get("audience") or key["token_uri"],
        "iat": issued_at,
        "exp": issued_at + _SECONDS,
        "jti": secrets.token_hex(16),
        **({"scope": fields["scope"]} if fields.get("scope") else {}),
        **({"sub": fields["subject"]} if fields.get("subject") else {}),
    }
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": key["private_key_id"]} if key.get("private_key_id") else {})
    try:
        return key["token_uri"], jwt.encode(header, claims, RSAKey.import_key(key["private_key"]))
    except Exception:  # whatever the library raises for a key that is none, which may quote it
        raise _unusable(configuration, "its private_key is no RSA key in PEM") from None


def _key(configuration: Configuration) -> dict[str, Any]:
    try:
        key = json.loads(configuration.secrets["keyFile"])
    except (KeyError, ValueError, RecursionError):
        raise _unusable(configuration, "there is none, or it is no JSON") from None
    if not isinstance(key, dict) or not all(isinstance(key.get(name), str) for name in _NEEDED):
        raise _unusable(configuration, f"it has to have {', '.join(_NEEDED)}")
    return key


_NEEDED = ("client_email", "private_key", "token_uri")


def _unusable(configuration: Configuration, reason: str) -> CallFailed:
    text = f"The key file of the configuration {configuration.name!r} cannot be used: {reason}; give it as downloaded."
    return CallFailed(text, transient=False)
