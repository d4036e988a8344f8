"""What proves to a service who calls: the headers and query parameters of a configuration."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from placet.connectors.records import AuthKind, Configuration


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is added to a request; a `token` was given by the service, and may be refused before its time."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = field(default="", repr=False)

    @property
    def secrets(self) -> list[str]:
        """The values that nobody else may see, those of headers also without the word in front, such as Basic."""
        bare = [value.partition(" ")[2] for value in self.headers.values()]
        return [*self.headers.values(), *bare, *self.query.values(), self.token]


NOBODY = Credentials()


def needs_token(kind: AuthKind) -> bool:
    """Whether the service is first asked for a token."""
    match kind:
        case AuthKind.NONE | AuthKind.BASIC | AuthKind.API_KEY:
            return False
        case (
            AuthKind.OAUTH2_PASSWORD
            | AuthKind.OAUTH2_CLIENT_CREDENTIALS
            | AuthKind.OAUTH2_AUTHORIZATION_CODE
            | AuthKind.OAUTH2_SERVICE_ACCOUNT
        ):
            return True
        case _:
            assert_never(kind)


def credentials(configuration: Configuration, token: str = "") -> Credentials:
    """The credentials of an opened configuration; those that need a token are given one."""
    fields, secrets = configuration.fields, configuration.secrets
    if needs_token(configuration.kind):
        prefix, header = fields.get("authorizationPrefix", "Bearer"), fields.get("headerAuthorization", "Authorization")
        return Credentials({header: f"{prefix} {token}".strip()}, token=token)
    if configuration.kind is AuthKind.BASIC:
        pair = f"{fields['username']}:{secrets.get('password', '')}"
        return Credentials({"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})
    if configuration.kind is AuthKind.API_KEY:
        pairs = {fields["key"]: secrets.get("value", "")}
        return Credentials(query=pairs) if fields.get("place") == "query" else Credentials(headers=pairs)
    return NOBODY
