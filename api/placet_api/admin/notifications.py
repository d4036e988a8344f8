"""`/v1/notifications`: which mails somebody wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.core.mail_words import KINDS
from placet.errors import InvalidInput
from placet.mail import choices
from placet_api.answers import Answer
from placet_api.ris.request import Request

_QUERY = frozenset({"user"})
_MEMBERS = {kind.capitalize(): kind for kind in KINDS}


async def show(request: Request) -> Answer:
    """What who asks has chosen, or with PM_USERS what `user` has."""
    user = request.query(_QUERY).one("user") or None
    found = await choices.choices(request.engine.store, request.caller, user)
    return request.answer(_described(request, user, found))


async def choose(request: Request) -> Answer:
    """Switch kinds of notifications on or off; what the body does not name stays."""
    user = request.query(_QUERY).one("user") or None
    chosen = _chosen(await request.body())
    found = await choices.choose(request.engine.store, request.caller, chosen, user)
    return request.answer(_described(request, user, found))


def _chosen(body: Mapping[str, Any]) -> dict[str, bool]:
    chosen: dict[str, bool] = {}
    for member, value in body.items():
        if member == "Person":  # as the answer to a GET has it
            continue
        if member not in _MEMBERS:
            raise InvalidInput(f"There is no notification {member[:50]!r}; there are: {', '.join(_MEMBERS)}.")
        if not isinstance(value, bool):
            raise InvalidInput(f"{member} is {value!a:.50}; it has to be true or false.")
        chosen[_MEMBERS[member]] = value
    return chosen


def _described(request: Request, user: str | None, found: Mapping[str, bool]) -> dict[str, Any]:
    person = request.actor if user is None else request.engine.directory.person(user)
    shown = request.render.person(person.dn if person is not None else user)
    return {"Person": shown, **{member: found[kind] for member, kind in _MEMBERS.items()}}
