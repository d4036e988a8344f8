"""What each kind of authentication configuration takes, and what its fields may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from placet.connectors.guard import Forbidden, checked_url
from placet.connectors.records import AuthKind

LONGEST = 4_000
LONGEST_KEY_FILE = 20_000
#: The headers that the sender itself has to say.
OURS = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What RFC 9110 calls a token: the name of a header.
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_PARAMETER = re.compile(r"\{[^{}]*\}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%{}-]{1,2000}", re.IGNORECASE)


def url_fault(text: str) -> str | None:
    """What is wrong with the address of a service, in words; None where nothing is."""
    if not _ADDRESS.fullmatch(text):
        return "is no web address; give one such as https://example.org/token, other characters as %XX"
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return "is no web address: its host or port cannot be read"
    if not parts.hostname or "{" in parts.netloc:
        return "has no fixed host; give one such as example.org behind https://"
    if "@" in parts.netloc:
        return "has a user before its host; give what proves who calls in a configuration"
    if "#" in text:
        return "has a fragment; leave # and what follows out"
    try:
        checked_url(_PARAMETER.sub("x", text))
    except Forbidden as failure:
        return f"cannot be called: {failure}".rstrip(".")
    return None


def token_fault(text: str) -> str | None:
    """What is wrong with a name of a header, in words."""
    return None if _TOKEN.fullmatch(text) else "cannot name a header; give letters, digits and - such as X-Api-Key"


def credential_fault(name: str) -> str | None:
    """What is wrong with the name of a header that proves who calls, in words."""
    if name.lower() in OURS:
        return "is written by what sends the request; give another, such as Authorization or X-Api-Key"
    return token_fault(name)


def value_fault(text: str) -> str | None:
    """What is wrong with the value of a header, in words."""
    if not text.isascii():
        return "holds a letter that no header takes; use those of ASCII"
    return text_fault(text)


def text_fault(text: str) -> str | None:
    """What is wrong with a text that may go into a header, in words."""
    if not text.isprintable():
        return "holds a control character; leave it out"
    return f"has {len(text):,} characters; at most {LONGEST:,} are kept" if len(text) > LONGEST else None


def _prefix_fault(text: str) -> str | None:
    return token_fault(text) and "cannot stand before a token; give a word such as Bearer, or nothing" if text else None


def _place_fault(text: str) -> str | None:
    return None if text in ("header", "query") else "is no place for a key; give header or query"


def _key_file_fault(text: str) -> str | None:
    """Of what is secret nothing is quoted."""
    if len(text) > LONGEST_KEY_FILE:
        return f"has {len(text):,} characters; a key file has at most {LONGEST_KEY_FILE:,}"
    try:
        key = json.loads(text)
    except (ValueError, RecursionError):
        return "is not JSON; give the text of the key file as it was downloaded"
    needed = ("client_email", "private_key", "token_uri")
    missing = [name for name in needed if not (isinstance(key, dict) and isinstance(key.get(name), str))]
    if missing:
        return f"has no {' and no '.join(missing)}; give the text of the key file as it was downloaded"
    fault = url_fault(key["token_uri"])
    return f"has a token_uri that {fault}" if fault else None


@dataclass(frozen=True, slots=True)
class Field:
    """One field; a secret one is kept encrypted and never shown."""

    about: str
    default: str = ""
    required: bool = False
    secret: bool = False
    fault: Callable[[str], str | None] = text_fault


def _grant(word: str) -> dict[str, Field]:
    def fault(text: str) -> str | None:
        return None if text == word else f"is not the grant of this kind; write {word} or leave it out"

    return {"grant_type": Field("the grant", word, fault=fault)}


_TOKEN_URI = {"tokenCredentialUri": Field("where tokens are asked for", required=True, fault=url_fault)}
_CLIENT = {
    "clientId": Field("the application's id at the service", required=True),
    "clientSecret": Field("the application's secret", secret=True),
}
_USER = {
    "username": Field("who signs in", required=True),
    "password": Field("his password", secret=True),
}
_SENT = {
    "scope": Field("what the token is to be good for, words with spaces between"),
    "audience": Field("whom the token is for; empty where the service does not ask"),
    "authorizationPrefix": Field("what stands before the token", "Bearer", fault=_prefix_fault),
    "headerAuthorization": Field("the header that the token goes in", "Authorization", fault=credential_fault),
}

#: The fields of each kind by the names of the source page.
FIELDS: Mapping[AuthKind, Mapping[str, Field]] = {
    AuthKind.NONE: {},
    AuthKind.BASIC: _USER,
    AuthKind.API_KEY: {
        "key": Field("the name of the header or of the query parameter", required=True, fault=token_fault),
        "value": Field("the key itself", secret=True),
        "place": Field("header or query", "header", fault=_place_fault),
    },
    AuthKind.OAUTH2_PASSWORD: _TOKEN_URI | _grant("password") | _CLIENT | _USER | _SENT,
    AuthKind.OAUTH2_CLIENT_CREDENTIALS: _TOKEN_URI | _grant("client_credentials") | _CLIENT | _SENT,
    AuthKind.OAUTH2_AUTHORIZATION_CODE: {
        "authorizationUri": Field("where an operator is asked to agree", required=True, fault=url_fault),
        **_TOKEN_URI,
        "redirectUri": Field(
            "where the service sends him back to: the path /v1/connectors/authorized of this server",
            required=True,
            fault=url_fault,
        ),
        **_grant("authorization_code"),
        **_CLIENT,
        **_SENT,
    },
    AuthKind.OAUTH2_SERVICE_ACCOUNT: {
        "keyFile": Field("the text of the key file of the account", secret=True, fault=_key_file_fault),
        "subject": Field("the user in whose name the account asks"),
        **_SENT,
    },
}


def secret_names(kind: AuthKind) -> list[str]:
    """The secret fields of a kind."""
    return [name for name, field in FIELDS[kind].items() if field.secret]
