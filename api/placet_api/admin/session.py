"""`/v1/session`: signing in for a while, and knowing who one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.core.people import Person
from placet.directory.sessions import Session
from placet.directory.sign_in import REFUSAL
from placet.errors import InvalidInput, NotAuthenticated, NotFound
from placet.query.times import format_time
from placet_api.answers import Answer, json_answer
from placet_api.auth import BY_PASSWORD, admit, authenticate, has_credentials, sign_in
from placet_api.body import text_of
from placet_api.known import STAMP
from placet_api.ris.request import Request
from placet_api.sessions import cookie, require_own_page, session_of

_NEVER_KEPT = (b"cache-control", b"no-store")


async def begin(request: Request) -> Answer:
    """Sign in with user and password, and get the secret of a session: in the answer and as a cookie."""
    request.query()
    require_own_page(request.scope, request.headers, by_browser=False)
    person, (secret, session) = await _begun(request)
    kept = cookie(request.scope, secret, request.engine.settings.session_hours * 3600)
    value = _described(request, person, session) | {"RESTSessionSecret": secret}
    location = (b"location", f"{request.render.links.prefix}/session".encode())
    return json_answer(value, status=201, headers=(_NEVER_KEPT, location, kept), indented=request.target.debug)


async def show(request: Request) -> Answer:
    """Who asks, what he may do, and until when his session lasts if he does not use it."""
    request.query()
    session = await _session(request)
    return request.answer(_described(request, request.actor, session))


async def end(request: Request) -> Answer:
    """End the session that the request was made in."""
    request.query()
    session = await _session(request)
    if session is None:
        raise NotFound("This request was not made in a session, so that there is none to end; send RESTSessionSecret.")
    await request.engine.sessions.end(session, request.address)
    return Answer(204, headers=(cookie(request.scope, "", 0),))


async def _session(request: Request) -> Session | None:
    """The session by which is told who asks."""
    return None if has_credentials(request.headers) else await session_of(request.engine, request.headers)


async def _begun(request: Request) -> tuple[Person, tuple[str, Session]]:
    """Who signs in and his new session."""
    body = {} if has_credentials(request.headers) else await request.body()
    for _ in range(2):  # the second time where his password was changed, or hashed anew, since it was verified
        person = await _who_signs_in(request, body)
        begun = await request.engine.sessions.begin(person, request.scope[STAMP], request.address)
        if begun is not None:
            return person, begun
    raise NotAuthenticated(REFUSAL)


async def _who_signs_in(request: Request, body: Mapping[str, Any]) -> Person:
    """The person of the headers, or of the body where they have no user and password."""
    if has_credentials(request.headers):
        return await authenticate(request.engine, request.scope, request.headers, BY_PASSWORD)
    user, password = text_of(body, "User"), text_of(body, "Password")
    if user is None or password is None:
        raise InvalidInput("The body lacks User or Password; give both, or send Authorization: Basic.")
    person = await sign_in(request.engine, request.scope, user, password)
    return await admit(request.engine, request.scope, person)


def _described(request: Request, person: Person, session: Session | None) -> dict[str, Any]:
    return {
        "Person": request.render.person(person.dn),
        "Permissions": [{"Value": code} for code in sorted(person.permissions)],
        "Until": format_time(session.until) if session is not None else "",
    }
