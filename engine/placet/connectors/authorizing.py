"""OAuth 2.0 by authorization code: an operator agrees at the service, and comes back with a code."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]  # it has no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # it has no types

from placet.clock import Clock
from placet.connectors.client import CallFailed, Client
from placet.connectors.grants import ask, code_request
from placet.connectors.records import AuthKind, Configuration
from placet.connectors.sealing import opened
from placet.connectors.tokens import Tokens
from placet.core.names import fold_dn
from placet.core.permissions import Permission
from placet.directory.caller import Caller
from placet.directory.secrets import Vault
from placet.errors import Conflict, InvalidInput, NotAllowed, Unavailable

_WITHIN = timedelta(minutes=10)
_STATE = "an authorization under way"
_LONGEST = 4_000  # characters of what comes back
_CHANGED = "The configuration has been changed or removed in the meantime; authorize it again."
_USED = (
    "The configuration has been given a token since you were sent to the service; authorize it again if it has to be."
)


class Authorizing:
    """Sends operators to a service and takes what they bring back.

    Nothing is stored in between: the state that goes with the operator holds all that has to be remembered, encrypted,
    so that he may come back to any node. It counts once, because it also tells which tokens there were before.
    """

    def __init__(
        self,
        client: Client,
        tokens: Tokens,
        vault: Vault,
        clock: Clock,
        find: Callable[[str], Awaitable[Configuration | None]],
    ) -> None:
        """`find` gives a configuration by its id."""
        self._client, self._tokens, self._vault, self._clock, self._find = client, tokens, vault, clock, find

    async def begin(self, caller: Caller, configuration: Configuration) -> str:
        """Where an operator is to go and agree.

        Raises `InvalidInput` for a configuration of another kind, `Unavailable` without a key for secrets, and
        `NotAllowed` without PM_SETUP_ADVANCE.
        """
        caller.require(Permission.OPERATE)
        if configuration.kind is not AuthKind.OAUTH2_AUTHORIZATION_CODE:
            raise InvalidInput(
                f"The configuration {configuration.name!r} is of the kind {configuration.kind}, for which nobody has "
                "to agree; only oauth2_authorization_code is authorized."
            )
        fields, verifier = configuration.fields, secrets.token_urlsafe(48)
        return str(
            prepare_grant_uri(
                fields["authorizationUri"],
                fields["clientId"],
                "code",
                redirect_uri=fields["redirectUri"],
                scope=fields.get("scope"),
                state=self._state(configuration, caller, verifier, await self._tokens.mark(configuration)),
                audience=fields.get("audience") or None,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    async def finish(self, caller: Caller, code: str, state: str) -> Configuration:
        """Turn what an operator brought back into tokens, and keep them; gives the configuration that they are for.

        Raises `InvalidInput` for a state that is none or too old, `NotAllowed` for another than the one who was sent,
        and without PM_SETUP_ADVANCE, `Conflict` where the configuration has been changed or given a token since or
        the service gives none, and `Unavailable` where it gives no answer.
        """
        caller.require(Permission.OPERATE)
        remembered = self._remembered(state)
        if remembered["operator"] != _name(caller):
            raise NotAllowed("Somebody else was sent to the service; begin again as who is signed in here.")
        configuration = await self._find(remembered["configuration"])
        if configuration is None or configuration.revision != remembered["revision"]:
            raise Conflict(_CHANGED)
        if await self._tokens.mark(configuration) != remembered["mark"]:
            raise Conflict(_USED)
        wanted = code_request(opened(self._vault, configuration), code[:_LONGEST], remembered["verifier"])
        try:
            granted = await ask(self._client, wanted)
        except CallFailed as failure:
            raise (Unavailable if failure.transient else Conflict)(failure.message) from None
        if not await self._tokens.keep(configuration, granted, caller, remembered["mark"]):
            raise Conflict(_CHANGED)
        return configuration

    def _state(self, configuration: Configuration, caller: Caller, verifier: str, mark: str) -> str:
        remembered = {
            "configuration": configuration.id,
            "revision": configuration.revision,
            "operator": _name(caller),
            "verifier": verifier,
            "mark": mark,
            "until": (self._clock.now() + _WITHIN).isoformat(),
        }
        return base64.urlsafe_b64encode(self._vault.seal(json.dumps(remembered), of=_STATE)).decode()

    def _remembered(self, state: str) -> dict[str, Any]:
        try:
            remembered: dict[str, Any] = json.loads(
                self._vault.open(base64.urlsafe_b64decode(state[:_LONGEST]), of=_STATE)
            )
        except (ValueError, Unavailable):
            raise InvalidInput("The state is not one that was given here; authorize the configuration again.") from None
        if datetime.fromisoformat(remembered["until"]) <= self._clock.now():
            minutes = int(_WITHIN.total_seconds() / 60)
            raise InvalidInput(f"That took longer than {minutes} minutes; authorize the configuration again.")
        return remembered


def _name(caller: Caller) -> str:
    return "" if caller.dn is None else fold_dn(caller.dn)
