"""Who is asking. Each way to say so is a scheme; a request is of the first one whose header it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from starlette.types import Scope

from placet.core.access import Act, require_act
from placet.core.people import Person
from placet.directory.sign_in import parse_basic, parse_rest_authorization
from placet.engine import Engine
from placet.errors import InvalidInput, NotAuthenticated
from placet_api.bearer import BearerScheme, require_none_of_processmaker, require_scope
from placet_api.errors import NoCredentials
from placet_api.known import ACTOR, STAMP
from placet_api.sessions import HEADER, SessionScheme

_AUTHORIZATION, _REST_AUTHORIZATION = b"authorization", b"restauthorization"
_BASIC = b"basic "
_CREDENTIALS = frozenset({_AUTHORIZATION, _REST_AUTHORIZATION, HEADER})


class Scheme(Protocol):
    """One way to say who is asking."""

    async def person(self, engine: Engine, scope: Scope, headers: Mapping[bytes, bytes]) -> Person | None:
        """Who is asking; None where the request does not use this scheme. Raises `NotAuthenticated`."""


class PasswordScheme:
    """User and password in one header; `word` is what stands before them."""

    def __init__(self, header: bytes, word: bytes, parse: Callable[[str], tuple[str, str]]) -> None:
        self._header, self._word, self._parse = header, word, parse

    async def person(self, engine: Engine, scope: Scope, headers: Mapping[bytes, bytes]) -> Person | None:
        value = headers.get(self._header)
        if value is None or value[: len(self._word)].lower() != self._word:
            return None
        user, password = self._parse(value.decode("latin-1"))
        return await sign_in(engine, scope, user, password)


BY_PASSWORD: Sequence[Scheme] = (
    PasswordScheme(_REST_AUTHORIZATION, b"", parse_rest_authorization),
    PasswordScheme(_AUTHORIZATION, _BASIC, parse_basic),
)
SCHEMES: Sequence[Scheme] = (
    BearerScheme(),
    *BY_PASSWORD,
    SessionScheme(),  # the last one: its cookie is sent whether it is meant or not
)


async def authenticate(
    engine: Engine, scope: Scope, headers: Mapping[bytes, bytes], schemes: Sequence[Scheme] = SCHEMES
) -> Person:
    """The active person behind a request, whom the scope then has as `ACTOR`.

    Raises `NotAuthenticated`; `NotAllowed` without the permission to sign in, and for what an access token is not for;
    `InvalidInput` where the request names two.
    """
    _require_one(scope)
    for scheme in schemes:
        person = await scheme.person(engine, scope, headers)
        if person is not None:
            admitted = await admit(engine, scope, person)
            require_scope(scope)
            return admitted
    if _AUTHORIZATION in headers:
        raise NotAuthenticated("The Authorization header has a scheme that is not known here; send Basic or Bearer.")
    raise NoCredentials(
        "The request does not say who is asking; send RESTAuthorization with the base64 of user:password, "
        "Authorization: Basic with the same, Authorization: Bearer with an access token, or RESTSessionSecret with the "
        "secret of a session."
    )


async def sign_in(engine: Engine, scope: Scope, user: str, password: str) -> Person:
    """The person of a user name and a password, by which the scope then knows him; raises as `SignIn.person`."""
    known = engine.sign_in.cached(user, password)
    if known is not None:
        scope[STAMP] = known.stamp
        return known.person
    person = await engine.sign_in.person(user, password, address_of(scope))
    scope[STAMP] = engine.sign_in.stamp(user, password)
    return person


def has_credentials(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request says by user and password, or by a token, who is asking: then no session counts."""
    return _AUTHORIZATION in headers or _REST_AUTHORIZATION in headers


def address_of(scope: Scope) -> str:
    """Where a request comes from; empty where the server does not know."""
    client = scope.get("client")
    return client[0] if client else ""


def _require_one(scope: Scope) -> None:
    """Refuse a request that says in two ways who is asking, unless both say the same."""
    said = {_credentials(value) for name, value in scope["headers"] if name in _CREDENTIALS}
    if len(said) > 1:
        require_none_of_processmaker(scope)
        raise InvalidInput(
            "The request says more than once who is asking, and not the same; "
            "send one header: RESTAuthorization, Authorization or RESTSessionSecret."
        )


def _credentials(value: bytes) -> bytes:
    """The credentials alone, for `Authorization: Basic X` says the same as `RESTAuthorization: X`."""
    return value[len(_BASIC) :].strip() if value[: len(_BASIC)].lower() == _BASIC else value.strip()


async def admit(engine: Engine, scope: Scope, signed_in: Person) -> Person:
    """The person as the engine knows him, for a directory in memory may be older or newer than a sign-in.

    The scope then has him as `ACTOR`. Raises `NotAuthenticated`, and `NotAllowed` without the permission to sign in.
    """
    person = engine.directory.person(signed_in.dn)
    if person is None:
        await engine.refresh()
        person = engine.directory.person(signed_in.dn)
    if person is None or not person.active:
        engine.refused.sign_in(signed_in.dn, address_of(scope))
        raise NotAuthenticated("This account is not active; ask an administrator.")
    scope[ACTOR] = person
    require_act(engine.directory, person.dn, Act.SIGN_IN)
    return person
