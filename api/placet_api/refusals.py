"""Refused rights and access tokens, on their way into the audit trail."""

from __future__ import annotations

from starlette.types import Scope

from placet.engine import Engine
from placet.errors import NotAllowed
from placet_api.auth import address_of
from placet_api.errors import InvalidToken
from placet_api.known import ACTOR


def note_refusal(engine: Engine, scope: Scope, failure: Exception) -> None:
    """Take note of a failure that is a missing right, or a token that does not count.

    Of who asks `authenticate` has told the scope.
    """
    target = f"{scope['method']} {scope['path'][:200]}"
    if isinstance(failure, InvalidToken):
        engine.refused.token(address_of(scope), failure.message, target=target)
    elif isinstance(failure, NotAllowed) and ACTOR in scope:
        engine.refused.right(scope[ACTOR].dn, address_of(scope), target, failure.message)
