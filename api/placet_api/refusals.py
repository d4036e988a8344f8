"""Refused rights, on their way into the audit trail."""

from __future__ import annotations

from starlette.types import Scope

from placet.engine import Engine
from placet.errors import NotAllowed
from placet_api.auth import ACTOR, address_of


def note_refusal(engine: Engine, scope: Scope, failure: Exception) -> None:
    """Take note of a failure that is a missing right; of who asks `authenticate` has told the scope."""
    if isinstance(failure, NotAllowed) and ACTOR in scope:
        target = f"{scope['method']} {scope['path'][:200]}"
        engine.refused.right(scope[ACTOR].dn, address_of(scope), target, failure.message)
