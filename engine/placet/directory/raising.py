"""Nobody can raise himself: who gives rights, or gets hold of somebody else's account, must hold all that it brings."""

from __future__ import annotations

from collections.abc import Collection

from placet.core import access
from placet.core.permissions import EVERY_PERMISSION
from placet.directory.caller import Caller
from placet.directory.refusals import Reason, refusal
from placet.errors import NotAllowed


def require_no_raise(
    caller: Caller, codes: Collection[str], *, user: str | None = None, role: str | None = None
) -> None:
    """Refuse to give permissions beyond one's own, and to change one's own role: that of a `user`, or what it holds."""
    try:
        access.require_no_raise(caller.directory, caller.dn, codes, user=user, role=role)
    except NotAllowed as failure:
        raise refusal(Reason.RAISES, failure.message) from None


def require_reach(caller: Caller, codes: Collection[str]) -> None:
    """Refuse to change somebody who holds more than the caller: who sets his password can sign in as he."""
    try:
        access.require_no_raise(caller.directory, caller.dn, codes)
    except NotAllowed:
        own = caller.actor.permissions if caller.actor is not None else frozenset()
        missing = sorted((EVERY_PERMISSION & set(codes)) - own)
        raise refusal(Reason.OUT_OF_REACH, ", ".join(missing)) from None
