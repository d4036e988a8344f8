"""Asking the token endpoint of another service for a token, in each of the ways of OAuth 2.0."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2

from placet.connectors.client import CallFailed, Client, Reply
from placet.connectors.guard import host_of
from placet.connectors.hidden import Hider
from placet.connectors.records import AuthKind, Configuration
from placet.connectors.service_account import assertion_of

SECONDS = 30.0
_LONGEST = 65_536  # bytes of an answer
_LONGEST_REASON = 200  # characters of each word that it says
_MOST_SECONDS = 10 * 365 * 86_400
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_BUSY = frozenset({408, 425, 429})
_TOLD = frozenset({"grant_type", "scope", "audience", "username", "client_id", "redirect_uri"})


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a token endpoint is asked."""

    url: str
    form: Mapping[str, str] = field(repr=False)

    @property
    def secrets(self) -> list[str]:
        """The values that nobody else may see."""
        return [value for name, value in self.form.items() if name not in _TOLD]


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token endpoint gave; `seconds` is for how long, None where it does not say."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    seconds: int | None
    request: httpx2.Request = field(repr=False)
    reply: Reply = field(repr=False)
    secrets: Sequence[str] = field(repr=False)  # that were sent


class NotGranted(CallFailed):
    """A token endpoint answered, and gave no token; `secrets` were sent to it."""

    def __init__(
        self, message: str, request: httpx2.Request, reply: Reply, secrets: Sequence[str], *, transient: bool
    ) -> None:
        super().__init__(message, transient=transient)
        self.request, self.reply, self.secrets = request, reply, secrets


def first_request(configuration: Configuration, now: datetime) -> TokenRequest:
    """How an opened configuration comes to a token without one before; raises `CallFailed` where it cannot."""
    fields, secrets = configuration.fields, configuration.secrets
    asked = {name: fields[name] for name in ("scope", "audience") if fields.get(name)}
    match configuration.kind:
        case AuthKind.OAUTH2_PASSWORD:
            user = {"username": fields["username"], "password": secrets.get("password", "")}
            return _request(configuration, {"grant_type": "password", **user, **asked})
        case AuthKind.OAUTH2_CLIENT_CREDENTIALS:
            return _request(configuration, {"grant_type": "client_credentials", **asked})
        case AuthKind.OAUTH2_SERVICE_ACCOUNT:
            url, assertion = assertion_of(configuration, now)
            return TokenRequest(url, {"grant_type": _JWT_BEARER, "assertion": assertion})
        case _:
            raise CallFailed(
                f"Nobody has agreed yet that the configuration {configuration.name!r} is used, or the service wants to "
                "be asked again; an operator has to authorize it.",
                transient=False,
            )


def refresh_request(configuration: Configuration, refresh_token: str) -> TokenRequest:
    """How an opened configuration comes to a token by the one before."""
    return _request(configuration, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def code_request(configuration: Configuration, code: str, verifier: str) -> TokenRequest:
    """How an opened configuration comes to a token by what an operator brought back."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": configuration.fields["redirectUri"]}
    return _request(configuration, {**form, "code_verifier": verifier})


async def ask(client: Client, wanted: TokenRequest) -> Granted:
    """The token that an endpoint gives; raises `NotGranted` and `CallFailed`.

    Redirects are not followed: what is sent is a password, or as good as one.
    """
    try:
        request = httpx2.Request("POST", wanted.url, data=dict(wanted.form), headers=_HEADERS)
    except (httpx2.InvalidURL, ValueError):
        raise CallFailed("The address for tokens is no URL.", transient=False) from None
    reply = await client.send(request, seconds=SECONDS, lane="tokens", follow=False, longest=_LONGEST)
    answer = _json(reply.body)
    access = answer.get("access_token")
    if reply.status != 200 or not isinstance(access, str) or not access.isascii() or not access.isprintable():
        raise _refusal(request, reply, answer, wanted.secrets)
    refresh = answer.get("refresh_token")
    refresh = refresh if isinstance(refresh, str) and refresh else None
    return Granted(access, refresh, _seconds(answer), request, reply, wanted.secrets)


_HEADERS = {"accept": "application/json", "cache-control": "no-store"}


def _request(configuration: Configuration, form: Mapping[str, str]) -> TokenRequest:
    client = {"client_id": configuration.fields["clientId"]}
    if secret := configuration.secrets.get("clientSecret"):
        client["client_secret"] = secret
    return TokenRequest(configuration.fields["tokenCredentialUri"], {**form, **client})


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _seconds(answer: Mapping[str, Any]) -> int | None:
    """For how long a token is good; some services write the number as a text."""
    given = answer.get("expires_in")
    if isinstance(given, str) and given.isdecimal() and len(given) < 12:
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < _MOST_SECONDS:
        return None
    return int(given)


def _refusal(request: httpx2.Request, reply: Reply, answer: Mapping[str, Any], secrets: Sequence[str]) -> NotGranted:
    hider = Hider(secrets)
    texts = [text for name in ("error", "error_description") if isinstance(text := answer.get(name), str)]
    told = ", ".join(hider.beginning(text, _LONGEST_REASON) for text in texts)
    why = f": {told}" if told else ", without saying why"
    message = f"{host_of(request.url)[:60]} gave no token (status {reply.status}){why.rstrip('.')}."
    return NotGranted(message, request, reply, secrets, transient=reply.status >= 500 or reply.status in _BUSY)
