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
    if missing := beyond(caller, codes):
        raise refusal(Reason.OUT_OF_REACH, ", ".join(missing))


def require_role_reach(caller: Caller, codes: Collection[str]) -> None:
    """Refuse to change or delete a role that holds more than the caller's."""
    if missing := beyond(caller, codes):
        raise refusal(Reason.ROLE_OUT_OF_REACH, ", ".join(missing))


def beyond(caller: Caller, codes: Collection[str]) -> list[str]:
    """Those of some permissions that the caller does not hold, nothing where he holds everything."""
    if access.holds_everything(caller.directory, caller.dn):
        return []
    own = caller.actor.permissions if caller.actor is not None else frozenset()
    return sorted((EVERY_PERMISSION & set(codes)) - own)


def require_of_another(caller: Caller, user: str, what: str) -> None:
    """Refuse to change of oneself, a `user` by his DN, what decides who is asked: another has to do it."""
    if caller.is_(user) and not access.holds_everything(caller.directory, caller.dn):
        raise refusal(Reason.OWN_STANDING, what)


def require_no_manager_of_others(caller: Caller, user: str, manager: str) -> None:
    """Refuse to name oneself as somebody else's manager, whose requests one would be asked for."""
    if caller.is_(manager) and not caller.is_(user) and not access.holds_everything(caller.directory, caller.dn):
        raise refusal(Reason.OWN_REPORT)
